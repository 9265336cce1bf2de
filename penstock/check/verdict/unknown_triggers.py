"""Triggers that no framework of the application knows, beside what runs showed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Flow
    from penstock.model.resource_uses import ResourceUse
    from penstock.model.resources import Vocabulary

UNKNOWN = "route-unknown"
_SHOWN = frozenset({"confirmed", "trigger-never-seen"})
"""The states of triggers on which runs have decided."""


def find_unknown_triggers(flow: Flow, uses: Iterable[ResourceUse], vocabulary: Vocabulary) -> tuple[ResourceUse, ...]:
    """Return the triggers of a flow that no framework knows, unless runs say more, or the project has other words.

    Runs that something else started say more: what the trigger should be.

    Args:
        flow: The flow as it was collected.
        uses: The verdicts on its uses.
        vocabulary: The words for resources.
    """
    shown_steps = {use.step for use in uses if use.verb == "starts on" and use.state in _SHOWN}
    return tuple(
        use
        for use in flow.uses
        if use.state == UNKNOWN and use.step not in shown_steps and use.resource not in vocabulary.aliases
    )


def add_unknown_triggers(flow: Flow, uses: Iterable[ResourceUse], vocabulary: Vocabulary) -> tuple[ResourceUse, ...]:
    """Return the uses of a flow, with unknown triggers in the place of the verdicts on them."""
    judged_uses = tuple(uses)
    by_step = {use.step: use for use in find_unknown_triggers(flow, judged_uses, vocabulary)}
    return tuple(by_step.get(use.step, use) if use.verb == "starts on" else use for use in judged_uses)
