"""A plain layout for flows too large or too dense for the engine: layers, and straight lines between them.

Layers and their order follow Sugiyama, Tagawa and Toda (*Methods for Visual Understanding of Hierarchical System
Structures*, 1981). A line that passes layers has a place in each of them, so that it crosses no box. Where the lines
would take most of the drawing, they are bows beside the boxes instead.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from penstock._util import graphs
from penstock.render import labels
from penstock.render.graphviz import layout_input
from penstock.render.graphviz.plain_output import Layout
from penstock.render.labels import INCH
from penstock.render.plain.row_placement import settle
from penstock.render.plain.splines import Spot, along_bow, along_line, along_loop, middle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from penstock.model import Flow
    from penstock.render.graphviz.layout_input import Arrow
    from penstock.render.options import Direction, Options
    from penstock.render.plain.splines import Point

MAX_WAYPOINTS = 30_000
"""Maximum number of places of lines in layers; a drawing with more has bows."""

MAX_IN_LAYER = 300
"""The same limit for one layer, on average."""

SWEEPS = 6
"""Number of passes that order the layers, and then place them, by their neighbours."""

GAP, LINE_GAP = 20.0, 8.0
"""Pixels between two boxes of a layer, and beside a line that passes it."""

LAYER_GAP, MAX_LAYER_GAP = 44.0, 200.0
"""Pixels between two layers, which grow with the width of the drawing, or its lines would be too flat."""


def effort(flow: Flow) -> int:
    """Return the effort of laying out a flow: its steps, and the layers that its edges pass."""
    steps = len(flow.steps)
    if steps * len(flow.edges) < 1000:
        return steps + len(flow.edges)
    ranks = graphs.ranks(
        graphs.adjacency((step.name for step in flow.steps), ((edge.source, edge.target) for edge in flow.edges))
    )
    return steps + sum(abs(ranks[edge.target] - ranks[edge.source]) for edge in flow.edges)


def lay_out(flow: Flow, options: Options, reason: str) -> Layout:
    """Return a plain layout of a flow, in time proportional to its size.

    Args:
        flow: The flow.
        options: The direction and the amount of detail.
        reason: The reason for the plain layout, for a note beside the drawing.
    """
    sideways = options.direction in ("LR", "RL")
    sizes = {
        name: (label.height, label.width) if sideways else (label.width, label.height)
        for name, label in labels.of_nodes(flow, options)
    }
    arrows = list(layout_input.arrows(flow, options))
    ranks = _ranks(sizes, arrows)
    routes = _routes(arrows, ranks)
    layers = _order_layers(_layers(ranks, routes), routes)
    spots = _place_nodes(layers, routes, sizes)
    curves = list(_curves(arrows, routes, spots, ranks))
    return Layout(_answer(spots, arrows, curves, options.direction), reason)


def _ranks(names: Iterable[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """Return the layer of each node; one without incoming edges comes right before its first target."""
    successors = graphs.adjacency(names, ((arrow.source, arrow.target) for arrow in arrows))
    ranks = graphs.ranks(successors)
    all_targets = {target for targets in successors.values() for target in targets}
    for name, targets in successors.items():
        if name not in all_targets and targets:
            ranks[name] = min(ranks[target] for target in targets) - 1
    return ranks


def _routes(arrows: Sequence[Arrow], ranks: Mapping[str, int]) -> list[list[str]]:
    """Return the names of the places that each line passes, including its ends; those between are ``arrow/layer``."""
    spans = [ranks[arrow.target] - ranks[arrow.source] for arrow in arrows]
    waypoints = sum(max(abs(span) - 1, 0) for span in spans)
    if waypoints > min(MAX_WAYPOINTS, MAX_IN_LAYER * (max(ranks.values(), default=0) + 1)):
        return [[arrow.source, arrow.target] for arrow in arrows]
    routes = []
    for number, (arrow, span) in enumerate(zip(arrows, spans, strict=True)):
        start, step = ranks[arrow.source], 1 if span > 0 else -1
        between = (f"{number}/{rank}" for rank in range(start + step, ranks[arrow.target], step)) if span else ()
        routes.append([arrow.source, *between, arrow.target])
    return routes


def _layers(ranks: Mapping[str, int], routes: Sequence[Sequence[str]]) -> list[list[str]]:
    first = min(ranks.values(), default=0)
    layers: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) - first + 1)]
    for name, rank in ranks.items():
        layers[rank - first].append(name)
    for route in routes:
        for name in route[1:-1]:
            layers[int(name.partition("/")[2]) - first].append(name)
    return layers


def _neighbours(layers: Sequence[Sequence[str]], routes: Sequence[Sequence[str]]) -> tuple[dict[str, list[str]], ...]:
    """Return the places above and below each place."""
    rank = {name: number for number, layer in enumerate(layers) for name in layer}
    above: dict[str, list[str]] = {name: [] for name in rank}
    below: dict[str, list[str]] = {name: [] for name in rank}
    for route in routes:
        for start, end in pairwise(route):
            upper, lower = (start, end) if rank[start] < rank[end] else (end, start)
            if rank[upper] < rank[lower]:
                below[upper].append(lower)
                above[lower].append(upper)
    return above, below


def _order_layers(layers: list[list[str]], routes: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the layers, each ordered by the mean position of the neighbours before it, then after it."""
    above, below = _neighbours(layers, routes)
    for sweep in range(SWEEPS):
        neighbours, order = (below, layers[::-1]) if sweep % 2 else (above, layers)
        place: dict[str, float] = {}
        for layer in order:
            middles = {name: _mean(place, neighbours[name], index) for index, name in enumerate(layer)}
            layer.sort(key=middles.__getitem__)
            place.update((name, index / len(layer)) for index, name in enumerate(layer))
    return layers


def _mean(place: Mapping[str, float], names: Sequence[str], otherwise: float) -> float:
    return sum(place[name] for name in names) / len(names) if names else otherwise


def _place_nodes(
    layers: Sequence[Sequence[str]], routes: Sequence[Sequence[str]], sizes: Mapping[str, tuple[float, float]]
) -> dict[str, Spot]:
    above, below = _neighbours(layers, routes)
    breadths = [[sizes[name][0] + GAP if name in sizes else LINE_GAP for name in layer] for layer in layers]
    across: dict[str, float] = {}
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for layer, wide in list(zip(layers, breadths, strict=True))[:: -1 if sweep % 2 else 1]:
            positions = [_mean(across, neighbours[name], across.get(name, 0.0)) for name in layer]
            across.update(zip(layer, settle(positions, wide), strict=True))
    gap = min(max(LAYER_GAP, max(map(sum, breadths), default=0.0) / 15), MAX_LAYER_GAP)
    spots, along = {}, 0.0
    for layer in layers:
        depth = max((sizes[name][1] for name in layer if name in sizes), default=0.0)
        for name in layer:
            breadth, own = sizes.get(name, (0.0, depth))
            spots[name] = Spot(across[name], along + depth / 2, breadth, own)
        along += depth + gap
    return spots


def _curves(
    arrows: Sequence[Arrow], routes: Sequence[Sequence[str]], spots: Mapping[str, Spot], ranks: Mapping[str, int]
) -> Iterator[list[tuple[float, float]]]:
    """Yield the spline of each edge: points across and along."""
    twins: dict[tuple[str, str], int] = {}
    for arrow, route in zip(arrows, routes, strict=True):
        ends = (arrow.source, arrow.target)
        twins[ends] = twin = twins.get(ends, -1) + 1
        stops = [spots[name] for name in route]
        if arrow.source == arrow.target:
            yield along_loop(stops[0], twin, small=arrow.small)
        elif len(route) > 2 or abs(ranks[arrow.target] - ranks[arrow.source]) == 1:
            yield along_line(stops, twin, small=arrow.small)
        else:
            yield along_bow(stops[0], stops[-1], small=arrow.small)


_TURNS: Mapping[str, Callable[[float, float], Point]] = {
    "TB": lambda across, along: (across, -along),
    "BT": lambda across, along: (across, along),
    "LR": lambda across, along: (along, -across),
    "RL": lambda across, along: (-along, -across),
}
"""The position of a point in the engine's plain format, whose y axis grows upwards."""


def _answer(
    spots: Mapping[str, Spot], arrows: Sequence[Arrow], curves: Sequence[Sequence[Point]], direction: Direction
) -> str:
    """Return the drawing in the engine's answer format."""
    turn, sideways = _TURNS[direction], direction in ("LR", "RL")
    boxes = [_box(name, spot, turn, sideways=sideways) for name, spot in spots.items() if "/" not in name]
    lines = [[turn(*point) for point in curve] for curve in curves]
    rooms = [_room(line, arrow) for line, arrow in zip(lines, arrows, strict=True)]
    corners = [corner for box in boxes for corner in box.corners()]
    corners += [corner for room in rooms if room for corner in room.corners()]
    corners += [point for line in lines for point in (line if len(line) > 4 else (line[0], middle(line), line[-1]))]
    x0, x1 = min((x for x, _ in corners), default=0.0), max((x for x, _ in corners), default=0.0)
    y0, y1 = min((y for _, y in corners), default=0.0), max((y for _, y in corners), default=0.0)
    answer = [f"graph 1 {_inches(x1 - x0, y1 - y0)}"]
    answer += (
        f'node {box.name} {_inches(box.x - x0, box.y - y0, *box[3:])} "" solid box black lightgrey' for box in boxes
    )
    for arrow, line, room in zip(arrows, lines, rooms, strict=True):
        flat = (value for x, y in line for value in (x - x0, y - y0))
        label = f' "" {_inches(room.x - x0, room.y - y0)}' if room else ""
        answer.append(f"edge {arrow.source} {arrow.target} {len(line)} {_inches(*flat)}{label} solid black")
    return "\n".join([*answer, ""])


class _Room(NamedTuple):
    """A drawn node: its name, its centre, its width and its height."""

    name: str
    x: float
    y: float
    width: float
    height: float

    def corners(self) -> tuple[Point, Point]:
        """Return the lower left and the upper right corner, in pixels."""
        right, up = self.width / 2, self.height / 2
        return (self.x - right, self.y - up), (self.x + right, self.y + up)


def _box(name: str, spot: Spot, turn: Callable[[float, float], Point], *, sideways: bool) -> _Room:
    width, height = (spot.depth, spot.breadth) if sideways else (spot.breadth, spot.depth)
    return _Room(name, *turn(spot.across, spot.along), width, height)


def _room(line: Sequence[Point], arrow: Arrow) -> _Room | None:
    if arrow.label is None:
        return None
    x, y = middle(line)
    return _Room("", x + arrow.label.width / 2, y, arrow.label.width, arrow.label.height)


def _inches(*pixels: float) -> str:
    return " ".join(f"{value / INCH:.4f}" for value in pixels)
