"""Computes the level of each node in a list: below the branch that leads to it, and level again after a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Dominators = dict[str, str | None]


def levels(forward: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int]]:
    """Yield each node once, in reading order, with its level.

    A node follows the last node common to all paths to it (its dominator). It is on the same level if all
    paths from there lead to it, else one level deeper.

    Args:
        forward: Each node's targets, all of which come after it in the mapping's own order.
    """
    order = list(forward)
    backward: dict[str, list[str]] = {node: [] for node in order}
    for node, targets in forward.items():
        for target in targets:
            backward[target].append(node)
    dominators = _dominators(order, backward)
    meetings = _dominators(order[::-1], forward)
    below: dict[str | None, list[str]] = {node: [] for node in (None, *order)}
    for node in reversed(order):
        below[dominators[node]].append(node)
    waiting = [(node, 0) for node in below[None]]
    while waiting:
        node, level = waiting.pop()
        yield node, level
        waiting += [(child, level + (meetings[node] != child)) for child in below[node]]


def _dominators(order: Sequence[str], sources: Mapping[str, Sequence[str]]) -> Dominators:
    """Return the last node before each that all paths to it have in common, or ``None``.

    In an order with sources first, one pass is enough (Cooper, Harvey and Kennedy, *A Simple, Fast Dominance
    Algorithm*, 2001).
    """
    place = {node: index for index, node in enumerate(order)}
    result: Dominators = {}
    for node in order:
        common: str | None = sources[node][0] if sources[node] else None
        for source in sources[node][1:]:
            common = _common(common, source, result, place)
        result[node] = common
    return result


def _common(first: str | None, second: str | None, dominators: Dominators, place: Mapping[str, int]) -> str | None:
    while first != second:
        if first is None or second is None:
            return None
        if place[first] > place[second]:
            first = dominators[first]
        else:
            second = dominators[second]
    return first
