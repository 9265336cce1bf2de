"""The verdict on each arrow: what was declared, held against what the code calls and what really ran.

A pure function. As in Murphy and Notkin's reflexion models (https://doi.org/10.1145/222124.222136), an arrow that is
declared and seen converges, one that is only seen diverges, one that is only declared is absent. What ran beats what
the reading of the code guesses, and no witness accuses on what it did not see.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from penstock.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Seen
    from penstock.model import Flow, State

Pair = tuple[str, str]
"""The names of the steps at both ends of an arrow."""


@dataclass(frozen=True)
class Tally:
    """How often the runs of one flow spoke for each pair of steps.

    Attributes:
        call: The source was the nearest step around the target.
        order: The source had finished before, inside the nearest step around the target.
        outdated: One of both, by code that has changed since.
        lost: The target could not be judged, because the source's context was lost.
        indirect: The source was further out.
        undeclared: The source was the nearest step around the target, and nothing declared explains that.
        lazy: The source is a generator, which may have been handed to the target before it began.
        before: As ``order``, for every pair, declared or not.
        seen: The steps that ran.
        placed: The steps that ran inside another step of the flow.
        between: Inside which step one had finished before another began.
        adrift: The steps that began alone while another step of the flow was running.
        unknown: The steps that ran and that the flow does not have.
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
    placed: set[str] = field(default_factory=set)
    between: set[tuple[str, Pair]] = field(default_factory=set)
    adrift: set[str] = field(default_factory=set)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the witnesses say of one flow.

    Attributes:
        flow: The flow, with the state of each arrow, and with the arrows that only ran.
        tally: What the runs said.
        runs: How many runs were seen.
        missing: Arrows that nobody declared, though the code hands data along them and the runs keep their order.
    """

    flow: Flow
    tally: Tally
    runs: int
    missing: tuple[Pair, ...] = ()


def judge(flow: Flow, evidence: Evidence) -> Judgement:
    """Return the verdict on every arrow of a flow."""
    bare = replace(flow, edges=tuple(edge for edge in flow.edges if edge.origin == "declared"))
    tally = count(bare, evidence)
    edges = [_judged(bare, edge, tally) for edge in bare.edges]
    missing = _missing(bare, tally)
    extra = [_seen(pair, tally) for pair in dict.fromkeys((*sorted(tally.undeclared), *missing))]
    runs = sum(number for (name, _), number in evidence.runs.items() if name == flow.name)
    whole = replace(bare, edges=(*edges, *extra), provenance=_provenance([*edges, *extra], runs, evidence))
    return Judgement(flow=whole, tally=tally, runs=runs, missing=missing)


def count(flow: Flow, evidence: Evidence) -> Tally:
    """Return what the runs say of a flow."""
    tally = Tally()
    sources = {step.name: step.source_hash for step in flow.steps}
    for name, entry in evidence.runs:
        if name == flow.name:
            _note(tally, sources, entry)
    for orphan in evidence.orphans:
        if orphan.flow == flow.name:
            _note(tally, sources, orphan.step)
            if orphan.concurrent:
                tally.adrift.add(orphan.step.step)
    after = _predecessors(flow)
    for fact, number in evidence.facts.items():
        if fact.flow == flow.name and not _weigh(tally, fact, number, sources, after):
            _accuse(flow, tally, fact, number, after[fact.step.step])
    return tally


def _note(tally: Tally, sources: Mapping[str, str], seen: Seen) -> None:
    if seen.step in sources:
        tally.seen.add(seen.step)
    else:
        tally.unknown[seen.step] += 1


def _predecessors(flow: Flow) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {step.name: [] for step in flow.steps}
    for edge in flow.edges:
        found[edge.target].append(edge.source)
    return found


def _weigh(tally: Tally, fact: Fact, number: int, sources: Mapping[str, str], after: Mapping[str, list[str]]) -> bool:
    """Count what a fact confirms; return whether nothing has to be explained."""
    target, parent = fact.step.step, fact.parent.step
    for seen in (fact.step, fact.parent, *fact.done):
        _note(tally, sources, seen)
    if target not in sources or parent not in sources:
        return True
    tally.placed.add(target)
    done = {seen.step: seen for seen in fact.done}
    for name in done:
        tally.before[name, target] += number
        tally.between.add((parent, (name, target)))
    near = {**done, parent: fact.parent}
    justifying = [source for source in after[target] if source in near]
    for source in justifying:
        current = is_current(sources, fact.step) and is_current(sources, near[source])
        kind = (tally.call if source == parent else tally.order) if current else tally.outdated
        kind[source, target] += number
    return bool(justifying) or not (is_current(sources, fact.step) and is_current(sources, fact.parent))


def _accuse(flow: Flow, tally: Tally, fact: Fact, number: int, expected: Iterable[str]) -> None:
    """Take note of a run that no declared arrow explains, unless that cannot be told."""
    target = fact.step.step
    lost = [source for source in expected if source in tally.adrift]
    lazy = [source for source in expected if _may_wait(flow, source, fact)]
    if lost or lazy:
        tally.lost.update({(source, target): number for source in lost})
        tally.lazy.update({(source, target): number for source in lazy})
        return
    further = {seen.step for seen in (*fact.ancestors, *fact.outside)}
    tally.indirect.update({(source, target): number for source in expected if source in further})
    tally.undeclared[fact.parent.step, target] += number


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


def _judged(flow: Flow, edge: Edge, tally: Tally) -> Edge:
    state, witness, note = _state(flow, edge, tally)
    return replace(edge, state=state, witness=witness, note=note)


def _state(flow: Flow, edge: Edge, tally: Tally) -> tuple[State, str, str]:
    source, target = pair = edge.source, edge.target
    if times := tally.call[pair]:
        return "confirmed", "call", f"{source} called {target} in {_times(times)}."
    if times := tally.order[pair]:
        return "confirmed", "order", f"{target} ran after {source} in {_times(times)}."
    if said := _static(flow, pair, tally):
        return "confirmed", "static", said
    state, note = _doubt(pair, tally)
    return state, "", note


def _doubt(pair: Pair, tally: Tally) -> tuple[State, str]:
    """Return what to say of an arrow that no witness confirms."""
    source, target = pair
    seen = {source: tally.seen, target: tally.placed}  # a test that calls a step alone shows nothing of arrows
    unseen = [name for name, ran in seen.items() if name not in ran]
    doubts: list[tuple[object, State, str]] = [
        (
            tally.lost[pair] or target in tally.adrift,
            "context-lost",
            f"{target} ran where nothing tells what came before.",
        ),
        (
            tally.indirect[pair],
            "indirect",
            f"{target} ran inside {_around(target, tally)}, further away from {source}.",
        ),
        (tally.outdated[pair], "outdated", f"The code of {source} or {target} has changed since this was seen to run."),
        (unseen, "unexercised", f"{' and '.join(unseen)} did not run in the flow."),
        (tally.lazy[pair], "unexercised", f"{source} is a generator, and began only after {target} had."),
    ]
    found = next(((state, note) for holds, state, note in doubts if holds), None)
    return found or ("never-seen", f"Both ran, but {target} never after {source}.")


def _around(target: str, tally: Tally) -> str:
    return " and ".join(sorted(parent for parent, step in tally.undeclared if step == target))


def _static(flow: Flow, pair: Pair, tally: Tally) -> str:
    """Return what the code says for an arrow, or nothing; the mere order counts only where no run could tell."""
    kinds = {call.kind: call for call in flow.calls if (call.source, call.target) == pair}
    source, target = pair
    if "call" in kinds:
        return f"The code of {source} calls {target}."
    if "data" in kinds:
        return f"The code hands what {source} returns to {target}."
    if "order" in kinds and (target not in tally.placed or pair in tally.lost or source in tally.adrift):
        return f"The code calls {source}, then {target}."
    return ""


def _missing(flow: Flow, tally: Tally) -> tuple[Pair, ...]:
    """Return the pairs along which the code hands data and the runs keep the order, and no declared path leads."""
    pairs = dict.fromkeys((call.source, call.target) for call in flow.calls if call.kind == "data")
    ordered = {around for around, pair in tally.between if tally.order[pair]}
    shown = {
        pair for around, pair in tally.between if around in ordered or not tally.call[around, pair[1]]
    }  # where arrows only show whom a step calls, what it hands from one to the other is its own affair
    return tuple(
        (source, target)
        for source, target in pairs
        if source != target and (source, target) in shown and target not in _reachable(flow, source)
    )


def _reachable(flow: Flow, start: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = [name for name in flow.successors[waiting.pop()] if name not in found]
        found.update(new)
        waiting += new
    return found


def _seen(pair: Pair, tally: Tally) -> Edge:
    source, target = pair
    if times := tally.undeclared[pair]:
        note = f"{target} ran inside {source} in {_times(times)}, and no declared arrow explains it."
    else:
        note = f"The code hands what {source} returns to {target}, and the runs keep that order."
    return Edge(source=source, target=target, origin="seen", state="undeclared", note=note)


def _provenance(edges: Iterable[Edge], runs: int, evidence: Evidence) -> str:
    states = Counter(edge.state for edge in edges)
    total = sum(states.values()) - states["undeclared"]
    said = [f"{states['confirmed']} of {total} arrow{'' if total == 1 else 's'} confirmed"]
    if runs:
        said.append(f"by {runs:,} run{'' if runs == 1 else 's'}")
        if evidence.commits:
            commit, date = max(evidence.commits.items(), key=lambda item: (item[1], item[0]))
            said.append(f"at {commit[:7]}, {date}" if commit else f"on {date}")
    others = [f"{states[state]} {words}" for state, words in _OTHERS.items() if states[state]]
    return "; ".join([" ".join(said), *others])


_OTHERS: dict[State, str] = {
    "outdated": "outdated",
    "never-seen": "never seen",
    "undeclared": "not declared",
    "indirect": "indirect",
    "context-lost": "with lost context",
    "unexercised": "not exercised",
}


def _times(number: int) -> str:
    return f"{number:,} call{'' if number == 1 else 's'}"
