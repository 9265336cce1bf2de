"""The verdict on each edge: declarations compared with static analysis and recorded runs.

A pure function. As in Murphy and Notkin's reflexion models (https://doi.org/10.1145/222124.222136), an edge that is
declared and seen converges, one that is only seen diverges, one that is only declared is absent. Runs outweigh the
guesses of static analysis, and no witness counts against an edge that it could not observe.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.verdict.counting import count
from penstock.check.verdict.masks import find_masks, join_names
from penstock.check.verdict.succession import find_vanished
from penstock.check.verdict.tally import reachable
from penstock.model import Edge, EvidenceSummary
from penstock.model.finding_kinds import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.check.evidence import Evidence
    from penstock.check.verdict.tally import Pair, Tally
    from penstock.model import Flow
    from penstock.model.finding_kinds import State


class EdgeVerdict(NamedTuple):
    """The verdict on one declared edge.

    Attributes:
        state: The result.
        note: The same in one sentence.
        witness: The evidence that confirmed it, or an empty string.
        masks: The replaced steps that may have hidden it, where that is the doubt.
        has_vanished: Whether earlier evidence showed it, where that is the doubt.
    """

    state: State
    note: str
    witness: str = ""
    masks: tuple[str, ...] = ()
    has_vanished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one flow.

    Attributes:
        flow: The flow, with the state of each arrow, and with the arrows that only ran.
        tally: The counted evidence.
        verdicts: The verdict on each declared edge, by its two steps.
        runs: How many runs were seen.
        missing: Undeclared edges along which the code hands data, and whose order the runs keep.
        evidence: The evidence that it was judged by.
    """

    flow: Flow
    tally: Tally
    verdicts: Mapping[Pair, EdgeVerdict]
    runs: int
    missing: tuple[Pair, ...] = ()
    evidence: Evidence = field(repr=False)


def judge(flow: Flow, evidence: Evidence) -> Judgement:
    """Return the verdict on every arrow of a flow."""
    bare = replace(flow, edges=tuple(edge for edge in flow.edges if edge.origin == "declared"))
    tally = count(bare, evidence)
    tally.vanished.update(find_vanished(bare, evidence, tally))
    verdicts = {pair: _judge_edge(bare, pair, tally) for pair in ((edge.source, edge.target) for edge in bare.edges)}
    edges = [_apply_verdict(edge, verdicts[edge.source, edge.target]) for edge in bare.edges]
    missing = _missing(replace(bare, edges=tuple(edges)), tally)
    extra = [_seen(pair, tally) for pair in dict.fromkeys((*sorted(tally.undeclared), *missing))]
    runs = sum(evidence.of(flow.name).runs.values())
    whole = replace(bare, edges=(*edges, *extra), evidence=_summarize(runs, evidence))
    return Judgement(flow=whole, tally=tally, verdicts=verdicts, runs=runs, missing=missing, evidence=evidence)


def _apply_verdict(edge: Edge, verdict: EdgeVerdict) -> Edge:
    return replace(edge, state=verdict.state, witness=verdict.witness, note=verdict.note)


def _judge_edge(flow: Flow, pair: Pair, tally: Tally) -> EdgeVerdict:
    source, target = pair
    if times := tally.call[pair]:
        return EdgeVerdict("confirmed", f"{source} called {target} in {_times(times)}.", witness="call")
    if times := tally.order[pair]:
        return EdgeVerdict("confirmed", f"{target} ran after {source} in {_times(times)}.", witness="order")
    if static_note := _static(pair, tally):
        return EdgeVerdict("confirmed", static_note, witness="static")
    return _find_doubt(flow, pair, tally)


def _find_doubt(flow: Flow, pair: Pair, tally: Tally) -> EdgeVerdict:
    """Return the verdict on an edge that no witness confirms: the first of the doubts that holds."""
    adrift = ends_with_lost_context(pair, tally)
    if not adrift and pair in tally.vanished:
        return EdgeVerdict(*tally.vanished[pair], has_vanished=True)
    verdict = next((verdict for holds, verdict in _doubts(pair, adrift, tally) if holds), None)
    if verdict or pair not in tally.indirect_parents:
        return verdict or EdgeVerdict("never-seen", _before(flow, pair, tally))
    return EdgeVerdict("indirect", _further(pair, tally))


def _doubts(pair: Pair, adrift: list[str], tally: Tally) -> Iterator[tuple[object, EdgeVerdict]]:
    """Yield the verdict of each doubt, with whether it holds."""
    source, target = pair
    unseen_ends, loose = _unseen(pair, tally), _loose(pair, tally)
    masks, mask_note = find_masks(pair, tally)
    unseen_note = f"{' and '.join(unseen_ends)} did not run in the flow."
    loose_note = (
        f"{' and '.join(loose)} ran with no step around, which does not show that {target} comes after {source}."
    )
    changed_note = f"The code of {source} or {target} has changed since this was recorded."
    around_note = f"The code of {target}, or of what it ran in, has changed since it ran."
    yield adrift, EdgeVerdict("context-lost", f"{' and '.join(adrift)} ran in a context that has lost its run.")
    yield loose and not unseen_ends and not tally.outdated[pair], EdgeVerdict("unexercised", loose_note)
    yield tally.indirect[pair], EdgeVerdict("indirect", _further(pair, tally))
    yield tally.outdated[pair], EdgeVerdict("outdated", changed_note)
    yield masks, EdgeVerdict("unexercised", mask_note, masks=tuple(masks))
    yield unseen_ends, EdgeVerdict("unexercised", unseen_note)
    yield target not in tally.nested_current_steps, EdgeVerdict("outdated", around_note)
    apart_note = f"The code calls {source}, then {target}, but no run did both."
    yield _apart(pair, tally), EdgeVerdict("unexercised", apart_note)
    lazy_note = f"{source} is a generator, and began only after {target} had."
    yield tally.lazy[pair], EdgeVerdict("unexercised", lazy_note)


def _unseen(pair: Pair, tally: Tally) -> list[str]:
    """Return which ends of an arrow did not run where that could show it."""
    source, target = pair
    ran = {source: [tally.steps_in_runs], target: [tally.nested_steps, tally.top_steps]}
    # A test that calls a step alone shows nothing of arrows, but that runs which nothing explains could do without it.
    if target in tally.unexplained:
        ran[source].append(tally.steps_outside_runs)
    return [name for name, groups in ran.items() if not any(name in group for group in groups)]


def ends_with_lost_context(pair: Pair, tally: Tally) -> list[str]:
    """Return which ends of an edge ran in a lost context, so that they may have been in one run.

    Other runs that show both ends count. No end is lost if the edge's target did not run at all.
    """
    source, target = pair
    if not any(target in steps for steps in (tally.nested_steps, tally.top_steps, tally.strays)):
        return []
    shows = pair in tally.observable
    ends = (
        [source]
        if source in tally.strays and not (shows and source in tally.unmasked_steps and not tally.lost_context[pair])
        else []
    )
    if target in tally.strays:
        before = tally.strays[target]
        ends += [target] if not shows or before is None or source in before else []
    return ends


def _loose(pair: Pair, tally: Tally) -> list[str]:
    """Return which ends of an edge ran with no enclosing step, where no run shows more of them."""
    if pair in tally.observable:
        return [pair[0]] if tally.loose_order[pair] else []
    return [name for name in pair if name in tally.top_steps]


def _apart(pair: Pair, tally: Tally) -> bool:
    """Return whether the code knows the order, but no run had both steps; tests often replace one of them."""
    return (
        bool(tally.find_static_relations(*pair)) and pair not in tally.encounters and pair[::-1] not in tally.encounters
    )


def _further(pair: Pair, tally: Tally) -> str:
    """Describe the steps between the ends of an edge that is too long."""
    source, target = pair
    return (
        f"{target} ran inside {join_names(sorted(tally.indirect_parents.get(pair, ())))}, further away from {source}."
    )


def _before(flow: Flow, pair: Pair, tally: Tally) -> str:
    """Describe the steps that the target of an edge ran after, where its source was never one."""
    source, target = pair
    near = sorted(tally.neighbours.get(target, set()) & flow.positions.keys(), key=flow.positions.__getitem__)
    return f"{target} ran after {join_names([name for name in near if name != target])}, never after {source}."


def _static(pair: Pair, tally: Tally) -> str:
    """Return the static evidence for an edge, or an empty string; call order counts only if no run could show it."""
    kinds = {call.kind for call in tally.find_static_relations(*pair)}
    source, target = pair
    if "call" in kinds:
        return f"The code of {source} calls {target}."
    if "data" in kinds:
        return f"The code hands what {source} returns to {target}."
    if "order" in kinds and (_is_untold(pair, tally) or tally.lost_context[pair] or _is_unplaced(pair, tally)):
        return f"The code calls {source}, then {target}."
    return ""


def _is_untold(pair: Pair, tally: Tally) -> bool:
    """Return whether no run could show an order that the code has; steps that only a test calls in a row have none."""
    source, target = pair
    callers = [{call.source for call in tally.calls.get(step, ()) if call.kind == "call"} for step in pair]
    in_a_row = source in tally.steps_in_runs and target in tally.steps_outside_runs and not callers[0] & callers[1]
    return target not in tally.nested_steps and not in_a_row


def _is_unplaced(pair: Pair, tally: Tally) -> bool:
    """Return whether an edge's source ran where its target could not be seen to come after it."""
    source = pair[0]
    return tally.loose_order[pair] > 0 or (
        pair not in tally.observable and source in tally.strays.keys() | tally.top_steps
    )


def _missing(flow: Flow, tally: Tally) -> tuple[Pair, ...]:
    """Return undeclared pairs along which data is handed over in an order that the runs keep.

    Where edges only show which steps a step calls, data that it passes between them is its own affair. Data that a loop
    hands back to a step of its next round runs against the edges, which may not form a circle.
    """
    pairs = dict.fromkeys((call.source, call.target) for call in flow.calls if call.kind == "data")
    ordering_parents = {parent for parent, pair in tally.sibling_order if tally.order[pair] and not tally.call[pair]}
    inside = tally.parents | {(call.source, call.target) for call in flow.calls if call.kind == "call"}
    shown_pairs = {
        pair
        for parent, pair in tally.sibling_order
        if (parent, pair[0]) in inside and (parent in ordering_parents or not tally.call[parent, pair[1]])
    }
    links = [pair for pair in pairs if pair[0] != pair[1] and pair in shown_pairs]
    following = {source: reachable(flow, source) for source in {source for source, _ in links}}
    standing = replace(flow, edges=tuple(edge for edge in flow.edges if edge.state not in REFUTED))
    behind = {target: reachable(standing, target) for target in {target for _, target in links}}
    return tuple(
        (source, target) for source, target in links if target not in following[source] and source not in behind[target]
    )


def _seen(pair: Pair, tally: Tally) -> Edge:
    source, target = pair
    if times := tally.undeclared[pair]:
        note = f"{target} ran inside {source} in {_times(times)}, and no declared arrow explains it."
    else:
        note = f"The code hands what {source} returns to {target}, and the runs keep that order."
    return Edge(source=source, target=target, origin="seen", state="undeclared", note=note)


def _summarize(runs: int, evidence: Evidence) -> EvidenceSummary:
    if not runs or not evidence.commits:
        return EvidenceSummary(runs=runs)
    commit, date = max(evidence.commits.items(), key=lambda item: (item[1], item[0]))
    return EvidenceSummary(runs=runs, commit=commit, date=date)


def _times(number: int) -> str:
    return f"{number:,} call{'' if number == 1 else 's'}"
