"""Goes through the evidence of one flow, and counts what it says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from penstock.check.tally import Context, Tally, is_current, reachable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Container, Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Orphan, Seen
    from penstock.check.tally import Pair
    from penstock.model import Flow

NOTHING: frozenset[str] = frozenset()


def count(flow: Flow, evidence: Evidence) -> Tally:
    """Return what the runs say of a flow."""
    evidence = evidence.of(flow.name)
    tally = Tally(ahead={step.name: reachable(flow, step.name) for step in flow.steps} if evidence.replaced else {})
    for call in flow.calls:
        tally.calls.setdefault(call.target, []).append(call)
    counting = _Counting(flow, evidence, tally)
    counting.count_runs()
    counting.count_orphans()
    counting.count_facts()
    return tally


class _Counting:
    """Goes through the evidence of one flow."""

    def __init__(self, flow: Flow, evidence: Evidence, tally: Tally) -> None:
        self._flow, self._evidence, self._tally = flow, evidence, tally
        self._sources = {step.name: step.source_hash for step in flow.steps}
        self._after: dict[str, list[str]] = {step.name: [] for step in flow.steps}
        for edge in flow.edges:
            self._after[edge.target].append(edge.source)
        self._repeated = _Repeated(evidence.facts, evidence.replaced)
        tally.within.update(self._repeated.within)

    def count_runs(self) -> None:
        """Take note of what has begun a run."""
        for run in self._evidence.runs:
            _, entry = run
            self._note(entry)
            replaced = self._evidence.replaced.get(run, NOTHING)
            self._note_replaced(replaced, {entry.step})
            if not self._hindering(entry.step, replaced):
                self._tally.shown.add(entry.step)

    def count_orphans(self) -> None:
        """Take note of what began with no step around it."""
        for orphan, number in self._evidence.orphans.items():
            self._note_orphan(orphan)
            self._weigh_orphan(orphan, number)

    def count_facts(self) -> None:
        """Take note of what began inside another step, and of what nothing declared explains."""
        for fact, number in self._evidence.facts.items():
            replaced = self._evidence.replaced.get(fact, NOTHING)
            if replaced and not fact.circumstances.alone and not self._repeated.has(fact, replaced):
                self._note_replaced(replaced, _names(fact))
                if hindering := self._hindering(fact.step.step, replaced):
                    self._tally.masked.setdefault(fact.step.step, set()).update(hindering)
            if not self._weigh(fact, number, replaced):
                self._accuse(fact, number)

    def _note_replaced(self, replaced: Collection[str], ran: Iterable[str]) -> None:
        for name in replaced:
            others = {other for other in replaced if other != name}
            hidden = {inner for outer, inner in self._tally.within if outer in others}
            self._tally.replaced.setdefault(name, set()).update(ran, others, hidden)

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
        if fact.circumstances.alone or self._hindering(target, replaced):
            return True
        tally.shown.update(seen.step for seen in (fact.step, fact.parent, *fact.done))
        if fact.circumstances.begins:
            return True
        self._note_place(fact, number)
        current = is_current(self._sources, fact.step) and is_current(self._sources, fact.parent)
        if current:
            tally.current.add(target)
            self._note_doubts(fact, number, justifying)
            if justifying:
                self._note_context(fact)
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
            holds = is_current(self._sources, step) and is_current(self._sources, seen)
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
        tally, circumstances, exact = self._tally, fact.circumstances, self._evidence.exact
        may_wait = not exact and _may_wait(self._flow, source, fact)
        doubts = (
            (source in circumstances.lost or (not exact and source in tally.adrift), tally.lost),
            (source in circumstances.pending or may_wait, tally.lazy),
            (source in circumstances.beside or (not exact and source in tally.loose), tally.apart),
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
            self._note_context(fact)
        elif not self._evidence.exact:
            for source, doubt in doubts:
                doubt[source, target] += number

    def _note_context(self, fact: Fact) -> None:
        """Take note of where a declared arrow explains a step, or has to."""
        target = fact.step.step
        nested = any(seen.step == target for seen in fact.ancestors)
        near = _steps((fact.parent, *fact.done)) - {target}
        self._tally.contexts.setdefault(target, set()).add(Context(fact.parent.step, near, nested))


class _Repeated:
    """What runs show in which tests had replaced nothing, to find those again in which they had, and did no more.

    Attributes:
        within: Each step with those around it.
    """

    def __init__(self, facts: Iterable[Fact], replaced: Container[object]) -> None:
        self.within: set[Pair] = set()
        self._known: dict[Pair, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
        for fact in facts:
            if fact not in replaced:
                self.within.update((seen.step, fact.step.step) for seen in (fact.parent, *fact.ancestors))
                self._known[fact.step.step, fact.parent.step].append((_steps(fact.done), _steps(fact.outside)))

    def has(self, fact: Fact, replaced: Iterable[str]) -> bool:
        """Return whether a run shows the same, and beside it only what was replaced there, and what runs in that."""
        more = {*replaced, *(inner for outer, inner in self.within if outer in replaced)}
        done, outside = _steps(fact.done), _steps(fact.outside)
        return any(
            done <= known and known - done <= more and not (around - outside) & more
            for known, around in self._known.get((fact.step.step, fact.parent.step), ())
        )


def _steps(group: Iterable[Seen]) -> frozenset[str]:
    return frozenset(seen.step for seen in group)


def _names(fact: Fact) -> frozenset[str]:
    return _steps((fact.step, fact.parent, *fact.done, *fact.ancestors, *fact.outside))


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
