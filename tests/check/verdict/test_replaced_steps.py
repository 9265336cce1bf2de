"""The verdict on arrows where tests have replaced steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judged import RUNS, call, fact, flow_of
from penstock.check.evidence import Evidence
from penstock.check.findings.finding import findings
from penstock.check.verdict.judgement import judge

if TYPE_CHECKING:
    from penstock.check.evidence import Fact
    from penstock.model import Flow


def hidden(flow: Flow, facts: dict[Fact, str], runs: str = "") -> dict[str, tuple[str, str]]:
    """Return the state and the note of each arrow, where facts, or the runs of a, were seen with steps replaced."""
    rows = {**{each: frozenset(names) for each, names in facts.items()}, **dict.fromkeys(RUNS, frozenset(runs))}
    evidence = Evidence(dict.fromkeys(facts, 2), {}, RUNS, {}, {row: names for row, names in rows.items() if names})
    judged = judge(flow, evidence).flow
    return {f"{edge.source}>{edge.target}": (edge.state, edge.note) for edge in judged.edges}


CHAIN = ("a>b", "b>c", "c>d")


@pytest.mark.parametrize("names", ["b", "bd", "x"])
def test_a_run_without_what_a_test_replaced(names: str) -> None:
    """It accuses nobody, whether the step comes before or nobody knows it."""
    found = hidden(flow_of(*CHAIN), {fact("c", "a"): names})
    assert {"a>b", "b>c", "c>d"} == found.keys()
    assert {"unexercised"} == {state for state, _ in found.values()}
    assert f"c ran only while a test had replaced {' and '.join(set(names) - {'d'})}." == found["b>c"][1]


def test_a_run_without_what_comes_later() -> None:
    """A step further down does not explain it; one that leads back does."""
    assert "undeclared" == hidden(flow_of(*CHAIN), {fact("c", "a"): "d"})["a>c"][0]
    assert "a>c" not in hidden(flow_of(*CHAIN, "d>b"), {fact("c", "a"): "d"})


def test_no_occasion_to_see_an_arrow() -> None:
    """Two steps that ran, and never one after the other, because a test had replaced what leads there."""
    flow = flow_of("a>b", "a>d", "c>d", "b>c")
    facts = {fact("b", "a"): "", fact("d", "a"): "", fact("c", "b"): ""}
    assert "never-seen" == hidden(flow, facts)["c>d"][0]
    said = "d ran after c in no run, but in some a test had replaced {}."
    without_head = hidden(flow, {**facts, fact("c", "b"): "d"})["c>d"]
    assert ("unexercised", said.format("d")) == without_head
    without_tail = hidden(flow, {**facts, fact("d", "b"): "c"})["c>d"]
    assert ("unexercised", said.format("c")) == without_tail
    far = flow_of("a>b", "a>d", "c>d", "b>c", "b>d")
    assert "indirect" == hidden(far, {**facts, fact("d", "b", "", "", "c"): ""})["c>d"][0]
    assert "unexercised" == hidden(far, {**facts, fact("d", "b", "", "", "c"): "", fact("d", "b"): "c"})["c>d"][0]
    assert ("unexercised", "d ran only while a test had replaced c.") == hidden(flow, {fact("d", "a"): "c"})["c>d"]


def test_what_leads_to_neither_end_is_no_excuse() -> None:
    """An arrow that was never seen is one, also where tests have replaced what comes later or beside."""
    flow = flow_of("a>b", "a>c", "b>c", "c>d")
    facts = {fact("b", "a", "c"): "", fact("c", "a"): "", fact("d", "a", "bc"): ""}
    assert "never-seen" == hidden(flow, facts)["b>c"][0]
    assert "never-seen" == hidden(flow, {**facts, fact("b", "a"): "d"})["b>c"][0]
    beside = flow_of("a>b", "a>c", "b>c", "a>d")
    assert "never-seen" == hidden(beside, {**facts, fact("b", "a"): "d"})["b>c"][0]


def test_an_entrypoint_that_only_ran_with_its_step_replaced() -> None:
    """A run tells of that, too."""
    flow = flow_of("a>c", "b>c", "b>d")
    facts = {fact("c", "b"): ""}
    assert "never-seen" == hidden(flow, facts)["a>c"][0]
    assert "unexercised" == hidden(flow, facts, "c")["a>c"][0]


def test_replaced_everywhere() -> None:
    """Where every test replaces a step, what the code shows is confirmed by it, and the rest says why it is not."""
    facts = {fact("c", "a"): "b", fact("d", "c"): "b"}
    calls = (call("call"), call("order", "b", "c"))
    assert {"a>b": "confirmed", "b>c": "confirmed", "c>d": "confirmed"} == {
        arrow: state for arrow, (state, _) in hidden(flow_of(*CHAIN, calls=calls), facts).items()
    }
    assert ("unexercised", "b did not run in the flow, because a test had replaced it.") == hidden(
        flow_of(*CHAIN), facts
    )["a>b"]


def test_the_cure_is_one_test_with_the_step_itself() -> None:
    """What is not exercised for that reason says what to do about it, and nothing is proposed."""
    facts = {fact("c", "a"): 1}
    judged = judge(flow_of(*CHAIN), Evidence(facts, {}, RUNS, {}, {fact("c", "a"): frozenset("b")}))
    found = {finding.arrow: finding for finding in findings(judged)}
    assert "Let one test run b itself: pytest --penstock" == found["b -> c"].cure
    assert "Let a test run it: pytest --penstock" == found["c -> d"].cure
    assert {None} == {finding.after for finding in found.values()}


def test_data_that_is_handed_where_something_is_replaced() -> None:
    """Such a run does not show that an arrow is missing along which the code hands data."""
    flow = flow_of("a>b", "b>d", "a>c", calls=(call("data", "b", "c"), call("call", "a", "b"), call("call", "a", "c")))
    facts = {fact("b", "a"): "", fact("d", "a", "b"): "", fact("c", "a", "b"): ""}
    assert "undeclared" == hidden(flow, facts)["b>c"][0]
    assert "b>c" not in hidden(flow, {**facts, fact("c", "a", "b"): "d"})
