"""Ten kinds of application whose declarations are right: the check must believe them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab.play import SCENARIOS, WITNESSES, play

if TYPE_CHECKING:
    from lab.play import Played

NAMES = sorted(file.stem for file in SCENARIOS.glob("*.py"))
WITH_CELERY = ("queue",)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Celery's
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*superuser"),
]


@pytest.fixture(scope="module")
def played() -> dict[str, Played]:
    """What is known of each scenario after it was played."""
    if any(name in WITH_CELERY for name in NAMES):
        pytest.importorskip("celery")
    return {name: play(SCENARIOS / f"{name}.py") for name in NAMES}


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize("name", NAMES)
def test_no_false_alarm(played: dict[str, Played], name: str, witness: str) -> None:
    """Right declarations raise no error, whichever witnesses there are."""
    assert ([], "") == (played[name].seen_by(witness).alarms, played[name].error)


@pytest.mark.parametrize(("witness", "least"), [("evidence", 0.9), ("calls", 0.95), ("both", 0.95)])
def test_arrows_are_decided(played: dict[str, Played], witness: str, least: float) -> None:
    """Nearly every right arrow is confirmed."""
    states = [edge.state for each in played.values() for edge in each.seen_by(witness).edges.values()]
    assert least <= states.count("confirmed") / len(states)
