"""Proposals for ``effects=`` and ``trigger=`` of a step, which agree with what was seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model.resources import read_resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Flow, Step
    from penstock.model.resource_uses import ResourceUse


def propose_effects(flow: Flow, step: Step, uses: Iterable[ResourceUse]) -> tuple[str, ...]:
    """Return the effects that a step should declare: without those that are refuted, and with those that were only seen.

    What was seen takes the place of a refuted effect of the same family.

    Args:
        flow: The flow.
        step: Its step.
        uses: What the steps of the flow use, each with its state.
    """
    own_uses = [use for use in uses if use.step == step.name and use.verb == "writes"]
    refuted_effects = {use.resource for use in own_uses if use.state == "effect-never-seen" and use.refuted}
    new_effects = [_spell_as_declared(flow, use.resource) for use in own_uses if use.state == "undeclared-effect"]
    effects: list[str] = []
    for effect in step.effects:
        if effect not in refuted_effects:
            effects.append(effect)
        elif same_family := [name for name in new_effects if _have_same_family(name, effect)]:
            effects.append(same_family[0])
            new_effects.remove(same_family[0])
    return (*effects, *new_effects)


def propose_trigger(step: Step, starts: Iterable[str]) -> str:
    """Return the trigger that an entrypoint should declare, or an empty string unless exactly one was seen.

    Args:
        step: The entrypoint.
        starts: What was seen to start it.
    """
    near_starts = [start for start in starts if _have_same_family(start, step.trigger)]
    return near_starts[0] if len(near_starts) == 1 else ""


def _have_same_family(first: str, second: str) -> bool:
    return read_resource(first).family == read_resource(second).family


def _spell_as_declared(flow: Flow, resource: str) -> str:
    """Return a resource in the flow's word for tables if it has just one; SQLite stands in for other databases in tests."""
    if read_resource(resource).kind != "sqlite":
        return resource
    effects = (effect for step in flow.steps for effect in step.effects)
    words = {
        effect.partition(":")[0] for effect in effects if ":" in effect and read_resource(effect).family == "table"
    }
    return f"{words.pop()}:{resource.partition(':')[2]}" if len(words) == 1 else resource
