"""What every test stands on: an empty registry, nobody observing, and logging as Python starts with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from penstock import _registry, _runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("patient", deadline=None)  # how fast the machine is is not what is tested
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="module")
def _own_logging() -> Iterator[None]:
    """Give back the root logger as it was: a Celery worker in the process sets its level, and keeps its handlers."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _nothing_declared() -> Iterator[None]:
    """Start each test with no flows and no observers, and give back afterwards what modules had declared."""
    flows, unclaimed = dict(_registry._flows), dict(_registry._unclaimed)
    observers = list(_runtime._observers)
    _forget()
    yield
    _forget()
    _registry._flows.update(flows)
    _registry._unclaimed.update(unclaimed)
    for observer in observers:
        _runtime.add_observer(observer)


def _forget() -> None:
    _registry.forget()
    for observer in list(_runtime._observers):
        _runtime.remove_observer(observer)
