"""What the runs say of a flow, counted: which step began inside which one, and after which.

Beside it stands what the code says, by the step that it leads to: to look through all calls for every arrow takes too
long where one function calls hundreds of steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Orphan, Seen
    from penstock.model import Call, Flow, State

Pair = tuple[str, str]
"""The names of the steps at both ends of an arrow."""

NOTHING: frozenset[str] = frozenset()


class Context(NamedTuple):
    """Where a step ran with the code of today and nothing replaced: an arrow from any of these would explain that.

    Attributes:
        parent: The nearest step around.
        near: That one, and what had finished in it before.
        nested: Whether the step itself was further out, so that the arrow may be no more than recursion.
    """

    parent: str
    near: frozenset[str]
    nested: bool = False


@dataclass(frozen=True)
class Tally:
    """How often the runs of one flow spoke for each pair of steps.

    Attributes:
        call: The source was the nearest step around the target.
        order: The source had finished before, inside the nearest step around the target, or where none is, in its run.
        outdated: One of both, by code that has changed since.
        lost: The target could not be judged, because the source's context was lost.
        indirect: The source was further out.
        undeclared: The source was the nearest step around the target, and nothing declared explains that.
        lazy: The source is a generator, which may have been handed to the target before it began.
        before: As ``order``, for every pair, declared or not.
        seen: The steps that ran in a run, or lost it.
        alone: The steps that were called where no run was.
        placed: The steps that ran inside another step of the flow.
        current: Those of them that ran so with the code of today.
        inside: Each step with the nearest one around it.
        between: Inside which step one had finished before another began.
        further: Inside which steps the target ran while the source was further out, explained or not.
        met: The steps that went before or around another one in some run.
        adrift: The steps that began alone while another step of the flow was running.
        loose: The steps that began in a run with no step of the flow around them.
        unknown: The steps that ran and that the flow does not have.
        masked: For each step that ran where tests had replaced what may explain it, what that was. Such runs confirm, and
            show nothing else.
        replaced: The steps that tests had replaced in what was seen only so.
        contexts: For each step, the contexts in which a declared arrow explains it, or has to.
        ahead: For each step, those that declared arrows lead to, however far.
        calls: For each step, the calls in the code that lead to it.
        vanished: The state and the note of arrows that earlier evidence showed, and this one could have and does not.
    """

    call: Counter[Pair] = field(default_factory=Counter)
    order: Counter[Pair] = field(default_factory=Counter)
    outdated: Counter[Pair] = field(default_factory=Counter)
    lost: Counter[Pair] = field(default_factory=Counter)
    indirect: Counter[Pair] = field(default_factory=Counter)
    undeclared: Counter[Pair] = field(default_factory=Counter)
    lazy: Counter[Pair] = field(default_factory=Counter)
    before: Counter[Pair] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    current: set[str] = field(default_factory=set)
    inside: set[Pair] = field(default_factory=set)
    between: set[tuple[str, Pair]] = field(default_factory=set)
    further: dict[Pair, set[str]] = field(default_factory=dict)
    met: set[Pair] = field(default_factory=set)
    adrift: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)
    masked: dict[str, set[str]] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    contexts: dict[str, set[Context]] = field(default_factory=dict)
    ahead: dict[str, set[str]] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    vanished: dict[Pair, tuple[State, str]] = field(default_factory=dict)

    def said(self, source: str, target: str) -> list[Call]:
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
        for source, target in (*self.inside, *self.before):
            neighbours.setdefault(target, set()).add(source)
        return neighbours

    def hinders(self, name: str, step: str) -> bool:
        """Tell whether a step may not run, or not as it would, because another one is replaced.

        What the flow only has further down cannot keep it from anything.
        """
        return name == step or name not in self.ahead.get(step, ()) or step in self.ahead.get(name, ())

    def leads(self, name: str, step: str) -> bool:
        """Tell whether a step is another one, or has it further down; one that the flow does not have may lead anywhere."""
        return name == step or name not in self.ahead or step in self.ahead[name]


def count(flow: Flow, evidence: Evidence) -> Tally:
    """Return what the runs say of a flow."""
    evidence = evidence.of(flow.name)
    tally = Tally(ahead={step.name: reachable(flow, step.name) for step in flow.steps} if evidence.replaced else {})
    for call in flow.calls:
        tally.calls.setdefault(call.target, []).append(call)
    sources = {step.name: step.source_hash for step in flow.steps}
    for run in evidence.runs:
        name, entry = run
        if name == flow.name:
            _note(tally, sources, entry)
            tally.replaced.update(evidence.replaced.get(run, NOTHING))
    after = _predecessors(flow)
    for orphan, number in evidence.orphans.items():
        if orphan.flow == flow.name:
            _note_orphan(tally, sources, orphan)
            _weigh_orphan(tally, orphan, number, sources, after)
    for fact, number in evidence.facts.items():
        if fact.flow == flow.name:
            replaced = evidence.replaced.get(fact, NOTHING)
            tally.replaced.update(replaced)
            if not _weigh(tally, fact, number, sources, after, replaced):
                _accuse(flow, tally, fact, number, after[fact.step.step])
    return tally


def reachable(flow: Flow, start: str) -> set[str]:
    """Return the steps that arrows lead to from one; itself only if they lead back."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = [name for name in flow.successors[waiting.pop()] if name not in found]
        found.update(new)
        waiting += new
    return found


def _note(tally: Tally, sources: Mapping[str, str], seen: Seen) -> None:
    if seen.step in sources:
        tally.seen.add(seen.step)
    else:
        tally.unknown[seen.step] += 1


def _note_orphan(tally: Tally, sources: Mapping[str, str], orphan: Orphan) -> None:
    if orphan.concurrent and orphan.done is None:
        tally.adrift.add(orphan.step.step)
    if orphan.concurrent or orphan.step.step not in sources:
        _note(tally, sources, orphan.step)
    else:
        tally.alone.add(orphan.step.step)


def _weigh_orphan(
    tally: Tally, orphan: Orphan, number: int, sources: Mapping[str, str], after: Mapping[str, list[str]]
) -> None:
    """Count what a step with none around it confirms: what had finished before in its run. It accuses nobody."""
    if orphan.done is None or orphan.step.step not in sources:
        return
    for seen in orphan.done:
        _note(tally, sources, seen)
        tally.met.add((seen.step, orphan.step.step))
    tally.loose.add(orphan.step.step)
    near = {seen.step: seen for seen in orphan.done if seen.step in after[orphan.step.step]}
    _justify(tally, orphan.step, near, number, sources)


def _predecessors(flow: Flow) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {step.name: [] for step in flow.steps}
    for edge in flow.edges:
        found[edge.target].append(edge.source)
    return found


def _weigh(
    tally: Tally,
    fact: Fact,
    number: int,
    sources: Mapping[str, str],
    after: Mapping[str, list[str]],
    replaced: Iterable[str],
) -> bool:
    """Count what a fact confirms; return whether nothing has to be explained."""
    target, parent = fact.step.step, fact.parent.step
    for seen in (fact.step, fact.parent, *fact.done):
        _note(tally, sources, seen)
    if target not in sources or parent not in sources:
        return True
    near = {**{seen.step: seen for seen in fact.done}, parent: fact.parent}
    justifying = {name: seen for name, seen in near.items() if name in after[target]}
    _justify(tally, fact.step, justifying, number, sources, parent)
    if hindering := {name for name in replaced if tally.hinders(name, target)}:
        tally.masked.setdefault(target, set()).update(hindering)
        return True
    _note_place(tally, fact, number)
    current = is_current(sources, fact.step) and is_current(sources, fact.parent)
    if current:
        tally.current.add(target)
        _note_further(tally, fact, after[target])
        if justifying:
            _note_context(tally, fact)
    return bool(justifying) or not current


def _note_context(tally: Tally, fact: Fact) -> None:
    target = fact.step.step
    near = frozenset(seen.step for seen in (fact.parent, *fact.done)) - {target}
    nested = any(seen.step == target for seen in fact.ancestors)
    tally.contexts.setdefault(target, set()).add(Context(fact.parent.step, near, nested))


def _note_place(tally: Tally, fact: Fact, number: int) -> None:
    """Take note of where a step ran, and after what."""
    target, parent = fact.step.step, fact.parent.step
    tally.placed.add(target)
    tally.inside.add((parent, target))
    for seen in fact.done:
        tally.before[seen.step, target] += number
        tally.between.add((parent, (seen.step, target)))
    tally.met.update((seen.step, target) for seen in (fact.parent, *fact.done, *fact.ancestors, *fact.outside))


def _justify(
    tally: Tally, step: Seen, near: Mapping[str, Seen], number: int, sources: Mapping[str, str], parent: str = ""
) -> None:
    """Count the declared predecessors that a step ran after."""
    for source, seen in near.items():
        holds = is_current(sources, step) and is_current(sources, seen)
        kind = (tally.call if source == parent else tally.order) if holds else tally.outdated
        kind[source, step.step] += number


def _note_further(tally: Tally, fact: Fact, expected: Iterable[str]) -> None:
    for source in _out(fact).intersection(expected):
        tally.further.setdefault((source, fact.step.step), set()).add(fact.parent.step)


def _out(fact: Fact) -> set[str]:
    return {seen.step for seen in (*fact.ancestors, *fact.outside)}


def _accuse(flow: Flow, tally: Tally, fact: Fact, number: int, expected: Iterable[str]) -> None:
    """Take note of a run that no declared arrow explains, unless that cannot be told."""
    target = fact.step.step
    if _comes_around(flow, fact):
        return
    lost = [source for source in expected if source in tally.adrift]
    lazy = [source for source in expected if _may_wait(flow, source, fact)]
    if lost or lazy or tally.loose.intersection(expected):
        tally.lost.update({(source, target): number for source in lost})
        tally.lazy.update({(source, target): number for source in lazy})
        return
    tally.indirect.update({(source, target): number for source in _out(fact).intersection(expected)})
    tally.undeclared[fact.parent.step, target] += number
    _note_context(tally, fact)


def _comes_around(flow: Flow, fact: Fact) -> bool:
    """Tell whether a step runs inside itself, by way of others that arrows lead to: recursion adds no arrow."""
    target = fact.step.step
    return any(seen.step == target for seen in fact.ancestors) and fact.parent.step in reachable(flow, target)


def _may_wait(flow: Flow, source: str, fact: Fact) -> bool:
    """Tell whether a step is a generator that may have been handed on before it began, which no run shows."""
    if not flow.step(source).kind.endswith("generator"):
        return False
    said = {call.target for call in flow.calls if call.source == source and call.kind in ("call", "data")}
    unread = not flow.calls or any(place.step == fact.parent.step for place in flow.blind)
    return unread or fact.step.step in said


def is_current(sources: Mapping[str, str], seen: Seen) -> bool:
    """Tell whether a step's source is still what it was when it ran, as far as both are known."""
    now = sources.get(seen.step, "")
    return not now or not seen.source or now == seen.source
