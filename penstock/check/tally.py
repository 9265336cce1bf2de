"""What the runs say of a flow, counted: which step began inside which one, and after which.

Beside it stands what the code says, by the step that it leads to: to look through all calls for every arrow takes too
long where one function calls hundreds of steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Orphan, Seen
    from penstock.model import Call, Flow

Pair = tuple[str, str]
"""The names of the steps at both ends of an arrow."""

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tally:
    """How often the runs of one flow spoke for each pair of steps.

    Attributes:
        call: The source was the nearest step around the target.
        order: The source had finished before, inside the nearest step around the target, or where none is, in its run.
        outdated: One of both, by code that has changed since.
        lost: The source began during the target's run, where nothing tells whether it belongs to that.
        indirect: The source was further out.
        undeclared: The source was the nearest step around the target, and nothing declared explains that.
        lazy: The source is a generator, which may have been handed to the target before it began.
        apart: The source had finished in the target's run before, with no step around, so not inside the same step.
        before: As ``order``, for every pair, declared or not.
        told: A run had the target, and would have shown that it comes after the source if it did.
        seen: The steps that ran in a run, or lost it.
        shown: Those of them that ran in a run, and with nothing replaced that may explain them.
        alone: The steps that were called where no run was.
        placed: The steps that ran inside another step of the flow.
        current: Those of them that ran so with the code of today.
        inside: Each step with the nearest one around it.
        between: Inside which step one had finished before another began.
        further: Inside which steps the target ran while the source was further out, explained or not.
        met: The steps that went before or around another one in some run.
        adrift: The steps that began alone while another step of the flow was running, each with what may have run before
            it; ``None`` where that is not known.
        loose: The steps that began in a run with no step of the flow around them.
        unknown: The steps that ran and that the flow does not have.
        masked: For each step that ran where tests had replaced what may explain it, what that was. Such runs confirm, and
            show nothing else.
        replaced: The steps that tests had replaced in what was seen only so.
        ahead: For each step, those that declared arrows lead to, however far.
        calls: For each step, the calls in the code that lead to it.
    """

    call: Counter[Pair] = field(default_factory=Counter)
    order: Counter[Pair] = field(default_factory=Counter)
    outdated: Counter[Pair] = field(default_factory=Counter)
    lost: Counter[Pair] = field(default_factory=Counter)
    indirect: Counter[Pair] = field(default_factory=Counter)
    undeclared: Counter[Pair] = field(default_factory=Counter)
    lazy: Counter[Pair] = field(default_factory=Counter)
    apart: Counter[Pair] = field(default_factory=Counter)
    before: Counter[Pair] = field(default_factory=Counter)
    told: set[Pair] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    current: set[str] = field(default_factory=set)
    inside: set[Pair] = field(default_factory=set)
    between: set[tuple[str, Pair]] = field(default_factory=set)
    further: dict[Pair, set[str]] = field(default_factory=dict)
    met: set[Pair] = field(default_factory=set)
    adrift: dict[str, frozenset[str] | None] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)
    masked: dict[str, set[str]] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    ahead: dict[str, set[str]] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)

    def said(self, source: str, target: str) -> list[Call]:
        """Return the calls in the code that lead from one step to another."""
        return [call for call in self.calls.get(target, ()) if call.source == source]

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
    tally = Tally(ahead={step.name: reachable(flow, step.name) for step in flow.steps} if evidence.replaced else {})
    for call in flow.calls:
        tally.calls.setdefault(call.target, []).append(call)
    counting = _Counting(flow, evidence, tally)
    counting.count_runs()
    counting.count_orphans()
    counting.count_facts()
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


class _Counting:
    """Goes through the evidence of one flow."""

    def __init__(self, flow: Flow, evidence: Evidence, tally: Tally) -> None:
        self._flow, self._evidence, self._tally = flow, evidence, tally
        self._sources = {step.name: step.source_hash for step in flow.steps}
        self._after: dict[str, list[str]] = {step.name: [] for step in flow.steps}
        for edge in flow.edges:
            self._after[edge.target].append(edge.source)

    def count_runs(self) -> None:
        """Take note of what has begun a run."""
        for run in self._evidence.runs:
            name, entry = run
            if name == self._flow.name:
                self._note(entry)
                replaced = self._evidence.replaced.get(run, NOTHING)
                self._tally.replaced.update(replaced)
                if not self._hindering(entry.step, replaced):
                    self._tally.shown.add(entry.step)

    def count_orphans(self) -> None:
        """Take note of what began with no step around it."""
        for orphan, number in self._evidence.orphans.items():
            if orphan.flow == self._flow.name:
                self._note_orphan(orphan)
                self._weigh_orphan(orphan, number)

    def count_facts(self) -> None:
        """Take note of what began inside another step, and of what nothing declared explains."""
        for fact, number in self._evidence.facts.items():
            if fact.flow != self._flow.name:
                continue
            replaced = self._evidence.replaced.get(fact, NOTHING)
            self._tally.replaced.update(replaced)
            if not self._weigh(fact, number, replaced):
                self._accuse(fact, number)

    def _note(self, seen: Seen) -> None:
        if seen.step in self._sources:
            self._tally.seen.add(seen.step)
        else:
            self._tally.unknown[seen.step] += 1

    def _note_orphan(self, orphan: Orphan) -> None:
        step = orphan.step.step
        if orphan.concurrent and orphan.done is None:
            exact = self._evidence.exact
            self._tally.adrift[step] = self._evidence.meanwhile.get((orphan.flow, step), NOTHING) if exact else None
        if orphan.concurrent or step not in self._sources:
            self._note(orphan.step)
        else:
            self._tally.alone.add(step)

    def _weigh_orphan(self, orphan: Orphan, number: int) -> None:
        """Count what a step with none around it confirms: what had finished before in its run. It accuses nobody."""
        tally, step = self._tally, orphan.step.step
        if orphan.done is None or step not in self._sources:
            return
        for seen in orphan.done:
            self._note(seen)
            tally.met.add((seen.step, step))
        tally.loose.add(step)
        tally.shown.update((step, *(seen.step for seen in orphan.done)))
        self._justify(orphan.step, {seen.step: seen for seen in orphan.done if seen.step in self._after[step]}, number)

    def _weigh(self, fact: Fact, number: int, replaced: Iterable[str]) -> bool:
        """Count what a fact confirms; return whether nothing has to be explained."""
        tally, target, parent = self._tally, fact.step.step, fact.parent.step
        for seen in (fact.step, fact.parent, *fact.done):
            self._note_part(fact, seen)
        if target not in self._sources or parent not in self._sources:
            return True
        near = {**{seen.step: seen for seen in fact.done}, parent: fact.parent}
        justifying = {name: seen for name, seen in near.items() if name in self._after[target]}
        self._justify(fact.step, justifying, number, parent)
        if fact.circumstances.alone:
            return True
        if hindering := self._hindering(target, replaced):
            tally.masked.setdefault(target, set()).update(hindering)
            return True
        tally.shown.update(seen.step for seen in (fact.step, fact.parent, *fact.done))
        if fact.circumstances.begins:
            return True
        self._note_place(fact, number)
        current = self._is_current(fact.step) and self._is_current(fact.parent)
        if current:
            tally.current.add(target)
            self._note_doubts(fact, number, justifying)
        return bool(justifying) or not current

    def _note_part(self, fact: Fact, seen: Seen) -> None:
        if fact.circumstances.alone and seen.step in self._sources:
            self._tally.alone.add(seen.step)
        else:
            self._note(seen)

    def _hindering(self, target: str, replaced: Iterable[str]) -> set[str]:
        return {name for name in replaced if self._tally.hinders(name, target)}

    def _note_place(self, fact: Fact, number: int) -> None:
        """Take note of where a step ran, and after what."""
        tally, target, parent = self._tally, fact.step.step, fact.parent.step
        tally.placed.add(target)
        tally.inside.add((parent, target))
        for seen in fact.done:
            tally.before[seen.step, target] += number
            tally.between.add((parent, (seen.step, target)))
        tally.met.update((seen.step, target) for seen in (fact.parent, *fact.done, *fact.ancestors, *fact.outside))

    def _justify(self, step: Seen, near: Mapping[str, Seen], number: int, parent: str = "") -> None:
        """Count the declared predecessors that a step ran after."""
        tally = self._tally
        for source, seen in near.items():
            holds = self._is_current(step) and self._is_current(seen)
            kind = (tally.call if source == parent else tally.order) if holds else tally.outdated
            kind[source, step.step] += number

    def _note_doubts(self, fact: Fact, number: int, justifying: Container[str]) -> None:
        """Take note of the declared predecessors that a run does not show, and of those that it could not show."""
        tally, target, out = self._tally, fact.step.step, _out(fact)
        for source in self._after[target]:
            pair = source, target
            doubts = self._doubts(source, fact)
            for doubt in doubts if self._evidence.exact and source not in justifying else ():
                doubt[pair] += number
            if source in out and not (doubts and self._evidence.exact):
                tally.further.setdefault(pair, set()).add(fact.parent.step)
            if not doubts and (self._evidence.exact or target not in tally.adrift.keys() | tally.loose):
                tally.told.add(pair)

    def _doubts(self, source: str, fact: Fact) -> list[Counter[Pair]]:
        """Return why a run cannot tell whether a step ran after another one, each as what counts it."""
        tally, circumstances = self._tally, fact.circumstances
        if self._evidence.exact:
            doubts = (
                (source in circumstances.lost, tally.lost),
                (source in circumstances.pending, tally.lazy),
                (source in circumstances.beside, tally.apart),
            )
        else:
            doubts = (
                (source in tally.adrift, tally.lost),
                (_may_wait(self._flow, source, fact), tally.lazy),
                (source in tally.loose, tally.apart),
            )
        return [doubt for holds, doubt in doubts if holds]

    def _accuse(self, fact: Fact, number: int) -> None:
        """Take note of a run that no declared arrow explains, unless that cannot be told."""
        tally, target = self._tally, fact.step.step
        if _comes_around(self._flow, fact):
            return
        expected = self._after[target]
        doubts = [(source, doubt) for source in expected for doubt in self._doubts(source, fact)]
        if not doubts:
            tally.indirect.update({(source, target): number for source in _out(fact).intersection(expected)})
            tally.undeclared[fact.parent.step, target] += number
        elif not self._evidence.exact:
            for source, doubt in doubts:
                doubt[source, target] += number

    def _is_current(self, seen: Seen) -> bool:
        """Return whether a step's source is still the same as when it ran, as far as both are known."""
        now = self._sources.get(seen.step, "")
        return not now or not seen.source or now == seen.source


def _out(fact: Fact) -> set[str]:
    return {seen.step for seen in (*fact.ancestors, *fact.outside)}


def _comes_around(flow: Flow, fact: Fact) -> bool:
    """Tell whether a step runs inside itself, by way of others that arrows lead to: recursion adds no arrow."""
    target = fact.step.step
    return any(seen.step == target for seen in fact.ancestors) and fact.parent.step in reachable(flow, target)


def _may_wait(flow: Flow, source: str, fact: Fact) -> bool:
    """Tell whether a step is a generator that may have been handed on before it began, where runs do not show that."""
    if not flow.step(source).kind.endswith("generator"):
        return False
    said = {call.target for call in flow.calls if call.source == source and call.kind in ("call", "data")}
    unread = not flow.calls or any(place.step == fact.parent.step for place in flow.blind)
    return unread or fact.step.step in said
