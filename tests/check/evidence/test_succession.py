"""Evidence that takes the place of older evidence: nothing good is lost, and an arrow that has vanished is missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.history import FileRun, History
from penstock.check.findings.finding import findings
from penstock.check.findings.grouping import group_by_cause
from penstock.check.verdict.judgement import judge
from penstock.check.verdict.succession import inherit_history, shows_arrows
from penstock.model import Call, Edge, Flow, Step

FLOW = Flow(
    name="f",
    steps=tuple(Step(name=name, entrypoint=name == "a", source_hash="1") for name in "abcd"),
    edges=(Edge(source="a", target="b"), Edge(source="b", target="c")),
)
A, B, C, D = (Seen(name, "1") for name in "abcd")
RUN = {("f", A): 1}
CALLED = Fact("f", B, A)
ORDERED = Fact("f", C, A, frozenset({B}))
ALONE = Orphan("f", B, concurrent=False)
C_ALONE = Orphan("f", C, concurrent=False)
WHOLE = Evidence({CALLED: 1, ORDERED: 1}, {}, RUN, {"3f2a1c9": "2026-11-20"})
LEAFLESS = Evidence({CALLED: 1}, {C_ALONE: 1}, RUN)


def after(evidence: Evidence, before: Evidence = WHOLE) -> Evidence:
    """Return evidence that has taken the place of other evidence."""
    return inherit_history(evidence, before, {}, lambda _: True)


def with_tests(evidence: Evidence, **tests: tuple[int, int]) -> Evidence:
    """Return evidence that was recorded by tests: of each file, how many passed and how many were left out."""
    runs = {f"{file}.py": FileRun(*counts) for file, counts in tests.items()}
    return replace(evidence, history=replace(evidence.history, tests=runs))


def states(evidence: Evidence, flow: Flow = FLOW) -> dict[str, str]:
    """Return the states of the arrows."""
    return {f"{edge.source}>{edge.target}": edge.state for edge in judge(flow, evidence).flow.edges}


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (WHOLE, {"a>b": "confirmed", "b>c": "confirmed"}),
        (LEAFLESS, {"a>b": "confirmed", "b>c": "no-longer-seen"}),
        (Evidence({}, {ALONE: 1, C_ALONE: 1}, RUN), {"a>b": "no-longer-seen", "b>c": "no-longer-seen"}),
        (Evidence({CALLED: 1}, {}, RUN), {"a>b": "confirmed", "b>c": "unexercised"}),
        (Evidence({}, {ALONE: 1, C_ALONE: 1}), {"a>b": "unexercised", "b>c": "no-longer-seen"}),
        (Evidence({CALLED: 1, Fact("f", C, A): 1}, {}, RUN), {"b>c": "no-longer-seen", "a>c": "undeclared"}),
        (Evidence({CALLED: 1, Fact("f", C, D, ancestors=frozenset({B})): 1}, {}, RUN), {"b>c": "indirect"}),
        (Evidence({CALLED: 1}, {Orphan("f", C, concurrent=True): 1}, RUN), {"b>c": "context-lost"}),
        (Evidence({CALLED: 1}, {Orphan("f", C, True, frozenset()): 1}, RUN), {"b>c": "no-longer-seen"}),
        (Evidence({CALLED: 1}, {Orphan("f", C, True, frozenset({B})): 1}, RUN), {"b>c": "confirmed"}),
    ],
    ids=[
        "seen again",
        "its head runs alone",
        "both ends run alone",
        "its head does not run",
        "its tail does not run",
        "another step calls its head",
        "a step lies between",
        "its head has lost its context",
        "its head runs in a run without it",
        "it is confirmed in another way",
    ],
)
def test_an_arrow_that_the_evidence_before_showed(evidence: Evidence, expected: dict[str, str]) -> None:
    """It is missed where both of its ends ran, and nothing better is known."""
    assert expected.items() <= states(after(evidence)).items()


def test_the_first_evidence_misses_nothing() -> None:
    """What was never seen before has not vanished."""
    assert {"a>b": "confirmed", "b>c": "unexercised"} == states(LEAFLESS)


def test_it_is_missed_until_it_is_seen_again() -> None:
    """Recording once more does not help; running it does."""
    second = after(LEAFLESS, after(LEAFLESS))
    assert "no-longer-seen" == states(second)["b>c"]
    assert {} == after(WHOLE, second).history.last_seen


def test_it_is_forgotten_when_it_is_no_longer_declared() -> None:
    """An arrow that was taken out of the declaration is kept no longer, if the flow is known; of other flows, all are."""
    assert {} == inherit_history(LEAFLESS, WHOLE, {"f": {("a", "b")}}, lambda _: True).history.last_seen
    assert {("f", "b", "c"), ("f", "a", "c")} == {*inherit_history(LEAFLESS, WHOLE, {"g": ()}, str).history.last_seen}


def test_what_the_code_shows_is_not_missed() -> None:
    """An arrow that the code confirms is confirmed."""
    flow = replace(FLOW, calls=(Call(source="b", target="c", kind="call"),))
    assert "confirmed" == states(after(LEAFLESS), flow)["b>c"]


@pytest.mark.parametrize("step", "ab")
def test_code_that_has_changed_since_the_recording_accuses_nothing(step: str) -> None:
    """Where the call was restored and not recorded yet, nothing has vanished."""
    steps = tuple(replace(each, source_hash="2") if each.name == step else each for each in FLOW.steps)
    evidence = after(Evidence({}, {ALONE: 1}, RUN))
    assert "no-longer-seen" == states(evidence)["a>b"]
    assert "no-longer-seen" != states(evidence, replace(FLOW, steps=steps))["a>b"]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({"t": (3, 0), "u": (1, 0)}, {"t": (3, 0), "u": (1, 0)}, "no-longer-seen"),
        ({"t": (3, 0), "u": (1, 0)}, {"u": (1, 0)}, "unexercised"),
        ({"t": (3, 0)}, {"t": (1, 2)}, "unexercised"),
        ({"t": (3, 0)}, {"t": (2, 0)}, "no-longer-seen"),
        ({"t": (3, 1)}, {"t": (2, 1)}, "no-longer-seen"),
        ({"t": (3, 1)}, {"t": (3, 2)}, "no-longer-seen"),
        ({"t": (3, 0)}, {"t": (3, 0), "u": (0, 5)}, "no-longer-seen"),
    ],
    ids=["the same", "a file less", "some left out", "one deleted", "one of some deleted", "one more skipped", "more"],
)
def test_fewer_tests_miss_nothing(
    before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]], expected: str
) -> None:
    """Where tests of before were left out, the arrow had perhaps no occasion; where they were deleted, it is missed."""
    assert expected == states(after(with_tests(LEAFLESS, **now), with_tests(WHOLE, **before)))["b>c"]


def test_a_part_of_the_tests_does_not_become_the_measure() -> None:
    """After some of the tests were recorded twice, the arrow still had no occasion; after all of them, it is missed."""
    some = with_tests(LEAFLESS, u=(1, 0))
    once = after(some, with_tests(WHOLE, t=(3, 0), u=(1, 0)))
    twice = after(some, once)
    assert ("unexercised", "unexercised") == (states(once)["b>c"], states(twice)["b>c"])
    assert "no-longer-seen" == states(after(with_tests(LEAFLESS, t=(3, 0), u=(1, 0)), twice))["b>c"]


def test_a_file_that_is_gone_is_not_waited_for() -> None:
    """The tests of a file that was deleted cannot run again."""
    evidence, before = with_tests(LEAFLESS, u=(1, 0)), with_tests(WHOLE, t=(3, 0), u=(1, 0))
    assert "no-longer-seen" == states(inherit_history(evidence, before, {}, lambda file: file != "t.py"))["b>c"]


@pytest.mark.parametrize(
    ("now", "expected"), [({"t": (3, 0)}, "no-longer-seen"), ({"t": (2, 0)}, "unexercised"), ({}, "unexercised")]
)
def test_a_head_that_runs_nowhere(now: dict[str, tuple[int, int]], expected: str) -> None:
    """It is missed where as many tests ran as when it did; with one less, that one may have run it."""
    leafless = Evidence({CALLED: 1}, {}, RUN)
    assert expected == states(after(with_tests(leafless, **now), with_tests(WHOLE, t=(3, 0))))["b>c"]


def with_replaced(evidence: Evidence, names: str) -> Evidence:
    """Return evidence of tests that had replaced steps at some time."""
    return replace(evidence, history=replace(evidence.history, replaced={"f": frozenset(names)}))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("", "b", "unexercised"),
        ("", "c", "unexercised"),
        ("", "a", "unexercised"),
        ("", "d", "no-longer-seen"),
        ("b", "b", "no-longer-seen"),
    ],
    ids=["tail", "head", "before it", "beside it", "as before"],
)
def test_what_tests_replace_only_now(before: str, now: str, expected: str) -> None:
    """A step that tests have begun to replace may hide the arrow; one that they replaced before hides nothing more."""
    assert expected == states(after(with_replaced(LEAFLESS, now), with_replaced(WHOLE, before)))["b>c"]


@pytest.mark.parametrize("replaced", "abc")
def test_what_other_runs_show_counts_whatever_tests_replace_now(replaced: str) -> None:
    """An arrow is missed where runs with nothing replaced have both ends, also if one more test replaces a step."""
    apart = Evidence({CALLED: 20, Fact("f", C, A): 20}, {}, RUN)
    assert "no-longer-seen" == states(after(with_replaced(apart, replaced)))["b>c"]


def test_a_run_in_which_its_head_is_replaced_may_hide_the_arrow() -> None:
    """Where its tail ran in a new way while its head was replaced, the arrow may be there."""
    inside = Fact("f", B, D, ancestors=frozenset({A}))
    evidence = Evidence({CALLED: 20, Fact("f", C, A): 20, inside: 1}, {}, RUN, {}, {inside: frozenset("c")})
    assert "unexercised" == states(after(with_replaced(evidence, "c")))["b>c"]


def test_runs_with_an_end_replaced_are_no_runs_without_the_arrow() -> None:
    """Where its tail ran only while its head was replaced, the arrow had no occasion, whatever was so before."""
    masked = Evidence({}, {ALONE: 1}, RUN, {}, {("f", A): frozenset("b")})
    assert "unexercised" == states(after(with_replaced(masked, "b"), with_replaced(WHOLE, "b")))["a>b"]


def test_what_the_finding_says() -> None:
    """It says when the arrow was seen, and what to do; no `after=` is written for a call that may be missed."""
    (finding,) = findings(judge(FLOW, after(LEAFLESS)))
    assert ("no-longer-seen", "error", None) == (finding.code, finding.severity, finding.after)
    assert "c no longer runs after b." == finding.message
    assert "c ran after b at 3f2a1c9, 2026-11-20. Since then, both ran, but not in this order." == finding.seen
    assert finding.cure.startswith("Restore the call, or take b out of after= of c.")


def test_what_the_note_says_where_tests_are_missing() -> None:
    """It names the test files, and says to record all."""
    evidence = after(with_tests(LEAFLESS, u=(1, 0)), with_tests(WHOLE, u=(1, 0), **dict.fromkeys("tvwxy", (1, 0))))
    (finding,) = findings(judge(FLOW, evidence))
    said = "This time, fewer tests ran than then, of t.py, v.py, w.py and 2 more."
    assert (True, "Record all tests: pytest --penstock") == (finding.seen.endswith(said), finding.cure)


def test_one_mistake_is_one_finding() -> None:
    """Where another step has come in the place of the tail, both have the same cure, which ends clean."""
    evidence = after(Evidence({CALLED: 1, Fact("f", C, A): 1}, {}, RUN))
    (finding,) = group_by_cause(list(findings(judge(FLOW, evidence))))
    assert ("undeclared", ("a",)) == (finding.code, finding.after)
    mended = replace(FLOW, edges=(Edge(source="a", target="b"), Edge(source="a", target="c")))
    assert [] == list(findings(judge(mended, evidence)))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (Evidence(), False),
        (Evidence({}, {ALONE: 1}), False),
        (Evidence({}, {Orphan("f", B, True, frozenset()): 1}), False),
        (Evidence({}, {Orphan("f", B, True, frozenset({A})): 1}), True),
        (Evidence({}, {}, RUN), True),
        (Evidence({CALLED: 1}), True),
        (Evidence(history=History({"t.py": FileRun(1)})), False),
    ],
)
def test_evidence_that_shows_arrows(evidence: Evidence, expected: bool) -> None:
    """What tests call on its own shows none."""
    assert expected is shows_arrows(evidence)
