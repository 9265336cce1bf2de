"""Accepted findings: which finding an ignore, a contract or a baseline means."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.check.findings.baseline import is_known, without_ignored
from penstock.check.findings.contracts import find_broken
from penstock.check.findings.finding import Finding, of_problem
from penstock.config.accepted import Contract, Ignore
from penstock.model import Edge, Flow, Problem, Step

PYPROJECT = Path("pyproject.toml")


def finding_of(flow: str, service: str = "") -> Finding:
    """Return a finding on an edge of a flow."""
    full_name = f"{service}/{flow}" if service else flow
    return Finding(
        code="never-seen", severity="error", flow=full_name, service=service, source="a", target="b", message="m."
    )


@pytest.mark.parametrize(
    ("flow", "service", "ignored", "accepted"),
    [
        ("orders", "", "orders", True),
        ("orders", "shop", "orders", True),
        ("orders", "shop", "shop/orders", True),
        ("eu/orders", "", "eu/orders", True),
        ("eu/orders", "", "orders", False),
        ("eu/orders", "shop", "eu/orders", True),
        ("eu/orders", "shop", "orders", False),
    ],
)
def test_an_ignore_means_the_flow_that_it_names(flow: str, service: str, ignored: str, *, accepted: bool) -> None:
    """An ignore names a flow with or without its service; a slash in a flow's name is a part of the name."""
    ignore = Ignore(flow=ignored, edge="a -> b", reason="known")
    codes = [left.code for left in without_ignored([finding_of(flow, service)], [ignore], PYPROJECT)]
    assert ([] if accepted else ["never-seen", "unmatched-ignore"]) == codes


@pytest.mark.parametrize(("name", "reached"), [("ship", False), ("ship.pack", False), ("eu/ship.pack", True)])
def test_a_contract_means_the_flow_that_it_names(name: str, *, reached: bool) -> None:
    """What is never to be reached is a flow of that name, not one whose name ends so."""
    order = Flow(name="order", steps=(Step(name="begin", entrypoint=True, effects=("queue:packing",)),))
    ship = Flow(name="eu/ship", steps=(Step(name="pack", entrypoint=True, trigger="queue:packing"),))
    contract = Contract(type="never-reaches", flows=("order",), never=(name,))
    assert reached is any("order reaches" in finding.message for finding in find_broken([contract], [order, ship]))


def problem_of(missing: str, known: str) -> Problem:
    """Return the problem of a name that no step has."""
    advice = f"Known steps: {known}."
    message = f"after={missing!r} names no step of flow 'f'. {advice}"
    return Problem(code="unknown-after", message=message, step="b", advice=advice, missing=missing)


def test_a_baseline_keeps_a_problem_while_steps_come_and_go() -> None:
    """The advice of a problem is no part of its key."""
    flow = Flow(name="f", steps=(Step(name="b"),), edges=(Edge(source="b", target="b"),))
    before, now = (of_problem(problem_of("a. x", known), flow) for known in ("b", "b, c"))
    assert is_known(now, frozenset({before.key}))


def test_a_baseline_tells_names_with_full_stops_apart() -> None:
    """A full stop in a name does not end the sentence that the key is made of."""
    flow = Flow(name="f", steps=(Step(name="b"),))
    assert not is_known(
        of_problem(problem_of("a. y", "b"), flow), frozenset({of_problem(problem_of("a. x", "b"), flow).key})
    )
