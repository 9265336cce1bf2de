"""The fewest names that explain all runs: a minimum hitting set, exact where that is feasible.

The problem is NP-hard (Karp, *Reducibility among combinatorial problems*, 1972). Runs of real programs ask for one, two
or three names, for which branch and bound takes no time; where it would, the search ends after a fixed number of steps
with the best answer so far, so the same runs have the same answer on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Group = frozenset[str]

_EFFORT = 200_000
"""How many groups of names are looked at before the best answer so far is taken."""


def find_smallest_cover(groups: Iterable[Group], weights: Mapping[str, int]) -> tuple[str, ...]:
    """Return names of the least total weight of which each group has at least one.

    Args:
        groups: Groups of names, none of them empty.
        weights: What each name weighs, more than 0. The order of names decides between equal answers.

    Returns:
        The names, in the order of ``weights``.
    """
    order = {name: index for index, name in enumerate(weights)}
    needed = _without_supersets(groups)
    best = _cover_greedily(needed, weights, order)
    for cover in _better_covers(needed, weights, order, best):
        best = cover
    return tuple(sorted(best, key=order.__getitem__))


def _without_supersets(groups: Iterable[Group]) -> list[Group]:
    """Return the groups that matter: a cover of a smaller group covers all that contain it."""
    needed: list[Group] = []
    for group in sorted(set(groups), key=lambda group: (len(group), sorted(group))):
        if not any(smaller <= group for smaller in needed):
            needed.append(group)
    return needed


def _cover_greedily(needed: list[Group], weights: Mapping[str, int], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return a cover that takes the name of the most groups each time, and leaves out what became superfluous."""
    chosen: list[str] = []
    left = needed
    while left:
        shares = {name: sum(name in group for group in left) for name in {name for group in left for name in group}}
        name = min(shares, key=lambda name: (-shares[name], weights[name], order[name]))
        chosen.append(name)
        left = [group for group in left if name not in group]
    for name in sorted(chosen, key=lambda name: (-weights[name], -order[name])):
        others = {*chosen} - {name}
        if all(others & group for group in needed):
            chosen.remove(name)
    return tuple(chosen)


def _better_covers(
    needed: list[Group], weights: Mapping[str, int], order: Mapping[str, int], first: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield covers, each lighter than the one before, until none is or the effort is spent."""
    lightest, effort = sum(weights[name] for name in first), _EFFORT
    waiting: list[tuple[tuple[str, ...], int, list[Group], frozenset[str]]] = [((), 0, needed, frozenset())]
    while waiting and effort > 0:
        chosen, weight, left, refused = waiting.pop()
        effort -= len(left) + 1
        if not left:
            if weight < lightest:
                lightest = weight
                yield chosen
            continue
        groups = [group - refused for group in left]
        if not all(groups) or weight + _least_weight(groups, weights) >= lightest:
            continue
        _, names_left = min((len(group), sorted(group)) for group in groups)
        names = sorted(names_left, key=lambda name: (weights[name], order[name]))
        branches = [
            (
                (*chosen, name),
                weight + weights[name],
                [group for group in left if name not in group],
                refused.union(names[:index]),
            )
            for index, name in enumerate(names)
        ]
        waiting += reversed(branches)


def _least_weight(groups: list[Group], weights: Mapping[str, int]) -> int:
    """Return a lower bound: groups that share no name need a name each."""
    total, taken = 0, set[str]()
    for group in sorted(groups, key=len):
        if taken.isdisjoint(group):
            taken |= group
            total += min(weights[name] for name in group)
    return total
