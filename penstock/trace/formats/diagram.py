"""The diagram of a flow with the way that a run took: bold arrows, pale boxes for what it did not reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.embed import assets
from penstock.embed.opening import locate_start
from penstock.errors import LayoutError, MissingExtraError
from penstock.model import Edge
from penstock.render import svg
from penstock.render.edge_status import without_proof
from penstock.render.graphviz.picture import lay_out_one
from penstock.render.options import Options
from penstock.render.wording import alt_text, name_ends, visible
from penstock.trace.formats.outline import describe_silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.model import Flow
    from penstock.trace.model import FlowRun, RunTrace

TIMEOUT = 20.0
"""Seconds that a layout may take."""


class WayDrawing(NamedTuple):
    """A drawing as HTML.

    Attributes:
        html: The diagram in its frame.
        style: The rules that show the way in it.
    """

    html: str
    style: str


def draw_way(
    trace: RunTrace, flow_run: FlowRun, number: int, *, engine: str, links: Mapping[str, str]
) -> WayDrawing | str:
    """Return the diagram of a flow with the way taken, or the reason that there is none.

    Args:
        trace: The run.
        flow_run: What it shows of the flow.
        number: The flow's position, which makes its IDs unique.
        engine: The layout engine.
        links: An address for each step that ran.
    """
    assert flow_run.flow is not None  # noqa: S101 - the caller has looked
    flow = _add_ways(flow_run.flow, flow_run)
    options = Options(details=True, links=links)
    try:
        layout = lay_out_one(flow, options, engine=engine, timeout=TIMEOUT)
    except (LayoutError, MissingExtraError) as error:
        return str(error)
    prefix = f"ps{number}"
    drawing = svg.draw(flow, layout, options, prefix=prefix, alt=f"{alt_text(flow)} {describe_way(flow_run)}")
    frame = assets.frame(drawing, f"Diagram of {visible(flow_run.title)}", locate_start(flow, layout))
    rules = "\n".join(_iter_rules(trace, flow, flow_run, number))
    return WayDrawing(f'<div class="penstock pt-way pt-way-{number}">{frame}</div>', rules)


def describe_way(flow_run: FlowRun) -> str:
    """Return the way in words."""
    sentences = []
    if flow_run.ways:
        sentences.append(f"The run took {', '.join(name_ends(*pair) for pair in sorted(flow_run.ways))}.")
    if flow_run.silent:
        sentences.append(f"{describe_silent(flow_run).capitalize()}: {', '.join(map(visible, flow_run.silent))}.")
    return " ".join(sentences)


def _add_ways(flow: Flow, flow_run: FlowRun) -> Flow:
    """Return a flow as it is declared, with the undeclared ways of the run."""
    bare = without_proof(flow)
    declared = {(edge.source, edge.target) for edge in bare.edges}
    ways = dict.fromkeys((way.source, way.target) for way in flow_run.undeclared)
    extra = [
        Edge(
            source=source,
            target=target,
            origin="seen",
            state="undeclared",
            note=f"{target} ran inside {source}, and no arrow says so.",
        )
        for source, target in ways
        if (source, target) not in declared
    ]
    return replace(bare, edges=(*bare.edges, *extra))


def _iter_rules(trace: RunTrace, flow: Flow, flow_run: FlowRun, number: int) -> Iterator[str]:
    """Yield rules of CSS; no text of the run is in them."""
    place, steps = f".pt-way-{number}", [trace.steps[position] for position in flow_run.numbers]
    failed = {step.step for step in steps if step.error is not None}
    for name, position in flow.positions.items():
        node = f"{place} #ps{number}-s{position}"
        if name in flow_run.silent:
            yield f"{node} {{ opacity: .55 }} {node} rect {{ stroke-dasharray: 4 3 }}"
        elif name in failed:
            yield f"{node} > rect, {node} > g > rect {{ stroke: var(--ps-bad); stroke-width: 2.4 }}"
    for edge in flow.edges:
        ends = f'[data-from="s{flow.positions[edge.source]}"][data-to="s{flow.positions[edge.target]}"]'
        arrow = f"{place} .ps-svg .ps-edge{ends}"
        if (edge.source, edge.target) in flow_run.ways:
            yield f"{arrow} path {{ stroke: var(--ps-accent); stroke-width: 2.6 }}"
            yield f"{arrow} polygon {{ stroke: var(--ps-accent); fill: var(--ps-accent) }}"
        elif edge.origin != "seen" and flow_run.is_exact:
            yield f"{arrow} {{ opacity: .45 }}"
