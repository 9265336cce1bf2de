"""How often steps and edges ran: by the rules of the verdicts, from one source, and nothing that is not exact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judged import fact, flow_of, seen
from penstock.check.counted_manifest import CountedManifest
from penstock.check.evidence import DurationSketch, Evidence, Fact, Orphan, Period, Timing, Visit
from penstock.check.evidence.circumstances import Circumstances
from penstock.check.evidence.history import History
from penstock.check.numbers import add_numbers
from penstock.check.verdict.counting import count
from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Numbers, NumbersOrigin

if TYPE_CHECKING:
    from penstock.check.evidence.records import Row

DAYS = Period("2026-11-20", "2026-11-27")
SECOND = 10**9


def calls(number: int, errors: int = 0, seconds: float = 1.0) -> Timing:
    """Return the timing of some calls of one duration."""
    return Timing(errors, DurationSketch.of([round(seconds * SECOND)] * number))


def run_of(step: str) -> Row:
    """Return the row of runs that a step began."""
    return "f", seen(step)


def in_production(rows: dict[Row, Timing]) -> Evidence:
    """Return evidence of production."""
    return Evidence(measurements={"production": rows}, periods={"production": DAYS})


def taken(flow: Flow, rows: dict[Row, Timing]) -> dict[str, tuple[int, float | None] | None]:
    """Return the runs and the share of each edge."""
    edges = add_numbers(flow, in_production(rows), "auto").edges
    return {f"{e.source}>{e.target}": e.numbers and (e.numbers.runs, e.numbers.share) for e in edges}


def test_a_step_has_the_calls_of_all_its_rows() -> None:
    """Runs and errors are added up, and durations merged, over all contexts that a step began in."""
    rows = {run_of("a"): calls(4, 1, 2.0), fact("b", "a"): calls(3, 1), fact("b", "c"): calls(1, 1, 5.0)}
    steps = add_numbers(flow_of("a>b", "c>b"), in_production(rows), "auto").steps
    numbers = {step.name: step.numbers for step in steps}
    assert [(4, 1), (4, 2), (0, None)] == [(numbers[name].runs, numbers[name].errors) for name in "abc"]
    assert (pytest.approx(1, rel=0.01), pytest.approx(1, rel=0.01)) == (numbers["b"].p50, numbers["b"].p95)
    assert pytest.approx(2, rel=0.01) == numbers["a"].p50


def test_an_edge_has_the_beginnings_that_it_explains() -> None:
    """A call counts for the edge from the step around, an order for those from steps that had finished there."""
    rows = {run_of("a"): calls(10), fact("b", "a"): calls(8), fact("c", "a", "b"): calls(6)}
    assert {"a>b": (8, 0.8), "b>c": (6, 0.75)} == taken(flow_of("a>b", "b>c"), rows)


def test_the_branches_of_a_step_have_shares() -> None:
    """What went one way did not go the other; a branch that no run took has none of them."""
    rows = {run_of("a"): calls(100), fact("b", "a"): calls(63), fact("c", "a"): calls(37)}
    assert {"a>b": (63, 0.63), "a>c": (37, 0.37), "a>d": (0, 0.0)} == taken(flow_of("a>b", "a>c", "a>d"), rows)


def test_several_edges_may_explain_one_beginning() -> None:
    """As ``after=`` means or, each predecessor that the verdict would confirm counts."""
    rows = {run_of("a"): calls(2), fact("b", "a"): calls(2), fact("c", "a", "b"): calls(2)}
    assert {"a>b": (2, 1.0), "a>c": (2, 1.0), "b>c": (2, 1.0)} == taken(flow_of("a>b", "a>c", "b>c"), rows)


def test_the_top_of_a_run_shows_order() -> None:
    """A step with none around it counts for the edges from steps that had finished in its run."""
    row = Orphan("f", seen("b"), concurrent=True, done=frozenset({seen("a")}))
    assert {"a>b": (3, 0.75)} == taken(flow_of("a>b"), {run_of("a"): calls(4), row: calls(3)})


@pytest.mark.parametrize(
    ("edges", "rows", "expected"),
    [
        ("a>b", {run_of("a"): calls(2), fact("b", "a"): calls(6)}, {"a>b": (6, None)}),
        ("a>b", {run_of("a"): calls(2), fact("b", "a"): calls(1), fact("b", "z"): calls(1)}, {"a>b": (1, None)}),
        ("a>b c>b", {run_of("a"): calls(2), fact("b", "z"): calls(1)}, {"a>b": None, "c>b": None}),
        ("a>b", {run_of("a"): calls(2), Orphan("f", seen("b"), concurrent=True): calls(1)}, {"a>b": None}),
        ("a>b", {Orphan("f", seen("a"), concurrent=True): calls(2), fact("b", "a"): calls(1)}, {"a>b": (1, None)}),
        ("a>b", {run_of("a"): calls(2), run_of("b"): calls(2)}, {"a>b": None}),
        ("a>b", {fact("b", "a"): calls(2)}, {"a>b": (2, None)}),
        ("a>a", {run_of("a"): calls(2)}, {"a>a": None}),
        ("a>b", {run_of("a"): calls(2), Orphan("f", seen("b"), concurrent=False): calls(1)}, {"a>b": (0, 0.0)}),
    ],
    ids=[
        "a loop calls more often than its step runs",
        "something else called it, too",
        "nothing declared explains it",
        "its run was lost",
        "the run of its source was lost",
        "it begins runs itself",
        "its source was not measured",
        "it calls itself",
        "a call outside any run takes no edge",
    ],
)
def test_what_is_not_exact_is_not_given(edges: str, rows: dict[Row, Timing], expected: dict[str, object]) -> None:
    """A share, or a number, that the rows do not give exactly is left out."""
    assert expected == taken(flow_of(*edges.split()), rows)


def test_two_edges_with_the_same_ends_have_no_numbers() -> None:
    """No row says under which of two conditions a step ran."""
    flow = flow_of("a>b")
    twice = Flow(name="f", steps=flow.steps, edges=tuple(Edge(source="a", target="b", label=name) for name in "xy"))
    edges = add_numbers(twice, in_production({run_of("a"): calls(2), fact("b", "a"): calls(1)}), "auto").edges
    assert [None, None] == [edge.numbers for edge in edges]


def test_an_edge_that_only_ran_counts_what_nothing_else_explains() -> None:
    """An undeclared edge has the beginnings inside its source that no declared edge explains, and no share."""
    flow = flow_of("a>b", "b>c")
    edges = (*flow.edges, Edge(source="a", target="c", origin="seen", state="undeclared"))
    rows = {run_of("a"): calls(5), fact("b", "a"): calls(3), fact("c", "a", "b"): calls(3), fact("c", "a"): calls(2)}
    found = taken(Flow(name="f", steps=flow.steps, edges=edges), rows)
    assert {"a>b": (3, 0.6), "b>c": (3, None), "a>c": (2, None)} == found


MEASURED = {run_of("a"): calls(4), fact("b", "a"): calls(3)}
BOTH = Evidence(measurements={"production": MEASURED, "tests": {run_of("a"): calls(2)}}, periods={"production": DAYS})
TESTS = Evidence(measurements={"tests": {run_of("a"): calls(2)}}, periods={"tests": DAYS})
COUNTED = Evidence({fact("b", "a"): 3}, runs={run_of("a"): 4})
IN_TEST = frozenset({"test_a"})
VISITS = {Visit("f", seen("a")): IN_TEST, Visit("f", seen("b"), seen("a")): IN_TEST}
NAMED = replace(COUNTED, visits=VISITS)
PARTLY = replace(COUNTED, visits={Visit("f", seen("a")): IN_TEST})


@pytest.mark.parametrize(
    ("evidence", "wanted", "origin", "shows_times"),
    [
        (BOTH, "auto", NumbersOrigin(source="production", runs=4, first=DAYS.first, last=DAYS.last), True),
        (BOTH, "production", NumbersOrigin(source="production", runs=4, first=DAYS.first, last=DAYS.last), True),
        (BOTH, "tests", NumbersOrigin(source="tests", runs=2), True),
        (TESTS, "auto", NumbersOrigin(source="tests", runs=2, first=DAYS.first, last=DAYS.last), False),
        (TESTS, "tests", NumbersOrigin(source="tests", runs=2, first=DAYS.first, last=DAYS.last), True),
        (TESTS, "production", None, False),
        (NAMED, "auto", NumbersOrigin(source="tests", runs=4), False),
        (NAMED, "tests", NumbersOrigin(source="tests", runs=4), False),
        (NAMED, "production", None, False),
        (PARTLY, "auto", NumbersOrigin(source="", runs=4), False),
        (COUNTED, "auto", NumbersOrigin(source="", runs=4), False),
        (COUNTED, "tests", None, False),
        (Evidence(), "auto", None, False),
    ],
)
def test_one_source_is_counted(evidence: Evidence, wanted: str, origin: NumbersOrigin, shows_times: bool) -> None:
    """Production wins over tests, whose durations are only given if tests were asked for; one is never called the other."""
    flow = add_numbers(flow_of("a>b"), evidence, wanted)
    assert origin == flow.numbers
    assert shows_times == any(step.numbers.p50 is not None for step in flow.steps if step.numbers)


def test_counts_without_durations_know_no_errors() -> None:
    """Evidence that was recorded without durations has runs and shares, and nothing about errors."""
    flow = add_numbers(flow_of("a>b"), NAMED, "auto")
    assert [Numbers(runs=4), Numbers(runs=3)] == [step.numbers for step in flow.steps[:2]]
    assert [Numbers(runs=3, share=0.75)] == [edge.numbers for edge in flow.edges]


def test_a_run_inside_a_step_counts_once() -> None:
    """An entrypoint that begins a run inside another step is a fact and a run, and one call."""
    begun = Fact("f", seen("b"), seen("a"), circumstances=Circumstances(begins=True))
    evidence = Evidence({begun: 3}, runs={run_of("b"): 3})
    assert 3 == add_numbers(flow_of("a>b"), evidence, "auto").steps[1].numbers.runs


def test_a_step_that_tests_replace_is_no_branch_without_runs() -> None:
    """What a replaced step would have done is not known; in production none is replaced."""
    history = History(replaced={"f": frozenset("b")})
    replaced = Evidence(runs={run_of("a"): 4}, history=history)
    counted = add_numbers(flow_of("a>b"), replaced, "auto")
    assert (None, None) == (counted.steps[1].numbers, counted.edges[0].numbers)
    measured = Evidence(measurements={"production": {run_of("a"): calls(4)}}, history=history)
    assert Numbers(runs=0, share=0.0) == add_numbers(flow_of("a>b"), measured, "auto").edges[0].numbers


STEPS = "abcd"
groups = st.frozensets(st.sampled_from(STEPS), max_size=3)
rows = st.builds(
    lambda step, parent, done: fact(step, parent, "".join(done - {step})) if step != parent else None,
    st.sampled_from(STEPS),
    st.sampled_from(STEPS),
    groups,
)
pairs = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(STEPS)).filter(lambda p: p[0] < p[1]), min_size=1)


@given(pairs, st.lists(rows.filter(bool), max_size=6), st.integers(1, 5))
def test_edges_count_as_the_verdict_does(ends: list[tuple[str, str]], facts: list[Fact], number: int) -> None:
    """Where an edge has a number, it is that of the calls which the check confirms it by."""
    flow = flow_of(*dict.fromkeys(f"{source}>{target}" for source, target in ends))
    evidence = Evidence(dict.fromkeys(facts, number), runs={run_of("a"): number})
    tally = count(flow, evidence)
    for edge in add_numbers(flow, evidence, "auto").edges:
        pair = edge.source, edge.target
        if edge.numbers:
            assert tally.call[pair] + tally.order[pair] + tally.outdated[pair] == edge.numbers.runs


def test_flows_are_counted_when_they_are_asked_for() -> None:
    """A flow that is asked for by its name has numbers; those that are listed do without."""
    plain = Manifest(flows=(flow_of("a>b"),), service="shop")
    manifest = CountedManifest.of(plain, in_production(MEASURED), "auto")
    assert NumbersOrigin(source="production", runs=4, first=DAYS.first, last=DAYS.last) == manifest.flow("f").numbers
    assert manifest.flow("f") is manifest.flow("f")
    assert (None, "shop") == (manifest.flows[0].numbers, manifest.service)
