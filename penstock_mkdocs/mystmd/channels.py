"""The directive ``penstock-channels``: the index of tables, topics, hosts and files that flows use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.embed.channels import name_channel_columns, view_channels
from penstock.embed.options import ChannelsOptions
from penstock.embed.overview import map_text
from penstock.errors import RenderError
from penstock.render.wording import visible
from penstock_mkdocs.mystmd.nodes import code, container, join_groups, label, node, note, picture, text
from penstock_mkdocs.mystmd.overview import select_flows
from penstock_mkdocs.mystmd.project import complain, draw_small, open_project
from penstock_mkdocs.mystmd.request import Directive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from penstock.embed.channels import ChannelRow, UsingStep
    from penstock.embed.site import Site
    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import DirectiveRequest


def show_channels(request: DirectiveRequest, folder: Path) -> list[Node]:
    """Return the nodes of the index.

    Raises:
        OptionError: The directive is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options = request.options(ChannelsOptions)
    site = open_project(folder)
    select_flows(site, options.selection, request)
    rows = view_channels(site, options.selection)
    pictures, notes = _draw_maps(site, rows, request) if options.diagrams else ({}, [])
    heads = name_channel_columns(diagrams=bool(pictures))
    head = node("tableRow", [node("tableCell", [text(title)], header=True) for title in heads])
    table = node("table", [head, *(node("tableRow", _cells(row, pictures)) for row in rows)])
    framed = container("table", table, options.caption, label(options.id or "channels"), request.classes)
    return [*complain(site, request), framed, *notes]


def _draw_maps(
    site: Site, rows: Sequence[ChannelRow], request: DirectiveRequest
) -> tuple[Mapping[str, Node], list[Node]]:
    """Return the small maps, by channel, and why there are none."""
    look = site.drawing.small_look
    maps = [site.draw_map(row.selection) for row in rows]
    try:
        drawings = draw_small(site, [look.flow(drawn) for drawn in maps], look)
    except RenderError as error:
        return {}, [note(f"{error} Until then, the table has no diagrams.", request.position())]
    return {
        row.channel: picture(svg, map_text(drawn)) for row, drawn, svg in zip(rows, maps, drawings, strict=True)
    }, []


def _cells(row: ChannelRow, pictures: Mapping[str, Node]) -> list[Node]:
    lists = (
        join_groups([[text(_describe_step(step))] for step in steps], ", ") for steps in (row.writers, row.followers)
    )
    cells = [node("tableCell", [code(visible(row.channel))]), *(node("tableCell", steps) for steps in lists)]
    return [*cells, node("tableCell", [pictures[row.channel]])] if pictures else cells


def _describe_step(step: UsingStep) -> str:
    return f"{visible(step.step)} ({', '.join(filter(None, [visible(step.flow.full_name), step.state]))})"


DIRECTIVE = Directive(
    name="penstock-channels",
    doc="The index of channels: each table, topic, host and file, and the steps that write, read or follow it.",
    options=ChannelsOptions,
    run=show_channels,
    cure="Leave the maps out: :diagrams: false",
)
