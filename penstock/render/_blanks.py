"""Flows for the layout engine: boxes of the right size with nothing in them.

What is written is measured and drawn by us, so the engine never sees a text of a user, has nothing to measure, and
answers in its shortest format. That takes a third of the time that it needs for a drawing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from penstock.render import labels
from penstock.render.dot import ARROW, GRAPH, PILL_ARROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Flow
    from penstock.render.dot import Relaxed
    from penstock.render.labels import Label
    from penstock.render.options import Options

INCH = 72
"""Pixels."""


def render(flow: Flow, options: Options, relaxed: Relaxed | None = None) -> str:
    """Return a flow as DOT text, its nodes named as :func:`penstock.render.dot.render` names them."""
    return "\n".join(("digraph {", *_settings(options, relaxed), *_nodes(flow, options), *_arrows(flow, options), "}"))


def _settings(options: Options, relaxed: Relaxed | None) -> Iterator[str]:
    graph = {**GRAPH, "rankdir": options.direction, **(asdict(relaxed) if relaxed else {})}
    yield f"graph [{' '.join(f'{name}={value}' for name, value in graph.items())}]"
    yield 'node [shape=box fixedsize=true label=""]'
    yield f"edge [arrowsize={ARROW['arrowsize']}]"


def _nodes(flow: Flow, options: Options) -> Iterator[str]:
    for name, label in labels.of_nodes(flow, options):
        yield f"{name} [width={label.width / INCH:.4f} height={label.height / INCH:.4f}]"


def _arrows(flow: Flow, options: Options) -> Iterator[str]:
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    if options.details:
        yield from _to_channels(flow, index)
    for edge in flow.edges:
        label = labels.of_arrow(edge, details=options.details)
        yield f"{index[edge.source]} -> {index[edge.target]}{_room(label) if label else ''}"


def _to_channels(flow: Flow, index: dict[str, str]) -> Iterator[str]:
    loops = labels.loops(flow)
    for number, started in enumerate(labels.triggers(flow).values()):
        for name in started:
            yield f"t{number} -> {index[name]} [arrowsize={PILL_ARROW}]"
    for number, name in enumerate(labels.effects(flow)):
        yield f"{index[name]} -> e{number} [arrowsize={PILL_ARROW}]"
        if name not in loops:
            yield f"{{rank=same {index[name]} e{number}}}"


def _room(label: Label) -> str:
    size = f'width="{label.width:.0f}" height="{label.height:.0f}"'
    return f' [label=<<table border="0" cellborder="0" fixedsize="true" {size}><tr><td></td></tr></table>>]'
