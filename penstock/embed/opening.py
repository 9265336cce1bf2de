"""Where a drawing begins, for a frame that is too small to show all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.render.svg import PAD

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.graphviz.plain_output import Layout

TALL = 900
"""Pixels from which a drawing has a frame of bounded height, in which it scrolls."""

PHONE = 360
"""Pixels that a drawing has on the screen of a phone."""


class Opening(NamedTuple):
    """What a frame needs to know of a drawing that may be larger than the frame, in pixels of the drawing's own size.

    Attributes:
        x: How far the middle of the first entrypoint is from the left, or that of all entrypoints if a phone shows them.
        y: How far it is from the top.
        is_tall: Whether the drawing is too tall for most screens.
    """

    x: int = 0
    y: int = 0
    is_tall: bool = False


def locate_start(flow: Flow, layout: Layout) -> Opening:
    """Return where a drawing begins: at its entrypoints if they are close together, else at the first, or at its first step."""
    geometry = layout.geometry()
    numbers = [number for number, step in enumerate(flow.steps) if step.entrypoint] or [0]
    boxes = [box for number in numbers if (box := geometry.boxes.get(f"s{number}"))]
    if not boxes:
        return Opening()
    left, right = min(box.x for box in boxes), max(box.x + box.width for box in boxes)
    first = boxes[0]
    middle = (left + right) / 2 if right - left <= PHONE else first.x + first.width / 2
    return Opening(round(middle + PAD), round(first.y + first.height / 2 + PAD), is_tall=geometry.height > TALL)
