"""The fewest names that explain all runs: a minimum hitting set, exact where that is feasible.

The problem is NP-hard (Karp, *Reducibility among combinatorial problems*, 1972). Runs of real programs ask for one, two
or three names, which branch and bound finds at once; otherwise, the search ends after a fixed number of steps
with the best answer so far, so that equal runs give equal answers on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Group = frozenset[str]

_EFFORT = 200_000
"""How many groups of names are examined before the best answer so far is taken."""


def find_smallest_cover(groups: Iterable[Group], weights: Mapping[str, int]) -> tuple[str, ...]:
    """Return names of the least total weight, at least one for each group.

    Args:
        groups: Groups of names, none of them empty.
        weights: The weight of each name, more than 0. The order of names decides between equal answers.

    Returns:
        The names, in the order of ``weights``.
    """
    order = {name: index for index, name in enumerate(weights)}
    needed_groups = _without_supersets(groups)
    best = _cover_greedily(needed_groups, weights, order)
    for cover in _better_covers(needed_groups, weights, order, best):
        best = cover
    return tuple(sorted(best, key=order.__getitem__))


def _without_supersets(groups: Iterable[Group]) -> list[Group]:
    """Return the groups that matter: a cover of a smaller group covers all that contain it."""
    needed_groups: list[Group] = []
    for group in sorted(set(groups), key=lambda group: (len(group), sorted(group))):
        if not any(smaller <= group for smaller in needed_groups):
            needed_groups.append(group)
    return needed_groups


def _cover_greedily(needed: list[Group], weights: Mapping[str, int], order: Mapping[str, int]) -> tuple[str, ...]:
    """Return a cover that takes the most frequent name each time, without names that became superfluous."""
    chosen_names: list[str] = []
    rest = needed
    while rest:
        shares = {name: sum(name in group for group in rest) for name in {name for group in rest for name in group}}
        name = min(shares, key=lambda name: (-shares[name], weights[name], order[name]))
        chosen_names.append(name)
        rest = [group for group in rest if name not in group]
    for name in sorted(chosen_names, key=lambda name: (-weights[name], -order[name])):
        others = {*chosen_names} - {name}
        if all(others & group for group in needed):
            chosen_names.remove(name)
    return tuple(chosen_names)


def _better_covers(
    needed: list[Group], weights: Mapping[str, int], order: Mapping[str, int], first: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield covers, each lighter than the one before, until none is or the effort is spent."""
    lightest, effort = sum(weights[name] for name in first), _EFFORT
    waiting: list[tuple[tuple[str, ...], int, list[Group], frozenset[str]]] = [((), 0, needed, frozenset())]
    while waiting and effort > 0:
        chosen_names, weight, rest, refused_names = waiting.pop()
        effort -= len(rest) + 1
        if not rest:
            if weight < lightest:
                lightest = weight
                yield chosen_names
            continue
        groups = [group - refused_names for group in rest]
        if not all(groups) or weight + _least_weight(groups, weights) >= lightest:
            continue
        _, names_left = min((len(group), sorted(group)) for group in groups)
        names = sorted(names_left, key=lambda name: (weights[name], order[name]))
        branches = [
            (
                (*chosen_names, name),
                weight + weights[name],
                [group for group in rest if name not in group],
                refused_names.union(names[:index]),
            )
            for index, name in enumerate(names)
        ]
        waiting += reversed(branches)


def _least_weight(groups: list[Group], weights: Mapping[str, int]) -> int:
    """Return a lower bound: groups that share no name need a name each."""
    total, covered_names = 0, set[str]()
    for group in sorted(groups, key=len):
        if covered_names.isdisjoint(group):
            covered_names |= group
            total += min(weights[name] for name in group)
    return total
