"""Counted evidence of a flow: which step began inside which one, and after which.

Beside it, static relations are indexed by their target: a search through all calls for every edge takes too
long where one function calls hundreds of steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.check.evidence import Seen
    from penstock.model import Call, Flow
    from penstock.model.finding_kinds import State

Pair = tuple[str, str]
"""The names of the steps at both ends of an arrow."""


class ObservedContext(NamedTuple):
    """Where a step ran with the current code and no replaced steps: an edge from any of these would explain it.

    Attributes:
        parent: The nearest step around.
        sources: That step, and the steps that had finished in it before.
        nested: Whether the step itself was further out, so that the edge may be mere recursion.
    """

    parent: str
    sources: frozenset[str]
    nested: bool = False


@dataclass(frozen=True)
class Tally:
    """How often the runs of one flow spoke for each pair of steps.

    Attributes:
        call: The source was the nearest step around the target.
        order: The source had finished before, inside the nearest step around the target, or where none is, in its run.
        outdated: One of both, by code that has changed since.
        lost_context: The source began during the target's run, and may or may not belong to it.
        indirect: The source was further out.
        undeclared: The source was the nearest step around the target, and nothing declared explains that.
        lazy: The source is a generator, which may have been handed to the target before it began.
        loose_order: The source had finished in the target's run before, with no step around, so not inside the same step.
        any_order: As ``order``, for every pair, declared or not.
        observable: A run had the target, and would have shown that it comes after the source if it did.
        steps_in_runs: The steps that ran in a run, or lost it.
        unmasked_steps: Those that ran in a run, with no replaced step that may explain it.
        steps_outside_runs: The steps that were called where no run was.
        nested_steps: The steps that ran inside another step of the flow.
        nested_current_steps: Those that ran so with the current code.
        parents: Each step with the nearest one around it.
        sibling_order: Inside which step one had finished before another began.
        indirect_parents: Inside which steps the target ran while the source was further out, explained or not.
        encounters: The steps that went before or around another one in some run.
        strays: The steps that began alone while another one of the flow ran, each with those that may have run before
            it; ``None`` where that is not known.
        top_steps: The steps that began in a run with no step of the flow around them.
        unknown: The steps that ran and that the flow does not have.
        masked: For each step that ran where tests had replaced possible predecessors, those. Such runs confirm, and
            show nothing else.
        replaced: The steps that were only observed as replaced, each with the steps that ran there or may have.
        ancestors: Each step with those around it, in runs in which nothing was replaced.
        contexts: For each step, the contexts in which a declared arrow explains it, or has to.
        descendants: For each step, the steps that declared edges lead to, at any distance.
        calls: For each step, the calls in the code that lead to it.
        vanished: The state and the note of arrows that earlier evidence showed, and this one could have and does not.
    """

    call: Counter[Pair] = field(default_factory=Counter)
    order: Counter[Pair] = field(default_factory=Counter)
    outdated: Counter[Pair] = field(default_factory=Counter)
    lost_context: Counter[Pair] = field(default_factory=Counter)
    indirect: Counter[Pair] = field(default_factory=Counter)
    undeclared: Counter[Pair] = field(default_factory=Counter)
    lazy: Counter[Pair] = field(default_factory=Counter)
    loose_order: Counter[Pair] = field(default_factory=Counter)
    any_order: Counter[Pair] = field(default_factory=Counter)
    observable: set[Pair] = field(default_factory=set)
    steps_in_runs: set[str] = field(default_factory=set)
    unmasked_steps: set[str] = field(default_factory=set)
    steps_outside_runs: set[str] = field(default_factory=set)
    nested_steps: set[str] = field(default_factory=set)
    nested_current_steps: set[str] = field(default_factory=set)
    parents: set[Pair] = field(default_factory=set)
    sibling_order: set[tuple[str, Pair]] = field(default_factory=set)
    indirect_parents: dict[Pair, set[str]] = field(default_factory=dict)
    encounters: set[Pair] = field(default_factory=set)
    strays: dict[str, frozenset[str] | None] = field(default_factory=dict)
    top_steps: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)
    masked: dict[str, set[str]] = field(default_factory=dict)
    replaced: dict[str, set[str]] = field(default_factory=dict)
    ancestors: set[Pair] = field(default_factory=set)
    contexts: dict[str, set[ObservedContext]] = field(default_factory=dict)
    descendants: dict[str, set[str]] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    vanished: dict[Pair, tuple[State, str]] = field(default_factory=dict)

    def find_static_relations(self, source: str, target: str) -> list[Call]:
        """Return the calls in the code that lead from one step to another."""
        return self._by_pair.get((source, target), [])

    @cached_property
    def _by_pair(self) -> dict[Pair, list[Call]]:
        by_pair: dict[Pair, list[Call]] = {}
        for call in (call for calls in self.calls.values() for call in calls):
            by_pair.setdefault((call.source, call.target), []).append(call)
        return by_pair

    @cached_property
    def unexplained(self) -> set[str]:
        """The steps that ran where no declared arrow explains it."""
        return {step for _, step in self.undeclared}

    @cached_property
    def neighbours(self) -> dict[str, set[str]]:
        """For each step, those that it ran inside, or after."""
        neighbours: dict[str, set[str]] = {}
        for source, target in (*self.parents, *self.any_order):
            neighbours.setdefault(target, set()).add(source)
        return neighbours

    def hinders(self, name: str, step: str) -> bool:
        """Return whether mocking ``name`` may affect ``step``.

        A replaced step that only comes later in the flow has no effect.
        """
        return name == step or name not in self.descendants.get(step, ()) or step in self.descendants.get(name, ())

    def leads(self, name: str, step: str) -> bool:
        """Return whether ``name`` is ``step`` or leads to it; a name outside the flow may lead anywhere."""
        return name == step or name not in self.descendants or step in self.descendants[name]


def reachable(flow: Flow, start: str) -> set[str]:
    """Return the steps that arrows lead to from one; itself only if they lead back."""
    names: set[str] = set()
    waiting = [start]
    while waiting:
        new_names = [name for name in flow.successors[waiting.pop()] if name not in names]
        names.update(new_names)
        waiting += new_names
    return names


def is_current(sources: Mapping[str, str], seen: Seen) -> bool:
    """Return whether a step's source is the same as when it ran, where both are known."""
    now = sources.get(seen.step, "")
    return not now or not seen.source or now == seen.source
