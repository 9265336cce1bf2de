"""The flows of a project, and how they are drawn for mystmd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock import config as configuration
from penstock.embed.layouts import require_layout
from penstock.embed.reporting import describe_located_finding
from penstock.embed.site import Site
from penstock.errors import RenderError
from penstock.render import mermaid, svg
from penstock.render.graphviz.layout import warning
from penstock.render.wording import alt_text
from penstock_mkdocs.mystmd.nodes import fault, note, picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from penstock.embed.layouts import Look
    from penstock.embed.options import FigureOptions
    from penstock.model import Flow
    from penstock.render.options import Options
    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import DirectiveRequest


def open_project(folder: Path) -> Site:
    """Return the flows of a project, or those of its last good import while there is no good one.

    Raises:
        CollectError: The application cannot be imported, and never could.
        ConfigError: A setting does not exist or has a wrong value.
        ManifestError: A manifest cannot be read.
    """
    return Site.open(configuration.load(folder))


def complain(site: Site, request: DirectiveRequest, flow: Flow | None = None) -> Iterator[Node]:
    """Yield what is wrong with the whole site, and with a flow or, without one, outside every flow."""
    problems = flow.problems if flow else site.manifest.problems
    for message in (*site.complaints, *map(str, problems)):
        yield fault(message, request.position())
    report = fault if site.config.check == "error" else note
    for finding in site.findings_on(flow):
        yield report(describe_located_finding(finding), request.position())


def draw(
    site: Site,
    flow: Flow,
    look: Look,
    options: FigureOptions,
    links: Mapping[str, str],
    request: DirectiveRequest,
) -> list[Node]:
    """Return the diagram of a flow, and notes about it; Mermaid's text where there is no picture."""
    linked, alt = look.drawing(links), options.alt or alt_text(flow, look.note)
    if options.format == "mermaid":
        return _mermaid(flow, linked, request)
    try:
        layout = site.drawing.lay_out_one(flow, look)
    except RenderError as error:
        told = note(f"{error} Until then, Mermaid draws the diagram.", request.position())
        return [*_mermaid(flow, linked, request), told]
    drawing = look.drawing()  # links in an image lead nowhere
    drawn = svg.draw(flow, layout, drawing, prefix="ps", standalone=True, alt=alt)
    message = warning(flow, layout)
    return [picture(drawn, alt), *([note(message, request.position())] if message else [])]


def draw_small(site: Site, flows: Sequence[Flow], look: Look) -> list[str]:
    """Return small pictures of flows.

    Raises:
        RenderError: They cannot be drawn.
    """
    layouts = map(require_layout, site.drawing.lay_out(flows, look))
    pairs = zip(flows, layouts, strict=True)
    return [svg.draw(flow, layout, look.drawing(), prefix="ps", standalone=True) for flow, layout in pairs]


def _mermaid(flow: Flow, drawing: Options, request: DirectiveRequest) -> list[Node]:
    drawn = mermaid.render(flow, drawing)
    nodes: list[Node] = [{"type": "mermaid", "value": drawn}]
    if mermaid.too_large(drawn):
        nodes.append(note(f"flow {flow.name!r} is larger than Mermaid draws; write :format: svg", request.position()))
    return nodes
