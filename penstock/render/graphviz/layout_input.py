"""DOT for the layout engine: boxes of the right size without content.

Text is measured and drawn by penstock, so the engine never sees user text, has nothing to measure, and
answers in its shortest format. That takes a third of the time of a full drawing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from penstock.render import labels
from penstock.render.graphviz.arrowheads import PILL_ARROW
from penstock.render.graphviz.dot import ARROW, GRAPH
from penstock.render.labels import INCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Flow
    from penstock.render.graphviz.dot import Relaxed
    from penstock.render.labels import TextBlock
    from penstock.render.options import Options


SMALL_GAPS = {"nodesep": "0.1", "ranksep": "0.17"}
"""Inches between the boxes of a small drawing."""


def render(flow: Flow, options: Options, relaxed: Relaxed | None = None) -> str:
    """Return a flow as DOT text, its nodes named as :func:`penstock.render.graphviz.dot.render` names them."""
    return "\n".join(("digraph {", *_settings(options, relaxed), *_nodes(flow, options), *_arrows(flow, options), "}"))


def _settings(options: Options, relaxed: Relaxed | None) -> Iterator[str]:
    graph = {
        **GRAPH,
        **(SMALL_GAPS if options.small else {}),
        "rankdir": options.direction,
        **(asdict(relaxed) if relaxed else {}),
    }
    yield f"graph [{' '.join(f'{name}={value}' for name, value in graph.items())}]"
    yield 'node [shape=box fixedsize=true label=""]'
    yield f"edge [arrowsize={ARROW['arrowsize']}]"


def _nodes(flow: Flow, options: Options) -> Iterator[str]:
    for name, label in labels.of_nodes(flow, options):
        yield f"{name} [width={label.width / INCH:.4f} height={label.height / INCH:.4f}]"


class Arrow(NamedTuple):
    """An edge between two nodes, by their names; one to or from a trigger or an effect has a smaller head."""

    source: str
    target: str
    label: TextBlock | None = None
    small: bool = False


def arrows(flow: Flow, options: Options) -> Iterator[Arrow]:
    """Yield the arrows of a drawing, those of triggers and effects first."""
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    if options.details:
        for number, step_names in enumerate(labels.triggers(flow).values()):
            yield from (Arrow(f"t{number}", index[name], small=True) for name in step_names)
        for number, name in enumerate(labels.effects(flow, options)):
            yield Arrow(index[name], f"e{number}", small=True)
    for edge in flow.edges:
        yield Arrow(index[edge.source], index[edge.target], labels.of_arrow(edge, details=options.details))


def _arrows(flow: Flow, options: Options) -> Iterator[str]:
    for arrow in arrows(flow, options):
        look = f" [arrowsize={PILL_ARROW}]" if arrow.small else ""
        yield f"{arrow.source} -> {arrow.target}{_room(arrow.label) if arrow.label else look}"
    if options.details:
        yield from _beside(flow, options)


def _beside(flow: Flow, options: Options) -> Iterator[str]:
    index, loops = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}, labels.loops(flow)
    for number, name in enumerate(labels.effects(flow, options)):
        if name not in loops:
            yield f"{{rank=same {index[name]} e{number}}}"


def _room(label: TextBlock) -> str:
    size = f'width="{label.width:.0f}" height="{label.height:.0f}"'
    return f' [label=<<table border="0" cellborder="0" fixedsize="true" {size}><tr><td></td></tr></table>>]'
