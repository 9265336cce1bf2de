"""Passes earlier evidence on to a new recording, and finds edges that have vanished since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._util.git import shorten_commit
from penstock.check.evidence.history import NO_NAMES, History, LastSeen, merge_histories
from penstock.check.verdict.masks import may_hide
from penstock.check.verdict.tally import is_current, reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from penstock.check.evidence import Evidence, Seen
    from penstock.check.evidence.history import Arrow, FileRun
    from penstock.check.verdict.tally import Pair, Tally
    from penstock.model import Edge, Flow
    from penstock.model.finding_kinds import State

_Runs = dict[frozenset[str], set[str]]
"""The steps that ran while some steps were replaced, by those."""

MAX_NAMES = 3
"""Test files, or steps, that a note names."""


def shows_arrows(evidence: Evidence) -> bool:
    """Return whether evidence shows anything of arrows; a step that a test calls on its own does not."""
    return bool(evidence.facts or evidence.runs or any(orphan.done for orphan in evidence.orphans))


def inherit_history(
    evidence: Evidence,
    before: Evidence,
    declared: Mapping[str, Collection[Pair]],
    exists: Callable[[str], bool],
) -> Evidence:
    """Return evidence that includes the edges that earlier evidence showed.

    Args:
        evidence: The new recording.
        before: The evidence that it replaces.
        declared: The arrows of each flow, where they are known; others need not be kept.
        exists: Returns whether a test file is still there.
    """
    last = {**before.history.last_seen, **_last_seen(before)}
    earlier = History(last_seen=last, tests_before=_find_tests(before.history, exists))
    history = merge_histories([evidence.history, earlier])
    shown_arrows = _shown_arrows(evidence)
    last_seen = {
        arrow: sighting
        for arrow, sighting in history.last_seen.items()
        if arrow not in shown_arrows and (arrow[0] not in declared or arrow[1:] in declared[arrow[0]])
    }
    tests = history.tests_before if last_seen else {}
    return replace(evidence, history=replace(history, last_seen=last_seen, tests_before=tests))


def _shown_arrows(evidence: Evidence) -> dict[Arrow, str]:
    """Return all arrows that evidence could confirm, with the witness."""
    arrows: dict[Arrow, str] = {}
    for orphan in evidence.orphans:
        arrows.update({(orphan.flow, part.step, orphan.step.step): "order" for part in orphan.done or ()})
    for fact in evidence.facts:
        arrows.update({(fact.flow, part.step, fact.step.step): "order" for part in fact.done})
    arrows.update({(fact.flow, fact.parent.step, fact.step.step): "call" for fact in evidence.facts})
    return arrows


def _last_seen(evidence: Evidence) -> dict[Arrow, LastSeen]:
    date, commit = max(((date, commit) for commit, date in evidence.commits.items()), default=("", ""))
    replaced_steps = evidence.history.replaced
    return {
        arrow: LastSeen(date, commit, witness, replaced_steps.get(arrow[0], NO_NAMES))
        for arrow, witness in _shown_arrows(evidence).items()
    }


def _find_tests(history: History, exists: Callable[[str], bool]) -> dict[str, FileRun]:
    """Return the test files of this recording and those before; the latest counts, unless tests were left out in it."""
    runs = dict(history.tests_before)
    for file, run in history.tests.items():
        if not run.falls_short_of(runs.get(file, run)):
            runs[file] = run
    return {file: run for file, run in runs.items() if run.passed and exists(file)}


def find_vanished(flow: Flow, evidence: Evidence, tally: Tally) -> Iterator[tuple[Pair, tuple[State, str]]]:
    """Yield the arrows that earlier evidence confirmed and this one could have, each with its state and a note.

    A run with replaced steps of an edge does not count as a run without the edge, nor does a run missing because
    its tests were left out.
    """
    history, last_seen = evidence.history, evidence.history.last_seen
    arrows = [(edge.source, edge.target) for edge in flow.edges if (flow.name, edge.source, edge.target) in last_seen]
    if not arrows:
        return
    missed_tests, runs = history.find_missed_tests(), _find_runs(flow, evidence)
    for pair in arrows:
        last = last_seen[(flow.name, *pair)]
        was = _describe(pair, last)
        if tally.indirect[pair] or pair in tally.indirect_parents:
            continue
        if missed_tests:
            yield pair, ("unexercised", f"{was} This time, fewer tests ran than then, of {_name_some(missed_tests)}.")
        elif since := _describe_since(flow, pair, runs, history, tally):
            masks = sorted(history.replaced.get(flow.name, NO_NAMES) - last.replaced)
            if hindering := [name for name in masks if _hinders(flow, name, pair) and _may_hide(name, pair, tally)]:
                yield pair, ("unexercised", f"{was} Since then, tests replace {_name_some(hindering)}.")
            else:
                yield pair, ("no-longer-seen", f"{was} {since}")


def _describe(pair: Pair, last: LastSeen) -> str:
    source, target = pair
    at = f" at {shorten_commit(last.commit)}" if last.commit else ""
    on = f"{',' if at else ' on'} {last.date}" if last.date else ""
    return f"{source} called {target}{at}{on}." if last.witness == "call" else f"{target} ran after {source}{at}{on}."


def _describe_since(flow: Flow, pair: Pair, runs: _Runs, history: History, tally: Tally) -> str:
    """Describe the runs since without the edge, if they suffice to miss it; else return an empty string."""
    source, target = pair
    ran = {
        name
        for replaced_steps, names in runs.items()
        if not any(_hinders(flow, step, pair) for step in replaced_steps)
        for name in names
    }
    if {source, target} <= ran:
        return "Since then, both ran, but not in this order."
    if source in ran and target not in tally.steps_in_runs | tally.replaced.keys() and history.has_all_tests():
        return f"Since then, as many tests ran, and {source} with them, but not {target}."
    return ""


def _may_hide(name: str, pair: Pair, tally: Tally) -> bool:
    """Return whether a step that tests replace only now may hide an arrow: not where other runs show both ends."""
    if pair not in tally.observable or pair[0] not in tally.unmasked_steps:
        return True
    return name in tally.replaced and may_hide(name, pair, tally)


def _hinders(flow: Flow, name: str, pair: Pair) -> bool:
    """Return whether a replaced step keeps an edge from showing; a step that only comes after the edge does not."""
    if name in pair or all(step.name != name for step in flow.steps):
        return True
    return bool(reachable(flow, name) & {*pair})


def is_only_missed(flow: Flow, edge: Edge) -> bool:
    """Return whether an edge is no longer seen and nothing has replaced it: the call may be missing by mistake."""
    if edge.state != "no-longer-seen":
        return False
    others = [
        *flow.edges_into(edge.target),
        *(back for back in flow.edges_into(edge.source) if back.source == edge.target),
    ]
    return all(other_edge.state != "undeclared" for other_edge in others)


def _name_some(files: list[str]) -> str:
    names = files if len(files) <= MAX_NAMES + 1 else [*files[:MAX_NAMES], f"{len(files) - MAX_NAMES:,} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _find_runs(flow: Flow, evidence: Evidence) -> _Runs:
    """Return the steps that ran with the current code, also alone, by the steps replaced meanwhile."""
    sources = {step.name: step.source_hash for step in flow.steps}
    runs: _Runs = defaultdict(set)

    def add(steps: Iterable[Seen], replaced: frozenset[str]) -> None:
        """Add the steps whose code has not changed to the runs with these replaced steps."""
        runs[replaced].update(part.step for part in steps if is_current(sources, part))

    for run in evidence.runs:
        if run[0] == flow.name:
            add(run[1:], evidence.replaced.get(run, NO_NAMES))
    for orphan in evidence.orphans:
        if orphan.flow == flow.name:
            add((orphan.step, *(orphan.done or ())), NO_NAMES)
    for fact in evidence.facts:
        if fact.flow == flow.name:
            add((fact.step, fact.parent, *fact.done), evidence.replaced.get(fact, NO_NAMES))
    return runs
