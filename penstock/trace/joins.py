"""Joins the flows of a run by their channels: an effect of one that is the trigger of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.trace.flow_index import find_step
from penstock.trace.model import Join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.model.resources import Vocabulary
    from penstock.trace.drafts import StepDraft


class DraftJoin(NamedTuple):
    """A channel between two steps of the run.

    Attributes:
        channel: The effect.
        source: The step that has it.
        target: The entrypoint that it starts.
    """

    channel: str
    source: StepDraft
    target: StepDraft

    def freeze(self, numbers: Mapping[int, int]) -> Join:
        """Return the join of numbered steps."""
        return Join(channel=self.channel, source=numbers[id(self.source)], target=numbers[id(self.target)])


def join_flows(drafts: Sequence[StepDraft], vocabulary: Vocabulary) -> list[DraftJoin]:
    """Return the channels between steps of different flows; of several steps with the effect, the last one before counts."""
    writers = [(effect, draft) for draft in drafts for effect in _list_effects(draft)]
    joins: list[DraftJoin] = []
    for target in drafts:
        triggers = list(_list_triggers(target))
        if not triggers or not target.entrypoint:
            continue
        sources = [
            (effect, source)
            for effect, source in writers
            if set(source.full_names).isdisjoint(target.full_names)
            if any(vocabulary.agree(effect, trigger) for trigger in triggers)
        ]
        if sources:
            joins.append(DraftJoin(*_choose_source(sources, target), target))
    return joins


def _choose_source(sources: Sequence[tuple[str, StepDraft]], target: StepDraft) -> tuple[str, StepDraft]:
    around = {id(step) for step in target.iter_outwards()}
    outer = [pair for pair in sources if id(pair[1]) in around]
    before = [pair for pair in sources if (pair[1].start or 0) <= (target.start or 0)]
    return max(outer or before or sources[:1], key=lambda pair: pair[1].start or 0)


def _list_effects(draft: StepDraft) -> Iterator[str]:
    steps = (find_step(flow, draft.step) for flow in draft.flows.values())
    yield from dict.fromkeys(effect for step in steps if step for effect in step.effects)


def _list_triggers(draft: StepDraft) -> Iterator[str]:
    steps = (find_step(flow, draft.step) for flow in draft.flows.values())
    yield from dict.fromkeys(step.trigger for step in steps if step and step.trigger)


def sort_tops(tops: Sequence[StepDraft], joins: Sequence[DraftJoin]) -> list[StepDraft]:
    """Return the outermost steps by their clocks, but each flow behind the one that started it, whatever clocks say."""
    order = sorted(tops, key=lambda draft: (draft.start or 0, draft.end or 0))
    for join in joins:
        source, target = ([*draft.iter_outwards()][-1] for draft in (join.source, join.target))
        if source is not target and order.index(target) < order.index(source):
            order.remove(target)
            order.insert(order.index(source) + 1, target)
    return order
