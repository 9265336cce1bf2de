"""What tests take of a flow: arrows, labels, pairs of arrows and paths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock.check.coverage.report import Share, cover
from penstock.check.evidence import Evidence, Fact, Seen, Visit
from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from penstock.check.coverage.report import FlowCoverage

FLOW = Flow(
    name="orders",
    steps=tuple(Step(name=name, entrypoint=name == "go", source_hash="1") for name in ("go", "check", "pay", "mail")),
    edges=(
        Edge(source="go", target="check"),
        Edge(source="check", target="pay", label="if valid"),
        Edge(source="check", target="mail", label="if not valid"),
        Edge(source="pay", target="mail"),
    ),
)


def visit(step: str, parent: str = "", done: str = "", around: str = "", replaced: str = "") -> Visit:
    """Return a visit of a step, with other steps by their names in a text."""
    return Visit(
        "orders",
        Seen(step, "1"),
        Seen(parent, "1") if parent else None,
        done=frozenset(Seen(name, "1") for name in done.split()),
        ancestors=frozenset(Seen(name, "1") for name in around.split()),
        replaced=frozenset(replaced.split()),
    )


def evidence(**visits: list[Visit]) -> Evidence:
    """Return evidence of the visits of each test."""
    return Evidence(
        visits={
            row: frozenset(test for test, rows in visits.items() if row in rows)
            for rows in visits.values()
            for row in rows
        }
    )


def arrows_of(coverage: FlowCoverage) -> dict[str, set[str]]:
    """Return the tests of each arrow that has any."""
    return {f"{row.edge.source}>{row.edge.target}": {*row.tests} for row in coverage.arrows if row.tests}


PAID = [visit("go"), visit("check", "go"), visit("pay", "go", "check"), visit("mail", "go", "check pay")]
REFUSED = [visit("go"), visit("check", "go"), visit("mail", "go", "check")]


def test_each_arrow_has_its_tests() -> None:
    """An arrow counts for the tests in which its source was around its target, or had finished before."""
    coverage = cover(FLOW, evidence(paid=PAID, refused=REFUSED), 10)

    assert {
        "go>check": {"paid", "refused"},
        "check>pay": {"paid"},
        "check>mail": {"refused"},
        "pay>mail": {"paid"},
    } == arrows_of(coverage)


def test_a_branch_is_not_taken_by_a_run_that_took_another_one() -> None:
    """A run that went from `check` through `pay` to `mail` was at both ends of "if not valid", and did not take it."""
    arrow = cover(FLOW, evidence(paid=PAID), 10).arrows[2]

    assert (frozenset(), ("pay",)) == (arrow.tests, arrow.detours)


def test_a_step_that_calls_the_other_took_the_arrow() -> None:
    """A call is certain, whichever branches were taken before."""
    called = [visit("go"), visit("check", "go"), visit("pay", "check", "", "go"), visit("mail", "check", "pay", "go")]

    assert {"called"} == arrows_of(cover(FLOW, evidence(called=called), 10))["check>mail"]


def test_everything_is_counted() -> None:
    """Labels are arrows with a condition, pairs are two arrows in a row, paths go from an entrypoint to an end."""
    coverage = cover(FLOW, evidence(refused=REFUSED), 10)

    assert {"arrows": Share(2, 4), "labels": Share(1, 2), "pairs": Share(1, 3), "paths": Share(1, 2)} == coverage.shares
    assert (("go", "check", "pay", "mail"),) == coverage.untested_paths


def test_visits_of_another_flow_cover_nothing() -> None:
    """A step of two flows counts in each flow only for what ran in that flow."""
    coverage = cover(replace(FLOW, name="returns"), evidence(paid=PAID), 10)

    assert ({}, 0) == (arrows_of(coverage), len(coverage.tests))


def test_what_ran_outside_tests_is_hit_and_not_tested() -> None:
    """Evidence of traces, of production or of an older version names no test."""
    facts = {Fact("orders", Seen("check", "1"), Seen("go", "1")): 7}
    arrow = cover(FLOW, Evidence(facts), 10).arrows[0]

    assert (7, frozenset()) == (arrow.hits, arrow.tests)


def test_code_that_has_changed_since_is_not_covered() -> None:
    """A test of the code before says nothing of the code now."""
    steps = tuple(replace(step, source_hash="2") if step.name == "pay" else step for step in FLOW.steps)
    coverage = cover(replace(FLOW, steps=steps), evidence(paid=PAID), 10)

    assert {"go>check"} == arrows_of(coverage).keys()


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [("check", ("check",)), ("go", ("go",)), ("mail", ()), ("elsewhere", ("elsewhere",))],
)
def test_an_arrow_behind_a_test_double_is_not_taken(replaced: str, expected: tuple[str, ...]) -> None:
    """Only replaced steps that lead to the arrow's end matter, or that no arrow places; the arrow names them."""
    row = visit("pay", "go", "check", replaced=replaced)
    arrow = cover(FLOW, evidence(mocked=[visit("go"), visit("check", "go"), row]), 10).arrows[1]

    assert (not expected, expected) == (bool(arrow.tests), arrow.masks)


def test_a_test_without_doubles_outweighs_one_with_them() -> None:
    """As soon as one test takes the arrow without replaced steps, it is taken, by that test alone."""
    mocked = [visit("pay", "go", "check", replaced="check")]
    arrow = cover(FLOW, evidence(mocked=mocked, paid=PAID), 10).arrows[1]

    assert (frozenset({"paid"}), ()) == (arrow.tests, arrow.masks)


def test_two_ways_in_one_test_prove_neither_of_them_further_on() -> None:
    """The evidence does not tell the runs of a test apart: only what holds for all of them is claimed."""
    loose = [
        visit("go"),
        visit("check", "go"),
        visit("check"),
        visit("pay", "check"),
        visit("mail", "pay", "", "check"),
    ]
    coverage = cover(FLOW, evidence(both=loose), 10)

    assert {("check", "pay", "mail")} == {pair.steps for pair in coverage.pairs if pair.tests}
    assert Share(0, 2) == coverage.paths


def test_tests_take_a_path_only_as_a_whole() -> None:
    """Two tests that take the two halves of a path do not take the path."""
    first = [visit("go"), visit("check", "go")]
    second = [visit("check"), visit("pay", "check"), visit("mail", "pay", "", "check")]

    assert Share(0, 2) == cover(FLOW, evidence(first=first, second=second), 10).paths


def diamonds(number: int) -> Flow:
    """Return a flow with two ways between each two of its steps in a row, one of them longer."""
    names = [f"{kind}{place}" for place in range(number) for kind in ("start", "side", "more")] + [f"start{number}"]
    edges = [
        Edge(source=f"{source}{place}", target=f"{target}{place + (target == 'start')}")
        for place in range(number)
        for source, target in (("start", "side"), ("side", "start"), ("side", "more"), ("more", "start"))
    ]
    steps = tuple(Step(name=name, entrypoint=name == "start0") for name in names)
    return Flow(name="orders", steps=steps, edges=tuple(edges))


def test_a_million_paths_are_counted_without_walking_through_them() -> None:
    """The shortest come first, as many as are wanted."""
    flow = diamonds(40)
    way = [name for place in range(40) for name in (f"start{place}", f"side{place}")] + ["start40"]
    nested = [
        Visit(
            "orders",
            Seen(name),
            Seen(way[place - 1]) if place else None,
            ancestors=frozenset(map(Seen, way[: max(place - 1, 0)])),
        )
        for place, name in enumerate(way)
    ]
    coverage = cover(flow, Evidence(visits={row: frozenset({"test"}) for row in nested}), 3)

    assert Share(1, 2**40) == coverage.paths
    assert [len(way) + 1] * 3 == [len(path) for path in coverage.untested_paths]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(Share(2, 3), 66.6), (Share(1999, 2000), 99.9), (Share(0, 0), 100.0), (Share(None, 3), None)],
)
def test_a_share_is_rounded_down(share: Share, expected: float | None) -> None:
    """All is 100 percent, and nothing less is."""
    assert expected == share.percent
