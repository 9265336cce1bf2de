"""Layouts in Graphviz's plain format: validated on receipt, parsed when drawn."""

from __future__ import annotations

import re
from collections import Counter
from math import hypot
from typing import TYPE_CHECKING, NamedTuple

from penstock.render.graphviz import arrowheads
from penstock.render.labels import INCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD, PILL_HEAD = (10 * float(size) for size in (arrowheads.ARROW_SIZE, arrowheads.PILL_ARROW))
"""The length of an arrow's head in pixels, as the engine leaves room for it."""

SLENDER = 0.35
"""Half the width of an arrowhead with a length of one."""

MAX_INCHES = 1_000_000.0
"""Maximum pixels of a valid drawing."""

_NUMBER = r" -?\d{1,9}(?:\.\d{1,9})?(?:e[+-]?\d\d?)?"
_NODE = rf"node \w+(?:{_NUMBER}){{4}} .*\n"
# a spline has 3n + 1 points, followed by the position of a label, if any, and by style and colour
_EDGE = rf'edge \w+ \w+ \d+(?:{_NUMBER}){{2}}(?:(?:{_NUMBER}){{6}})+(?: "\S*"(?:{_NUMBER}){{2}})? [a-z]+ [a-z]+\n'
_DRAWING = re.compile(rf"graph(?:{_NUMBER}){{3}}\n(?:{_NODE})*(?:{_EDGE})*")


class Rectangle(NamedTuple):
    """A node: the upper left corner, width and height; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


class Curve(NamedTuple):
    """An edge: the names of its ends, a cubic Bézier spline, the triangle of its head, the centre of its label.

    Points are stored flat, x and y alternating.
    """

    source: str
    target: str
    points: tuple[float, ...]
    head: tuple[float, ...]
    label: tuple[float, ...] | None = None


class Geometry(NamedTuple):
    """The position of everything, in pixels; nodes are named as by :func:`penstock.render.graphviz.dot.render`."""

    width: float
    height: float
    boxes: dict[str, Rectangle]
    curves: tuple[Curve, ...]


class Layout(NamedTuple):
    """A diagram's layout, in its cached form.

    Attributes:
        text: The engine's answer without its last line.
        reason: The reason for a plain layout in place of the engine's, or an empty string.
        folded: Whether it is one of a folded drawing.
    """

    text: str
    reason: str = ""
    folded: bool = False

    @classmethod
    def parse_answer(cls, text: str, nodes: Iterable[str], arrows: Iterable[tuple[str, str]]) -> Layout:
        """Return a valid layout of the requested nodes and edges.

        Raises:
            ValueError: The text is not such a layout.
        """
        if not _DRAWING.fullmatch(text):
            raise ValueError(f"it answered nonsense ({text[:40]!r})")
        layout = cls(text)
        geometry = layout.geometry()
        curve_counts = Counter((curve.source, curve.target) for curve in geometry.curves)
        if (
            text.count("\nnode ") != len(geometry.boxes)
            or geometry.boxes.keys() != set(nodes)
            or curve_counts != Counter(arrows)
        ):
            raise ValueError("it answered another drawing than it was asked for")
        if not _is_inside(geometry):
            raise ValueError("it answered places outside the drawing")
        return layout

    @property
    def note(self) -> str:
        """The note beside a plain layout, or an empty string."""
        return "Drawn in plain layers: too large or too dense for the layout engine." if self.reason else ""

    @property
    def width(self) -> float:
        """The width of the drawing, in pixels."""
        return float(self.text.split(None, 3)[2]) * INCH

    def geometry(self) -> Geometry:
        """Return the position of everything."""
        heading, *lines = (line.split() for line in self.text.splitlines())
        width, height = float(heading[2]) * INCH, float(heading[3]) * INCH
        return Geometry(
            width,
            height,
            {words[1]: _box(words, height) for words in lines if words[0] == "node"},
            tuple(_curve(words, height) for words in lines if words[0] == "edge"),
        )


def _is_inside(geometry: Geometry) -> bool:
    """Return whether all boxes have a size and are in the drawing, and no line is far outside."""
    width, height = geometry.width, geometry.height
    most = MAX_INCHES * INCH
    return (
        0 <= width < most
        and 0 <= height < most
        and all(
            box.width > 0
            and box.height > 0
            and -INCH < box.x < box.x + box.width < width + INCH
            and -INCH < box.y < box.y + box.height < height + INCH
            for box in geometry.boxes.values()
        )
        and all(abs(value) < most for curve in geometry.curves for value in (*curve.points, *(curve.label or ())))
    )


def _box(words: Sequence[str], top: float) -> Rectangle:
    x, y, width, height = map(float, words[2:6])
    return Rectangle((x - width / 2) * INCH, top - (y + height / 2) * INCH, width * INCH, height * INCH)


def _curve(words: Sequence[str], top: float) -> Curve:
    _, source, target, _, *numbers = words[:-2]
    label = _to_pixels(numbers[-2:], top) if numbers[-3].startswith('"') else None
    points = _to_pixels(numbers[:-3] if label else numbers, top)
    size = HEAD if source[0] == target[0] else PILL_HEAD
    return Curve(source, target, points, _head(points, size), label)


def _to_pixels(numbers: Sequence[str], top: float) -> tuple[float, ...]:
    """Return points in pixels, with the y axis inverted."""
    points = [float(number) * INCH for number in numbers]
    points[1::2] = [top - y for y in points[1::2]]
    return tuple(points)


def _head(points: Sequence[float], size: float) -> tuple[float, ...]:
    """Return the triangle at the end of a curve: its left and right corner, and its tip."""
    x, y = points[-2:]
    ways = ((x - points[index], y - points[index + 1]) for index in range(len(points) - 4, -1, -2))
    right, down = next((way for way in ways if way != (0, 0)), (0.0, 1.0))
    scale = size / hypot(right, down)
    right, down = right * scale, down * scale
    return (x - down * SLENDER, y + right * SLENDER, x + right, y + down, x + down * SLENDER, y - right * SLENDER)
