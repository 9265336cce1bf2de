"""Replaced steps that may hide edges: a run with a test double shows less than the code does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.check.verdict.tally import Pair, Tally

MAX_NAMES = 4
"""Names that a sentence has at most, before it counts them."""


def find_masks(pair: Pair, tally: Tally) -> tuple[list[str], str]:
    """Return the replaced steps that may have hidden an edge, if any, and a sentence about them."""
    source, target = pair
    masking_steps = sorted(tally.masked.get(target, ()))
    if masking_steps and target not in tally.nested_steps:
        return masking_steps, f"{target} ran only while a test had replaced {join_names(masking_steps)}."
    if absent := [name for name in pair if name not in tally.steps_in_runs]:
        names = [name for name in absent if name in tally.replaced]
        return names, f"{join_names(names)} did not run in the flow, because a test had replaced it."
    names = sorted(name for name in tally.replaced if may_hide(name, pair, tally))
    return names, f"{target} ran after {source} in no run, but in some a test had replaced {join_names(names)}."


def may_hide(name: str, pair: Pair, tally: Tally) -> bool:
    """Return whether a replaced step may have hidden an edge.

    Other runs count: how both ends run in them, and which steps run inside the replaced one.
    """
    source, target = pair
    if pair not in tally.observable or source not in tally.unmasked_steps or name not in tally.unmasked_steps:
        return tally.leads(name, source) or tally.leads(name, target)
    if name == target:
        return source in tally.replaced[name]
    return name in tally.masked.get(target, ()) and (name == source or (name, source) in tally.ancestors)


def join_names(names: Sequence[str]) -> str:
    """Return names joined for a sentence, at most a few."""
    if len(names) > MAX_NAMES + 1:
        names = [*names[:MAX_NAMES], f"{len(names) - MAX_NAMES} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
