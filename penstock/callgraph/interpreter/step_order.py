"""The order of steps: which have run before which, and on which ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from penstock.callgraph.call_paths import Activation, PastSteps, Reach

_MAX_WAYS = 6
"""How many ways to reach a step are kept and compared with later steps."""


def is_repetition(
    family: Hashable, source: int, target: int, earlier: frozenset[Activation], later: frozenset[Activation]
) -> bool:
    """Return whether one step follows another only because a function that leads to both is called again.

    Their order is then the one within each call, as in the iterations of a loop.

    Args:
        family: The function that calls both.
        source: The step that ran first.
        target: The step that follows.
        earlier: The calls that led to the first step.
        later: The calls that lead to the second one.
    """
    return (
        any(call.is_open or (family in call.bodies and source in call.steps) for call in later)
        or any(call.is_open or (family in call.bodies and target in call.steps) for call in earlier)
        or any(
            call.body == earlier_call.body and (source in call.steps or target in earlier_call.steps)
            for call in later
            for earlier_call in earlier
        )
    )


def add_steps(seen: PastSteps, reach: Reach) -> None:
    """Add steps to those that have run."""
    for tag, way in reach.items():
        ways = seen.get(tag, ())
        if way.through not in ways:
            seen[tag] = (*ways, way.through)[:_MAX_WAYS]


def merge_steps(branches: Iterable[PastSteps]) -> PastSteps:
    """Return the steps that have run on any of several branches."""
    result: PastSteps = {}
    for seen in branches:
        for tag, ways in seen.items():
            earlier_ways = result.get(tag, ways)
            result[tag] = ways if earlier_ways is ways else tuple(dict.fromkeys((*earlier_ways, *ways)))[:_MAX_WAYS]
    return result
