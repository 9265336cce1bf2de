"""Where a frame that is too small opens a drawing."""

from __future__ import annotations

import pytest

from penstock.embed.opening import locate_start
from penstock.model import Edge, Flow, Step
from penstock.render import Options
from penstock.render.graphviz.layout import lay_out
from penstock.render.graphviz.plain_output import Layout


@pytest.mark.parametrize(("count", "is_between"), [(1, True), (2, True), (9, False)])
def test_entrypoints_that_a_phone_shows_are_in_the_middle(count: int, is_between: bool) -> None:
    """A drawing opens between its entrypoints if they fit on a phone, else at the first."""
    starts = tuple(Step(name=f"receive{number}", entrypoint=True) for number in range(count))
    edges = tuple(Edge(source=step.name, target="store") for step in starts)
    flow = Flow(name="f", steps=(*starts, Step(name="store")), edges=edges)
    (layout,) = lay_out([flow], Options(details=True))
    assert isinstance(layout, Layout)
    boxes = [layout.geometry().boxes[f"s{number}"] for number in range(count)]
    first = boxes[0].x + boxes[0].width / 2
    middle = (min(box.x for box in boxes) + max(box.x + box.width for box in boxes)) / 2
    assert round((middle if is_between else first) + 8) == locate_start(flow, layout).x
