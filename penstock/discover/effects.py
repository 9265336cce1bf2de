"""Attributes what functions wrote outside to the nearest step around them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from penstock.discover.choice.runs import Runs


def collect_effects(runs: Runs, steps: Collection[int]) -> Mapping[int, set[str]]:
    """Return what each step wrote in the runs, itself or by functions that are no steps.

    Args:
        runs: The runs of the flow.
        steps: The indices of the functions that are steps, the entrypoint among them.
    """
    effects: dict[int, set[str]] = defaultdict(set)
    carried: dict[int, frozenset[str]] = {}
    for index in runs.calls:  # children come before their parents
        shape = runs.recording.shapes[index]
        writes = frozenset(shape.writes).union(*(carried[child.shape] for child in shape.children))
        if shape.function in steps:
            effects[shape.function] |= writes
            writes = frozenset()
        carried[index] = writes
    return effects
