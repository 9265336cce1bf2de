"""Joins the flows of a run by their channels: an effect of one that is the trigger of another."""

from __future__ import annotations

from bisect import bisect_right
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from penstock.trace.flow_directory import find_step
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
    writers: dict[str, list[StepDraft]] = {}
    for draft in sorted(drafts, key=_clock):
        for effect in _list_effects(draft):
            writers.setdefault(effect, []).append(draft)
    targets = [(draft, trigger) for draft in drafts if draft.entrypoint for trigger in _list_triggers(draft)]
    matching = vocabulary.match(dict.fromkeys(trigger for _, trigger in targets), writers)
    outlets = {effect: _Outlet(effect, sources) for effect, sources in writers.items()}
    joins = (outlets[effect].join(target) for target, trigger in targets for effect in matching[trigger][:1])
    return [join for join in joins if join is not None]


class _Outlet:
    """The steps that have an effect, in the order of their clocks."""

    def __init__(self, effect: str, sources: Sequence[StepDraft]) -> None:
        self._effect, self._sources = effect, sources
        self._ids = {id(source) for source in sources}

    def join(self, target: StepDraft) -> DraftJoin | None:
        """Return the join of an entrypoint with the step around it, else with the last one before, or the first at all."""
        names = set(target.full_names)
        candidates = (outer for outer in target.iter_outwards() if id(outer) in self._ids)
        for source in chain(candidates, self._iter_nearest(target.start or 0)):
            if names.isdisjoint(source.full_names):
                return DraftJoin(self._effect, source, target)
        return None

    def _iter_nearest(self, time: int) -> Iterator[StepDraft]:
        place = bisect_right(self._sources, time, key=lambda source: source.start or 0)
        yield from (self._sources[number] for number in range(place - 1, -1, -1))
        yield from (self._sources[number] for number in range(place, len(self._sources)))


def _clock(draft: StepDraft) -> tuple[int, int]:
    return draft.start or 0, draft.end or 0


def _list_effects(draft: StepDraft) -> Iterator[str]:
    steps = (find_step(flow, draft.step) for flow in draft.flows.values())
    yield from dict.fromkeys(effect for step in steps if step for effect in step.effects)


def _list_triggers(draft: StepDraft) -> Iterator[str]:
    steps = (find_step(flow, draft.step) for flow in draft.flows.values())
    yield from dict.fromkeys(step.trigger for step in steps if step and step.trigger)


def sort_tops(tops: Sequence[StepDraft], joins: Sequence[DraftJoin]) -> list[StepDraft]:
    """Return the outermost steps by their clocks, but each flow behind the one that started it, whatever clocks say."""
    order = sorted(tops, key=_clock)
    for join in joins:
        source, target = ([*draft.iter_outwards()][-1] for draft in (join.source, join.target))
        if source is not target and order.index(target) < order.index(source):
            order.remove(target)
            order.insert(order.index(source) + 1, target)
    return order
