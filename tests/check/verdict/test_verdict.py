"""The verdict on each arrow, as a pure function of what was declared, called and seen."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from judged import RUNS, call, fact, flow_of, seen
from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.freshness import is_of_today
from penstock.check.findings.finding import findings
from penstock.check.findings.grouping import group_by_cause
from penstock.check.verdict.judgement import judge
from penstock.model import Edge, EvidenceSummary, Flow, Step
from penstock.render import edge_status

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.model import Call


def states(flow: Flow, *facts: Fact, orphans: tuple[Orphan, ...] = ()) -> dict[str, str]:
    """Return the state and the witness of each arrow, those that only ran included."""
    evidence = Evidence(dict.fromkeys(facts, 2), dict.fromkeys(orphans, 1), RUNS)
    judged = judge(flow, evidence).flow
    return {f"{edge.source}>{edge.target}": f"{edge.state} {edge.witness}".strip() for edge in judged.edges}


@pytest.mark.parametrize(
    ("edges", "facts", "expected"),
    [
        ("a>b", [fact("b", "a")], {"a>b": "confirmed call"}),
        ("a>b b>c", [fact("b", "a"), fact("c", "a", "b")], {"a>b": "confirmed call", "b>c": "confirmed order"}),
        ("a>c b>c a>b", [fact("b", "a"), fact("c", "a", "b")], {"a>c": "confirmed call", "b>c": "confirmed order"}),
        ("a>b b>c", [fact("b", "a"), fact("c", "a")], {"b>c": "never-seen", "a>c": "undeclared"}),
        ("a>b b>c", [fact("b", "a"), fact("c", "d", "", "ab")], {"b>c": "indirect", "d>c": "undeclared"}),
        ("a>b b>c", [fact("b", "a"), fact("c", "d", "", "a", "b")], {"b>c": "indirect", "d>c": "undeclared"}),
        ("a>b a>c", [fact("b", "a")], {"a>c": "unexercised"}),
        ("a>b b>c", [], {"a>b": "unexercised", "b>c": "unexercised"}),
        ("a>b c>b", [fact("b", "a"), fact("c", "a")], {"a>b": "confirmed call", "c>b": "never-seen"}),
    ],
)
def test_what_ran(edges: str, facts: list[Fact], expected: dict[str, str]) -> None:
    """An arrow is confirmed by a call or by order; a run that no arrow explains is undeclared."""
    assert expected.items() <= states(flow_of(*edges.split()), *facts).items()


def test_any_predecessor_will_do() -> None:
    """``after=`` means or: a run that one predecessor explains accuses no other."""
    found = states(flow_of("a>b", "a>d", "b>d", "c>d"), fact("b", "a"), fact("d", "a", "b"))
    expected = {"a>d": "confirmed call", "b>d": "confirmed order", "c>d": "unexercised"}
    assert {"a>b": "confirmed call", **expected} == found


@pytest.mark.parametrize("far", [fact("c", "b", "", "a"), fact("c", "b", "", "", "a")], ids=["around", "before"])
def test_an_arrow_that_is_too_long_beside_one_that_fits(far: Fact) -> None:
    """Where another predecessor explains the run, an arrow from further out is indirect and no longer never seen."""
    flow = flow_of("a>b", "a>c", "b>c")
    judged = judge(flow, Evidence({fact("b", "a"): 1, far: 1}, {}, RUNS)).flow
    long = judged.edges[1]
    assert ("indirect", "c ran inside b, further away from a.") == (long.state, long.note)
    assert "confirmed call" == states(flow, fact("b", "a"), far, fact("c", "a"))["a>c"]


def test_runs_of_older_code_refute_no_arrow_beside_one_that_fits() -> None:
    """Where the head only ran with other code than today's, an arrow is neither too long nor never seen."""
    flow = flow_of("a>b", "a>c", "b>c", "d>c", sources={"c": "2"})
    found = states(flow, fact("b", "a"), fact("d", "a"), fact("c:1", "b", "", "a"))
    assert {"a>b": "confirmed call", "a>c": "outdated", "b>c": "outdated", "d>c": "outdated"} == {
        arrow: state for arrow, state in found.items() if arrow != "a>d"
    }


def test_never_seen_says_what_came_before() -> None:
    """Of an arrow that was never seen, the note names what its head ran after, in flow order, and not too many."""
    few = judge(flow_of("a>b", "a>d", "c>d"), Evidence({fact("c", "a"): 1, fact("d", "a", "b"): 1}, {}, RUNS)).flow
    assert "d ran after a and b, never after c." == few.edges[2].note
    steps = tuple(Step(name=name) for name in "abcdefghx")
    pairs = tuple(Edge(source=source, target="x") for source in "ah")
    many = Flow(name="f", steps=steps, edges=pairs)
    facts = {fact("x", "a", "bcdefg"): 1, fact("h", "a"): 1}
    assert (
        "x ran after a, b, c, d and 3 more, never after h." == judge(many, Evidence(facts, {}, RUNS)).flow.edges[1].note
    )


def test_a_lost_context_abstains() -> None:
    """Where a predecessor ran without its context, nothing is accused."""
    lost = Orphan("f", Seen("b"), concurrent=True)
    assert {"a>b": "context-lost", "b>c": "context-lost"} == states(
        flow_of("a>b", "b>c"), fact("c", "a"), orphans=(lost,)
    )


def top(step: str, done: str = "") -> Orphan:
    """Return a step that began in a run with none around it, after what had finished there."""
    return Orphan("f", seen(step), concurrent=True, done=frozenset(map(Seen, done)))


def test_order_in_a_run_confirms() -> None:
    """Of steps in one run with none around, one that had finished before another began confirms the arrow."""
    found = states(flow_of("a>b", "b>c", "b>d", "c>d"), orphans=(top("b", "a"), top("c", "ab"), top("d", "abc")))
    assert dict.fromkeys(("a>b", "b>c", "b>d", "c>d"), "confirmed order") == found


def test_order_in_a_run_accuses_nobody() -> None:
    """A run with no step around, which no arrow explains, leaves the arrow unexercised and draws no other one."""
    assert {"a>b": "confirmed order", "b>c": "unexercised"} == states(
        flow_of("a>b", "b>c"), orphans=(top("b", "a"), top("c", "a"))
    )
    assert {"a>b": "confirmed order", "b>c": "unexercised", "d>c": "unexercised"} == states(
        flow_of("a>b", "b>c", "d>c"), orphans=(top("b", "a"), top("c", "a"))
    )


def test_a_predecessor_with_no_step_around_is_not_refuted() -> None:
    """Where a predecessor ran in a run of its own, nobody knows whether another run waited for it."""
    assert {"a>b": "confirmed order", "b>c": "unexercised"} == states(
        flow_of("a>b", "b>c"), fact("c", "a"), orphans=(top("b", "a"),)
    )


def test_order_in_a_run_of_older_code_is_outdated() -> None:
    """A hash that has changed counts there as elsewhere."""
    flow = flow_of("a>b", sources={"b": "2"})
    assert {"a>b": "outdated"} == states(flow, orphans=(top("b:1", "a"),))
    assert {"a>b": "confirmed order"} == states(flow, orphans=(top("b:2", "a"),))


def test_only_a_step_that_ran_has_lost_its_context() -> None:
    """What comes after a lost step and never ran is not exercised; the words name the step that was lost."""
    alone = Orphan("f", Seen("b"), concurrent=True)
    flow = flow_of("a>b", "b>c", "b>d")
    evidence = Evidence({fact("d", "a"): 1}, {alone: 1}, RUNS)
    assert [
        ("context-lost", "b runs in a context that has lost its run, so a cannot be confirmed."),
        ("unexercised", "no evidence shows that c runs after b."),
        ("context-lost", "b runs in a context that has lost its run, so d cannot be confirmed."),
    ] == [(each.code, each.message) for each in findings(judge(flow, evidence))]


def test_a_step_that_is_called_alone_accuses_nothing() -> None:
    """A unit test that calls a step outside every run says nothing of arrows."""
    alone = Orphan("f", Seen("b"), concurrent=False)
    assert {"a>b": "unexercised"} == states(flow_of("a>b"), orphans=(alone,))


def test_a_predecessor_that_only_a_test_calls_is_not_exercised() -> None:
    """Where a test calls the predecessor alone, the arrow is refuted only by a run that nothing else explains."""
    alone = Orphan("f", Seen("c"), concurrent=False)
    assert "unexercised" == states(flow_of("a>b", "c>b"), fact("b", "a"), orphans=(alone,))["c>b"]
    assert "never-seen" == states(flow_of("c>b"), fact("b", "a"), orphans=(alone,))["c>b"]


def test_a_predecessor_that_lost_its_context_is_not_refuted() -> None:
    """Where the predecessor lost its context, nobody knows whether the step ran after it."""
    lost = Orphan("f", Seen("c"), concurrent=True)
    assert "context-lost" == states(flow_of("a>b", "c>b"), fact("b", "a"), orphans=(lost,))["c>b"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([fact("b", "a"), fact("c", "a")], "unexercised"),
        ([fact("b", "a"), fact("c", "a", "b")], "never-seen"),
        ([fact("b", "a"), fact("c", "b", "", "a")], "never-seen"),
    ],
)
def test_steps_that_never_met(facts: list[Fact], expected: str) -> None:
    """An order that the code knows is refuted only by runs that have both steps; tests may have replaced one."""
    assert expected == states(flow_of("a>b", "c>b", "a>c", "b>d", "d>c", calls=(call("order", "c"),)), *facts)["c>b"]


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        ("1", "b:1", "confirmed call"),
        ("2", "b:1", "outdated"),
        ("2", "b", "confirmed call"),
        ("", "b:1", "confirmed call"),
    ],
)
def test_changed_code_makes_evidence_outdated(now: str, then: str, expected: str) -> None:
    """What ran counts while the source is the same, as far as both are known."""
    assert {"a>b": expected} == states(flow_of("a>b", sources={"b": now}), fact(then, "a"))


def test_outdated_evidence_accuses_nothing() -> None:
    """A run of code that has changed since cannot accuse today's arrows."""
    assert {"c>b": "unexercised"} == states(flow_of("c>b", sources={"b": "2"}), fact("b:1", "a"))


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("call", [], "confirmed static"),
        ("data", [], "confirmed static"),
        ("order", [], "confirmed static"),
        ("call", [fact("b", "d")], "confirmed static"),
        ("order", [fact("b", "d")], "unexercised"),
    ],
)
def test_what_the_code_says(kind: str, facts: list[Fact], expected: str) -> None:
    """The code confirms by a call or by data; by mere order only where no run could tell."""
    calls = (call(kind, "c"),)
    assert expected == states(flow_of("c>b", calls=calls), *facts)["c>b"]


def test_a_test_that_calls_one_after_the_other_confirms_nothing() -> None:
    """Mere order in the code counts for nothing where the runs end with the first step, and the second is called alone."""
    alone = Orphan("f", Seen("c"), concurrent=False)
    order, both = call("order", "b", "c"), (call("call"), call("call", "a", "c"))
    flow = flow_of("a>b", "b>c", calls=(order,))
    assert "unexercised" == states(flow, fact("b", "a"), orphans=(alone,))["b>c"]
    assert "confirmed static" == states(flow, fact("b", "a"))["b>c"]
    known = flow_of("a>b", "b>c", calls=(order, *both))
    assert "confirmed static" == states(known, fact("b", "a"), orphans=(alone,))["b>c"]


def test_the_code_alone_accuses_nothing() -> None:
    """A call that nobody declared is no finding unless it ran."""
    assert {"a>b": "unexercised"} == states(flow_of("a>b", calls=(call("call", "a", "c"),)))


def test_data_and_order_together_show_a_missing_arrow() -> None:
    """Where the code hands data along and the runs keep the order, and no declared path leads there, an arrow is missing."""
    calls = (call("data", "b", "c"),)
    facts = (fact("b", "a"), fact("d", "a", "b"), fact("c", "a", "bd"))
    assert "undeclared" == states(flow_of("a>b", "a>d", "d>c", calls=calls), *facts)["b>c"]
    assert "undeclared" == states(flow_of("a>b", "b>d", "a>c", calls=calls), *facts)["b>c"]
    assert "b>c" not in states(flow_of("a>b", "b>d", "d>c", calls=calls), *facts)
    assert "b>c" not in states(flow_of("a>b", "a>c", calls=calls), fact("b", "a"), fact("c", "a"))


def test_arrows_that_show_who_calls_miss_nothing() -> None:
    """Where all arrows below a step show whom it calls, what it hands from one to the other is its own affair."""
    calls = (call("data", "b", "c"),)
    facts = (fact("b", "a"), fact("c", "a", "b"))
    assert "b>c" not in states(flow_of("a>b", "a>c", calls=calls), *facts)
    twice = (fact("d", "b", "", "a"), fact("d", "a", "b"))
    assert "b>c" not in states(flow_of("a>b", "a>c", "b>d", "a>d", calls=calls), *facts, *twice)


def test_only_what_one_step_hands_along_is_missing() -> None:
    """Data that reaches a step further in is no arrow that anybody would draw."""
    facts = (fact("b", "a"), fact("d", "a", "b"), fact("c", "d", "b", "a"))
    assert "b>c" not in states(flow_of("a>b", "a>d", "b>d", "d>c", calls=(call("data", "b", "c"),)), *facts)
    assert "b>c" not in states(flow_of("a>b", "a>d", "d>c", calls=(call("data", "b", "c"),)), *facts)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ((), {"a>c": "confirmed call", "c>b": "unexercised"}),
        ((call("data", "c"),), {"a>c": "confirmed call", "c>b": "confirmed static"}),
        ((call("call", "a"),), {"a>c": "confirmed call", "c>b": "never-seen", "a>b": "undeclared"}),
    ],
)
def test_a_generator_begins_late(calls: tuple[Call, ...], expected: dict[str, str]) -> None:
    """A generator may be handed on before it begins, so the run accuses nothing unless the code knows of no such thing."""
    flow = flow_of("a>c", "c>b", calls=calls)
    lazy = tuple(replace(step, kind="generator") if step.name == "c" else step for step in flow.steps)
    assert expected == states(replace(flow, steps=lazy), fact("b", "a"), fact("c", "a", "b"))


@pytest.mark.parametrize(
    ("commit", "shown"),
    [
        ("3f2a1c9d" * 5, "3f2a1c9"),
        ("3f2a1c9d" * 5 + "+", "3f2a1c9+"),
        ("3f2a1c9d", "3f2a1c9d"),
        ("release-2026.11", "release-2026.11"),
        ("2.1; build 7", "2.1; build 7"),
    ],
)
def test_one_line_tells_what_states_rest_on(commit: str, shown: str) -> None:
    """One line tells what the states rest on; a whole hash of git's is cut, and no other name."""
    evidence = Evidence(
        {fact("b", "a"): 9}, {}, {("f", Seen("a")): 1234}, {commit: "2026-11-20", "older": "2025-01-01"}
    )
    flow = judge(flow_of("a>b", "b>c"), evidence).flow
    assert EvidenceSummary(runs=1234, commit=commit, date="2026-11-20") == flow.evidence
    basis = f" by 1,234 runs at {shown}, 2026-11-20"
    counts = (edge_status.Count("1 not exercised", fault=False),)
    assert edge_status.Provenance("1 of 2 arrows confirmed", basis, counts) == edge_status.provenance(flow)


@pytest.mark.parametrize(
    ("facts", "runs", "basis"),
    [
        (["b<a", "c<b"], 3, "2 of 2 arrows confirmed by 3 runs on 2026-11-20"),
        (["b<a"], 3, "2 of 2 arrows confirmed by 3 runs on 2026-11-20, 1 of them by the code alone"),
        (["b<a"], 0, "2 of 2 arrows confirmed, 1 of them by the code alone"),
        ([], 3, "2 of 2 arrows confirmed by the code"),
        ([], 0, "2 of 2 arrows confirmed by the code"),
    ],
)
def test_provenance_tells_runs_from_code(facts: list[str], runs: int, basis: str) -> None:
    """Runs are not said to confirm what only the code shows; the parts of the line stay apart."""
    flow = flow_of("a>b", "b>c", calls=(call("call", "a"), call("call", "b", "c")))
    seen = {fact(*each.split("<")): 1 for each in facts}
    judged = judge(flow, Evidence(seen, {}, {("f", Seen("a")): runs} if runs else {}, {"": "2026-11-20"})).flow
    line = edge_status.provenance(judged)
    assert (basis, "2 of 2 arrows confirmed") == (str(line), line and line.confirmed)


@pytest.mark.parametrize(
    ("edges", "facts", "after"),
    [
        ("a>b b>c", [fact("b", "a"), fact("c", "a")], {"b>c": ("a",), "a>c": ("a",)}),
        ("a>b a>c b>d", [fact("b", "a"), fact("c", "a"), fact("d", "c")], {"b>d": ("c",), "c>d": ("c",)}),
        ("a>b a>d c>d", [fact("b", "a"), fact("c", "a"), fact("d", "a")], {"c>d": ("a",), "a>c": ("a",)}),
    ],
)
def test_the_cure_is_the_exact_after(edges: str, facts: list[Fact], after: dict[str, tuple[str, ...]]) -> None:
    """Each finding says what ``after=`` should hold, and both ends' places."""
    found = list(findings(judge(flow_of(*edges.split()), Evidence(dict.fromkeys(facts, 1), {}, RUNS))))
    errors = {finding.arrow.replace(" -> ", ">"): finding for finding in found if finding.severity == "error"}
    assert after == {arrow: finding.after for arrow, finding in errors.items()}
    for finding in errors.values():
        assert finding.where.startswith("f.py:")
        assert finding.related[0].where.startswith("f.py:")


@pytest.mark.parametrize(("facts", "after"), [(["b"], ("d", "b")), (["b", ""], ("d", "a"))])
def test_the_cure_leaves_no_run_unexplained(facts: list[str], after: tuple[str, ...]) -> None:
    """Who hands a result over is proposed instead of who is around, if that alone explains each run that needs a reason."""
    flow = flow_of("a>b", "d>c", calls=(call("data", "b", "c"),))
    evidence = Evidence({fact("b", "a"): 1} | {fact("c", "a", done): 1 for done in facts}, {}, RUNS)
    assert {after} == {each.after for each in findings(judge(flow, evidence)) if each.code == "undeclared"}


@pytest.mark.parametrize("edges", ["a>b b>c", "a>b b>d d>c"])
def test_a_step_that_comes_around_again_is_not_accused(edges: str) -> None:
    """Mutual recursion adds no arrow where declared ones lead from the step to the one that calls it again."""
    judged = judge(flow_of(*edges.split()), Evidence({fact("b", "a"): 1, fact("b", "c", ancestors="abd"): 1}, {}, RUNS))
    assert ("confirmed", []) == (judged.flow.edges[0].state, [each for each in findings(judged) if each.after])


def test_a_step_that_comes_around_by_an_undeclared_way_is_accused() -> None:
    """Where no declared arrows lead to the step that calls it again, that call has to be declared."""
    assert "undeclared" == states(flow_of("a>b", "a>c"), fact("b", "c", ancestors="ab"))["c>b"]


def test_no_cure_closes_a_circle() -> None:
    """Where a step was seen before one that it leads to, the cure is no ``after=``, and that of others leaves it out."""
    evidence = Evidence(dict.fromkeys([fact("b", "a"), fact("c", "b"), fact("b", "c"), fact("b", "d")], 1), {}, RUNS)
    found = {each.arrow: each for each in findings(judge(flow_of("a>b", "b>c"), evidence)) if each.severity == "error"}
    assert {"c -> b": None, "d -> b": ("a", "d")} == {arrow: each.after for arrow, each in found.items()}
    assert "b leads to c already" in found["c -> b"].cure


@pytest.mark.parametrize("edges", ["a>b a>c", "a>b a>b a>c"])
def test_two_cures_together_close_no_circle(edges: str) -> None:
    """Of two calls that were not declared and lead to each other, one is proposed; one arrow may stand there for two cases."""
    flow = flow_of(*edges.split())
    evidence = Evidence(dict.fromkeys([fact("b", "a"), fact("c", "a"), fact("c", "b"), fact("b", "c")], 1), {}, RUNS)
    assert [("b", ("a", "c")), ("c", None)] == sorted(
        (each.target, each.after) for each in findings(judge(flow, evidence)) if each.code == "undeclared"
    )


def test_arrows_that_are_refuted_close_no_circle() -> None:
    """An arrow the wrong way round is turned, for the one that stands there goes."""
    evidence = Evidence(dict.fromkeys([fact("c", "a"), fact("b", "c", ancestors="a")], 1), {}, RUNS)
    found = findings(judge(flow_of("a>b", "b>c"), evidence))
    assert {("b", ("c",)), ("c", ("a",))} == {(each.target, each.after) for each in found if each.severity == "error"}


def test_what_a_loop_hands_back_is_not_missing() -> None:
    """A loop hands a result to a step of its next round, which no arrow can say."""
    flow = flow_of("a>b", "b>c", calls=(call("data", "b", "c"), call("data", "c", "b")))
    facts = fact("b", "a"), fact("c", "a", "b"), fact("b", "a", "bc")
    assert {"a>b": "confirmed call", "b>c": "confirmed order"} == states(flow, *facts)


def test_a_step_that_the_flow_does_not_have() -> None:
    """A step that ran and is not declared is a finding of its own."""
    found = list(findings(judge(flow_of("a>b"), Evidence({fact("gone", "a"): 1}, {}, RUNS))))
    assert [("unknown-step", "gone")] == [(each.code, each.target) for each in found if each.severity == "error"]


@pytest.mark.parametrize(("old", "severity"), [(False, "error"), (True, "note")])
def test_old_evidence_may_know_other_names(old: bool, severity: str) -> None:
    """Every step that is unknown is named, at the flow's beginning; a note, where the evidence is older than the code."""
    evidence = Evidence({fact("x", "a"): 1, fact("y", "x", "", "a"): 1}, {}, RUNS)
    found = [each for each in findings(judge(flow_of("a>b"), evidence), old=old) if each.code == "unknown-step"]
    assert [("x", "f.py:1", severity), ("y", "f.py:1", severity)] == [
        (each.target, each.where, each.severity) for each in found
    ]
    assert old == ("which is older than the code" in found[0].seen)


@pytest.mark.parametrize(
    ("recorded", "now", "newer", "expected"),
    [
        ({"abc"}, "abc", True, True),
        ({"abc"}, "abd", False, False),
        ({"abc", "abd"}, "abd", False, False),
        ({"abc"}, "", False, False),
        ({"abc"}, "abc+", True, False),
        ({"abc"}, "abc+", False, True),
        ({"abc+"}, "abc", True, False),
        ({"abc+"}, "abc+", False, True),
        ({""}, "", True, False),
        ({""}, "", False, True),
        ({""}, "abc", False, True),
        (set(), "abc", True, False),
    ],
)
def test_evidence_is_current_by_commit_or_date(
    tmp_path: Path, recorded: set[str], now: str, newer: bool, expected: bool
) -> None:
    """Evidence is of today's code by its commit, or by being newer than the sources where no commit tells."""
    file, source = tmp_path / "evidence.json", tmp_path / "app.py"
    for path, when in ((file, 100), (source, 200 if newer else 100)):
        path.touch()
        os.utime(path, (when, when))
    assert expected == is_of_today(Evidence(commits=dict.fromkeys(recorded, "2026-11-20")), file, [source], now)


def test_a_step_that_calls_hundreds_is_judged_in_seconds() -> None:
    """The time follows the calls that the code has, not the calls for each arrow: 350 wrong arrows take no minute."""
    names = [f"s{number}" for number in range(350)]
    steps = (Step(name="a", entrypoint=True), *(Step(name=name) for name in names))
    wrong = tuple(Edge(source=after, target=name) for name, after in pairwise(names))
    calls = [call("order", *pair) for pair in combinations(names, 2)] + [call("call", "a", name) for name in names]
    facts = {
        Fact("f", Seen(name), Seen("a"), frozenset(map(Seen, names[:number]))): 1 for number, name in enumerate(names)
    }
    flow = Flow(name="f", steps=steps, edges=wrong, calls=tuple(calls))
    began = time.process_time()
    found = group_by_cause(list(findings(judge(flow, Evidence(facts, {}, {("f", Seen("a")): 1})))))
    assert len(wrong) <= len(found)
    assert time.process_time() - began < 3
