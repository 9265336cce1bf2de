"""The directives ``penstock-flows``, a table of flows, and ``penstock-map``, how they are joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.embed.options import FlowsOptions, MapOptions
from penstock.embed.overview import map_text, name_columns, view_row
from penstock.errors import RenderError
from penstock.render.wording import alt_text
from penstock_mkdocs.embed_syntax.options import OptionError
from penstock_mkdocs.mystmd.nodes import (
    code,
    container,
    join_groups,
    label,
    node,
    note,
    picture,
    strong,
    text,
)
from penstock_mkdocs.mystmd.project import complain, draw, draw_small, open_project
from penstock_mkdocs.mystmd.request import Directive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from penstock.embed.overview import OverviewRow, Selection
    from penstock.embed.site import Site
    from penstock.model import Flow
    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import DirectiveRequest


def show_flows(request: DirectiveRequest, folder: Path) -> list[Node]:
    """Return the nodes of a table of flows.

    Raises:
        OptionError: The directive is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options = request.options(FlowsOptions)
    site = open_project(folder)
    flows = select_flows(site, options.selection, request)
    pictures, notes = _small(site, flows, request) if options.diagrams else ({}, [])
    heads = name_columns(diagrams=bool(pictures))
    head = node("tableRow", [node("tableCell", [text(title)], header=True) for title in heads])
    rows = [node("tableRow", _cells(view_row(flow), pictures)) for flow in flows]
    content = node("table", [head, *rows])
    table = container("table", content, options.caption, label(options.id or "flows"), request.classes)
    return [*complain(site, request), table, *notes]


def show_map(request: DirectiveRequest, folder: Path) -> list[Node]:
    """Return the nodes of the system map.

    Raises:
        OptionError: The directive is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options = request.options(MapOptions)
    site = open_project(folder)
    select_flows(site, options.selection, request)
    drawn = site.draw_map(options.selection)
    options = replace(options, alt=options.alt or map_text(drawn))
    diagram, *notes = draw(site, drawn, site.drawing.choose_look(options), options, {}, request)
    figure = container("figure", diagram, options.caption, label(options.id or "system-map"), request.classes)
    return [*complain(site, request), figure, *notes]


def select_flows(site: Site, selection: Selection, request: DirectiveRequest) -> Sequence[Flow]:
    """Return the flows of a selection.

    Raises:
        OptionError: It selects nothing.
    """
    if wrong := site.find_fault(selection):
        raise OptionError(wrong, request.line)
    return site.select(selection)


def _small(site: Site, flows: Sequence[Flow], request: DirectiveRequest) -> tuple[Mapping[str, Node], list[Node]]:
    """Return the small diagrams, by full name, and why there are none."""
    look = site.drawing.small_look
    drawn = [look.flow(flow) for flow in flows]
    try:
        pictures = draw_small(site, drawn, look)
    except RenderError as error:
        return {}, [note(f"{error} Until then, the table has no diagrams.", request.position())]
    return {flow.full_name: picture(svg, alt_text(flow)) for flow, svg in zip(drawn, pictures, strict=True)}, []


def _cells(row: OverviewRow, pictures: Mapping[str, Node]) -> list[Node]:
    facts = [*([text(fact)] for fact in row.facts), *([code(channel)] for channel in row.channels)]
    name = [strong(row.title), {"type": "break"}, *join_groups(facts, " · ")]
    cells = [node("tableCell", name), node("tableCell", [text(row.summary)])]
    if pictures:
        drawn = pictures.get(row.flow.full_name)
        cells.append(node("tableCell", [drawn] if drawn else []))
    return cells


FLOWS_DIRECTIVE = Directive(
    name="penstock-flows",
    doc="A table of flows: title, size, triggers, what each does, and a small diagram.",
    options=FlowsOptions,
    run=show_flows,
    cure="Leave the diagrams out: :diagrams: false",
)

MAP_DIRECTIVE = Directive(
    name="penstock-map",
    doc="The system map: flows, joined by the channels between them.",
    options=MapOptions,
    run=show_map,
    cure="Show fewer flows: :tag: NAME",
)
