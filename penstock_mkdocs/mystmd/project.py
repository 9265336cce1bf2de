"""The flows of a project, and how they are drawn for mystmd."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from penstock import config as configuration
from penstock.errors import CollectError, LayoutError, RenderError
from penstock.proof import flows_for_docs, last_shown
from penstock.render import mermaid, svg
from penstock.render.graphviz.layout import warning
from penstock.render.graphviz.layout_cache import LayoutCache
from penstock.render.options import Options
from penstock.render.wording import alt_text, source_url
from penstock_mkdocs.mystmd.nodes import note, picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from penstock.check.findings.finding import Finding
    from penstock.config import Config
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Direction
    from penstock_mkdocs.embed_syntax.options import FigureOptions
    from penstock_mkdocs.mystmd.nodes import Node
    from penstock_mkdocs.mystmd.request import DirectiveRequest


@dataclass(frozen=True)
class Project:
    """What is known of a project.

    Attributes:
        config: Its settings.
        manifest: Its flows.
        complaint: Why these are the flows of the last good import, or why they show no proof; or an empty string.
        disagreements: What the setting ``check`` wants to be reported.
    """

    config: Config
    manifest: Manifest
    complaint: str = ""
    disagreements: tuple[Finding, ...] = ()

    def source_url(self, step: Step) -> str:
        """Return where a step's source can be read, or an empty string."""
        return source_url(self.config.source_url, step)


def open_project(folder: Path) -> Project:
    """Return the flows of a project, or those of its last good import while there is no good one.

    Raises:
        CollectError: The application cannot be imported, and never could.
        ConfigError: A setting does not exist or has a wrong value.
        ManifestError: A manifest cannot be read.
    """
    config = configuration.load(folder)
    try:
        proof = flows_for_docs(config)
    except CollectError as error:
        last = last_shown(config)
        if last is None:
            raise
        return Project(config, last, f"{error} Until then, the pages show the flows as they were before.")
    reported = () if config.check == "off" else proof.disagreements
    complaint = f"{proof.evidence_error} Until then, the pages show no proof." if proof.evidence_error else ""
    return Project(config, proof.manifest, complaint, reported)


def draw(
    project: Project, flow: Flow, options: FigureOptions, links: Mapping[str, str], request: DirectiveRequest
) -> list[Node]:
    """Return the diagram of a flow, and notes about it; Mermaid's text where there is no picture."""
    drawing = _drawing(project, options.direction, {})  # links in an image lead nowhere
    linked = replace(drawing, links=links)
    alt = options.alt or alt_text(flow)
    if options.format == "mermaid":
        return _mermaid(flow, linked, request)
    try:
        layout = _lay_out(project, flow, drawing)
    except RenderError as error:
        told = note(f"{error} Until then, Mermaid draws the diagram.", request.position())
        return [*_mermaid(flow, linked, request), told]
    drawn = svg.draw(flow, layout, drawing, prefix="ps", standalone=True, alt=alt)
    message = warning(flow, layout)
    return [picture(drawn, alt), *([note(message, request.position())] if message else [])]


def draw_small(project: Project, flows: Sequence[Flow]) -> list[str]:
    """Return small pictures of flows.

    Raises:
        RenderError: They cannot be drawn.
    """
    options = Options(direction=cast("Direction", project.config.direction))
    config = project.config
    layouts = LayoutCache(config.project).lay_out(flows, options, engine=config.engine, timeout=config.layout_timeout)
    if fault := next((layout for layout in layouts if isinstance(layout, LayoutError)), None):
        raise fault
    return [
        svg.draw(flow, layout, options, prefix="ps", standalone=True)
        for flow, layout in zip(flows, layouts, strict=True)
        if not isinstance(layout, LayoutError)
    ]


def _drawing(project: Project, direction: str, links: Mapping[str, str]) -> Options:
    wanted = cast("Direction", direction or project.config.direction)
    return Options(direction=wanted, details=True, links=links)


def _lay_out(project: Project, flow: Flow, drawing: Options) -> Layout:
    config = project.config
    cache = LayoutCache(config.project)
    (layout,) = cache.lay_out([flow], drawing, engine=config.engine, timeout=config.layout_timeout)
    if isinstance(layout, LayoutError):
        raise layout
    return layout


def _mermaid(flow: Flow, drawing: Options, request: DirectiveRequest) -> list[Node]:
    drawn = mermaid.render(flow, drawing)
    nodes: list[Node] = [{"type": "mermaid", "value": drawn}]
    if mermaid.too_large(drawn):
        nodes.append(note(f"flow {flow.name!r} is larger than Mermaid draws; write :format: svg", request.position()))
    return nodes
