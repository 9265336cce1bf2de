"""Effects and triggers that are right, and mistakes in them. `make accuracy` prints the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab.effect_mutants import remove_consumers
from lab.effects import check_sources

if TYPE_CHECKING:
    from lab.effects import CheckedEffects


@pytest.fixture(scope="module")
def checked() -> CheckedEffects:
    """What the check says of the scenarios with effects."""
    for library in ("celery", "flask", "httpx", "sqlalchemy"):
        pytest.importorskip(library)
    [checked] = check_sources(["scenarios"])
    return checked


def test_right_effects_are_believed(checked: CheckedEffects) -> None:
    """Effects and triggers that are right raise no finding, and nearly all of them are confirmed."""
    assert ((), ()) == (checked.alarms, checked.notes)
    assert (25, (21, 3)) == (checked.uses, checked.confirmed)


def test_mistakes_are_found(checked: CheckedEffects) -> None:
    """Of the mistakes that runs can show, nearly all are found."""
    changes = [change for change in checked.changes if change.shown]
    assert 0.95 <= sum(change.found for change in changes) / len(changes)


def test_removed_consumer_is_found(checked: CheckedEffects) -> None:
    """A topic whose only consumer is removed is found, if each flow is a service of its own."""
    assert [True] == [change.found for change in remove_consumers(checked.flows)]
