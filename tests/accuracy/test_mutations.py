"""Declarations and code that no longer agree: the check must find out. `make accuracy` prints the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab.play import SCENARIOS
from lab.score import rate, results, table

if TYPE_CHECKING:
    from lab.score import Result

NAMES = sorted(file.stem for file in SCENARIOS.glob("*.py") if file.stem != "queue")  # that one takes its time
GOALS = {
    "reverse": 1.0,
    "rename": 1.0,
    "missing step": 1.0,
    "missing step, evidence of before": 1.0,
    "delete": 0.95,
    "retarget": 0.85,
    "call deleted": 0.95,
    "bypassed": 1.0,
    "swapped": 0.95,
    "renamed": 1.0,
}


@pytest.fixture(scope="module")
def found() -> list[Result]:
    """What became of each mutant."""
    return list(results(NAMES))


@pytest.mark.parametrize(("kind", "goal"), GOALS.items())
def test_mutants_are_found(found: list[Result], kind: str, goal: float) -> None:
    """Of the mutants of each kind, so many are found."""
    assert goal <= rate(table(found)[kind])


def test_mutants_that_are_as_true_are_believed(found: list[Result]) -> None:
    """A mutant that is as true as what it was made from raises no error."""
    assert [] == [(each.scenario, each.mutant.what, each.said) for each in found if each.outcome == "alarmed"]


def test_all_kinds_are_measured(found: list[Result]) -> None:
    """There are mutants of each kind that has a goal, and of no other."""
    assert GOALS.keys() == table(found).keys()
