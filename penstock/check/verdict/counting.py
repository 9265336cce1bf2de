"""Counts the evidence of one flow."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from penstock.check.verdict.tally import ObservedContext, Tally, is_current, reachable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Container, Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Orphan, Seen
    from penstock.check.verdict.tally import Pair
    from penstock.model import Flow

NOTHING: frozenset[str] = frozenset()


def count(flow: Flow, evidence: Evidence) -> Tally:
    """Return the counted evidence of a flow."""
    evidence = evidence.of(flow.name)
    tally = Tally(
        descendants={step.name: reachable(flow, step.name) for step in flow.steps} if evidence.replaced else {}
    )
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
        self._declared_sources: dict[str, list[str]] = {step.name: [] for step in flow.steps}
        for edge in flow.edges:
            self._declared_sources[edge.target].append(edge.source)
        self._repeated = _Repeated(evidence.facts, evidence.replaced)
        tally.ancestors.update(self._repeated.within)

    def count_runs(self) -> None:
        """Record the entrypoints that began runs."""
        for run in self._evidence.runs:
            _, entry = run
            self._note(entry)
            replaced_steps = self._evidence.replaced.get(run, NOTHING)
            self._note_replaced(replaced_steps, {entry.step})
            if not self._hindering(entry.step, replaced_steps):
                self._tally.unmasked_steps.add(entry.step)

    def count_orphans(self) -> None:
        """Count the steps that began with no enclosing step."""
        for orphan, number in self._evidence.orphans.items():
            self._note_orphan(orphan)
            self._weigh_orphan(orphan, number)

    def count_facts(self) -> None:
        """Count the steps that began inside another step, and those that no declared edge explains."""
        for fact, number in self._evidence.facts.items():
            replaced_steps = self._evidence.replaced.get(fact, NOTHING)
            if replaced_steps and not fact.circumstances.alone and not self._repeated.has(fact, replaced_steps):
                self._note_replaced(replaced_steps, _names(fact))
                if hindering := self._hindering(fact.step.step, replaced_steps):
                    self._tally.masked.setdefault(fact.step.step, set()).update(hindering)
            if not self._weigh(fact, number, replaced_steps):
                self._accuse(fact, number)

    def _note_replaced(self, replaced: Collection[str], ran: Iterable[str]) -> None:
        for name in replaced:
            others = {other_name for other_name in replaced if other_name != name}
            hidden_steps = {inner for outer, inner in self._tally.ancestors if outer in others}
            self._tally.replaced.setdefault(name, set()).update(ran, others, hidden_steps)

    def _note(self, part: Seen) -> None:
        if part.step in self._sources:
            self._tally.steps_in_runs.add(part.step)
        else:
            self._tally.unknown[part.step] += 1

    def _note_orphan(self, orphan: Orphan) -> None:
        step = orphan.step.step
        if orphan.concurrent and orphan.done is None:
            exact = self._evidence.exact
            self._tally.strays[step] = self._evidence.meanwhile.get((orphan.flow, step), NOTHING) if exact else None
        if orphan.concurrent or step not in self._sources:
            self._note(orphan.step)
        else:
            self._tally.steps_outside_runs.add(step)

    def _weigh_orphan(self, orphan: Orphan, number: int) -> None:
        """Count the edges that a step without an enclosing one confirms: from steps finished earlier in its run."""
        tally, step = self._tally, orphan.step.step
        if orphan.done is None or step not in self._sources:
            return
        for part in orphan.done:
            self._note(part)
            tally.encounters.add((part.step, step))
        tally.top_steps.add(step)
        tally.unmasked_steps.update((step, *(part.step for part in orphan.done)))
        self._justify(
            orphan.step, {part.step: part for part in orphan.done if part.step in self._declared_sources[step]}, number
        )

    def _weigh(self, fact: Fact, number: int, replaced: Iterable[str]) -> bool:
        """Count the edges that a fact confirms; return whether nothing has to be explained."""
        tally, target, parent = self._tally, fact.step.step, fact.parent.step
        for part in (fact.step, fact.parent, *fact.done):
            self._note_part(fact, part)
        if target not in self._sources or parent not in self._sources:
            return True
        near = {**{part.step: part for part in fact.done}, parent: fact.parent}
        justifying = {name: part for name, part in near.items() if name in self._declared_sources[target]}
        self._justify(fact.step, justifying, number, parent)
        if fact.circumstances.alone or self._hindering(target, replaced):
            return True
        tally.unmasked_steps.update(part.step for part in (fact.step, fact.parent, *fact.done))
        if fact.circumstances.begins:
            return True
        self._note_place(fact, number)
        current = is_current(self._sources, fact.step) and is_current(self._sources, fact.parent)
        if current:
            tally.nested_current_steps.add(target)
            self._note_doubts(fact, number, justifying)
            if justifying:
                self._note_context(fact)
        return bool(justifying) or not current

    def _note_part(self, fact: Fact, part: Seen) -> None:
        if fact.circumstances.alone and part.step in self._sources:
            self._tally.steps_outside_runs.add(part.step)
        else:
            self._note(part)

    def _hindering(self, target: str, replaced: Iterable[str]) -> set[str]:
        return {name for name in replaced if self._tally.hinders(name, target)}

    def _note_place(self, fact: Fact, number: int) -> None:
        """Record where a step ran, and after which steps."""
        tally, target, parent = self._tally, fact.step.step, fact.parent.step
        tally.nested_steps.add(target)
        tally.parents.add((parent, target))
        for part in fact.done:
            tally.any_order[part.step, target] += number
            tally.sibling_order.add((parent, (part.step, target)))
        tally.encounters.update(
            (part.step, target) for part in (fact.parent, *fact.done, *fact.ancestors, *fact.outside)
        )

    def _justify(self, step: Seen, near: Mapping[str, Seen], number: int, parent: str = "") -> None:
        """Count the declared predecessors that a step ran after."""
        tally = self._tally
        for source, part in near.items():
            holds = is_current(self._sources, step) and is_current(self._sources, part)
            kind = (tally.call if source == parent else tally.order) if holds else tally.outdated
            kind[source, step.step] += number

    def _note_doubts(self, fact: Fact, number: int, justifying: Container[str]) -> None:
        """Record the declared predecessors that a run does not show, and those that it could not show."""
        tally, target, out = self._tally, fact.step.step, _out(fact)
        for source in self._declared_sources[target]:
            pair = source, target
            doubts = self._doubts(source, fact)
            for doubt in doubts if self._evidence.exact and source not in justifying else ():
                doubt[pair] += number
            if source in out and not (doubts and self._evidence.exact):
                tally.indirect_parents.setdefault(pair, set()).add(fact.parent.step)
            if not doubts and (self._evidence.exact or target not in tally.strays.keys() | tally.top_steps):
                tally.observable.add(pair)

    def _doubts(self, source: str, fact: Fact) -> list[Counter[Pair]]:
        """Return why a run cannot show whether a step ran after another one, each as its counter."""
        tally, circumstances, exact = self._tally, fact.circumstances, self._evidence.exact
        may_wait = not exact and _may_wait(self._flow, source, fact)
        doubts = (
            (source in circumstances.lost or (not exact and source in tally.strays), tally.lost_context),
            (source in circumstances.pending or may_wait, tally.lazy),
            (source in circumstances.beside or (not exact and source in tally.top_steps), tally.loose_order),
        )
        return [doubt for holds, doubt in doubts if holds]

    def _accuse(self, fact: Fact, number: int) -> None:
        """Record a run that no declared edge explains, unless that is uncertain."""
        tally, target = self._tally, fact.step.step
        if _comes_around(self._flow, fact):
            return
        expected_sources = self._declared_sources[target]
        doubts = [(source, doubt) for source in expected_sources for doubt in self._doubts(source, fact)]
        if not doubts:
            tally.indirect.update({(source, target): number for source in _out(fact).intersection(expected_sources)})
            tally.undeclared[fact.parent.step, target] += number
            self._note_context(fact)
        elif not self._evidence.exact:
            for source, doubt in doubts:
                doubt[source, target] += number

    def _note_context(self, fact: Fact) -> None:
        """Record where a declared edge explains a step, or has to."""
        target = fact.step.step
        is_nested = any(part.step == target for part in fact.ancestors)
        near = _steps((fact.parent, *fact.done)) - {target}
        self._tally.contexts.setdefault(target, set()).add(ObservedContext(fact.parent.step, near, is_nested))


class _Repeated:
    """Facts of runs without replaced steps, to recognize runs with replaced steps that show nothing more.

    Attributes:
        within: Each step with those around it.
    """

    def __init__(self, facts: Iterable[Fact], replaced: Container[object]) -> None:
        self.within: set[Pair] = set()
        self._plain_facts: dict[Pair, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
        for fact in facts:
            if fact not in replaced:
                self.within.update((part.step, fact.step.step) for part in (fact.parent, *fact.ancestors))
                self._plain_facts[fact.step.step, fact.parent.step].append((_steps(fact.done), _steps(fact.outside)))

    def has(self, fact: Fact, replaced: Iterable[str]) -> bool:
        """Return whether another run shows the same fact, apart from replaced steps and the steps inside them."""
        extra_steps = {*replaced, *(inner for outer, inner in self.within if outer in replaced)}
        done, outside = _steps(fact.done), _steps(fact.outside)
        return any(
            done <= plain_done and plain_done - done <= extra_steps and not (plain_outside - outside) & extra_steps
            for plain_done, plain_outside in self._plain_facts.get((fact.step.step, fact.parent.step), ())
        )


def _steps(group: Iterable[Seen]) -> frozenset[str]:
    return frozenset(part.step for part in group)


def _names(fact: Fact) -> frozenset[str]:
    return _steps((fact.step, fact.parent, *fact.done, *fact.ancestors, *fact.outside))


def _out(fact: Fact) -> set[str]:
    return {part.step for part in (*fact.ancestors, *fact.outside)}


def _comes_around(flow: Flow, fact: Fact) -> bool:
    """Return whether a step runs inside itself through declared edges: recursion adds no edge."""
    target = fact.step.step
    return any(part.step == target for part in fact.ancestors) and fact.parent.step in reachable(flow, target)


def _may_wait(flow: Flow, source: str, fact: Fact) -> bool:
    """Return whether a step is a generator that may have been passed on before it began, where runs do not show it."""
    if not flow.step(source).kind.endswith("generator"):
        return False
    callees = {call.target for call in flow.calls if call.source == source and call.kind in ("call", "data")}
    unread = not flow.calls or any(place.step == fact.parent.step for place in flow.blind)
    return unread or fact.step.step in callees
