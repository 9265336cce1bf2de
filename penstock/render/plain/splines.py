"""The lines of a plain layout, as the points of splines that end at the base of an arrowhead."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING, NamedTuple

from penstock.render.graphviz import arrowheads

if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[float, float]
    """The position across and along the flow."""

TWIN_GAP = 14.0
"""Pixels between two lines with the same ends."""

LOOP = 30.0
"""The distance between a box and a line from it to itself."""


def along_line(stops: Sequence[Spot], twin: int, *, small: bool) -> list[Point]:
    """Return a line from box to box, straight between layers, and straight through each layer that it passes."""
    down = stops[-1].along >= stops[0].along
    side = 1 if down else -1
    first, *between, last = stops
    corners: list[Point] = [(first.across, first.along + side * first.depth / 2)]
    for stop in between:
        corners += [
            (stop.across, stop.along - side * stop.depth / 2),
            (stop.across, stop.along + side * stop.depth / 2),
        ]
    tip = (last.across, last.along - side * last.depth / 2)
    corners.append(_before(corners[-1], tip, small=small))
    points = corners[:1]
    for start, end in pairwise(corners):
        points += [_part(start, end, 1 / 3), _part(start, end, 2 / 3), end]
    if twin and not between:
        points[1:3] = [(across + twin * TWIN_GAP, along) for across, along in points[1:3]]
    return points


def along_bow(first: Spot, last: Spot, *, small: bool) -> list[Point]:
    """Return a bow beside the boxes; longer bows are wider."""
    start, end = (first.across + first.breadth / 2, first.along), (last.across + last.breadth / 2, last.along)
    size = _head(small=small)
    side = max(start[0], end[0]) + LOOP + 0.3 * abs(end[1] - start[1])
    return [start, (side, start[1]), (side, end[1]), (end[0] + size, end[1])]


def along_loop(spot: Spot, twin: int, *, small: bool) -> list[Point]:
    """Return a line from a box to itself, at its side."""
    side, quarter = spot.across + spot.breadth / 2, spot.depth / 4
    far = side + LOOP + twin * TWIN_GAP
    return [
        (side, spot.along - quarter),
        (far, spot.along - 2 * quarter),
        (far, spot.along + 2 * quarter),
        (side + _head(small=small), spot.along + quarter),
    ]


def middle(points: Sequence[Point]) -> Point:
    """Return the point halfway along a spline."""
    pieces = (len(points) - 1) // 3
    start = 3 * (pieces // 2)
    a, b, c, d = points[start : start + 4]
    if pieces % 2 == 0:
        return a
    return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8


def _head(*, small: bool) -> float:
    return 10 * float(arrowheads.PILL_ARROW if small else arrowheads.ARROW_SIZE)


def _before(start: Point, tip: Point, *, small: bool) -> Point:
    """Return the point before a tip at which the arrowhead begins."""
    length = hypot(tip[0] - start[0], tip[1] - start[1]) or 1.0
    return _part(start, tip, max(1 - _head(small=small) / length, 0.1))


def _part(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


class Spot(NamedTuple):
    """The centre of a box or of a line in a layer, and its size: across the flow, and along it, in pixels."""

    across: float
    along: float
    breadth: float
    depth: float
