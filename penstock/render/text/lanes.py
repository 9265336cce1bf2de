"""Draws a graph with lanes: one line a node, top to bottom, in box-drawing characters.

A lane is a vertical line that waits for one node. A node ends its own lane; for each of its targets it opens a lane, or
joins the one that is there. So the characters alone tell every edge: ``┼`` is a crossing, except right under a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_GLYPHS = {
    0: " ",
    _UP | _DOWN: "│",
    _LEFT | _RIGHT: "─",
    _UP | _LEFT: "╯",
    _UP | _RIGHT: "╰",
    _DOWN | _LEFT: "╮",
    _DOWN | _RIGHT: "╭",
    _UP | _DOWN | _LEFT: "┤",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _LEFT | _RIGHT: "┴",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}


class Row(NamedTuple):
    """One line: the texts left and right of a node's mark, and the node; without a node, ``left`` is the line."""

    left: str
    right: str = ""
    node: str | None = None


def rows(forward: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Yield the lines that draw a graph.

    Args:
        forward: Each node's distinct targets, all of which come after it in the mapping's own order.
    """
    lanes: list[str | None] = []
    above = -1
    for node, targets in forward.items():
        column = _column(lanes, node)
        if column == above and lanes[column] is None:
            yield Row(_verticals(lanes).rstrip())  # without it the node would seem to follow the one above
        lanes[column] = None
        yield Row(_verticals(lanes[:column]), f" {_verticals(lanes[column + 1 :])}".rstrip(), node)
        turns = list(_turns(lanes, column, targets))
        yield from map(Row, turns)
        above = -1 if turns else column


def _column(lanes: list[str | None], node: str) -> int:
    """Return the node's column: its lane's, or else the first free one."""
    for lane in (node, None):
        if lane in lanes:
            return lanes.index(lane)
    lanes.append(None)
    return len(lanes) - 1


def _verticals(lanes: Sequence[str | None]) -> str:
    return "".join("  " if lane is None else "│ " for lane in lanes)


def _turns(lanes: list[str | None], column: int, targets: Sequence[str]) -> Iterator[str]:
    """Route the node's edges into their lanes, changing ``lanes``, and yield the lines that show them."""
    join_columns = [lanes.index(target) for target in targets if target in lanes]
    fresh = [target for target in targets if target not in lanes]
    active = {index for index, lane in enumerate(lanes) if lane is not None}
    lanes[column] = fresh[0] if fresh else None
    open_columns = [_open(lanes, column, target) for target in fresh[1:]]
    groups = _groups(column, join_columns, open_columns)
    for number, ends in enumerate(groups, start=1):
        yield _turn(active, column, ends, goes_on=bool(fresh) or number < len(groups))
        active.update(ends)


def _open(lanes: list[str | None], column: int, target: str) -> int:
    """Open a lane in the nearest free column, preferably to the right, and return the column."""
    lanes.append(None)
    free = (index for index, lane in enumerate(lanes) if lane is None)
    nearest = min(free, key=lambda index: (abs(index - column), index < column))
    lanes[nearest] = target
    return nearest


def _groups(column: int, joined: Sequence[int], opened: Sequence[int]) -> list[list[int]]:
    """Distribute the columns over lines, so that no line runs on beyond a lane that it joins (a crossing)."""
    left_side = _side([end for end in joined if end < column], [end for end in opened if end < column], column)
    right_side = _side([end for end in joined if end > column], [end for end in opened if end > column], column)
    first = [left_side.pop(0) + right_side.pop(0)] if left_side and right_side else []
    return first + left_side + right_side


def _side(joined: list[int], opened: list[int], column: int) -> list[list[int]]:
    groups = [[end] for end in sorted(joined, key=lambda end: abs(end - column))]
    if not opened:
        return groups
    if groups and abs(groups[-1][0] - column) > max(abs(end - column) for end in opened):
        groups[-1] += opened
        return groups
    return [*groups, opened]


def _turn(active: set[int], column: int, ends: Sequence[int], *, goes_on: bool) -> str:
    """Return the line that leads from ``column`` to all ``ends``, over the lanes that are active."""
    low, high = min(column, *ends), max(column, *ends)
    text = ""
    for index in range(max(high, *active, 0) + 1):
        arms = _UP * (index in active or index == column)
        arms |= _DOWN * (goes_on if index == column else index in active or index in ends)
        arms |= _LEFT * (low < index <= high) | _RIGHT * (low <= index < high)
        text += _GLYPHS[arms] + ("─" if low <= index < high else " ")
    return text.rstrip()
