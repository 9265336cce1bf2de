"""What counts as replaced, whatever replaces it."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Any
from unittest import mock
from weakref import WeakSet

import pytest

from library_app import accused, module, recorded
from penstock import carry
from penstock._recording import mock_hooks
from penstock._recording.substitutions import replacements
from penstock.testing import empty_registry


def test_hooks_are_undone() -> None:
    """When nobody records any more, the classes of others are as they were, and what began before is no harm."""
    places = [(mock._patch, "__enter__"), (mock._patch_dict, "_patch_dict"), (pytest.MonkeyPatch, "setattr")]
    before = [vars(kind)[name] for kind, name in places]  # type: ignore[attr-defined]
    early, late = mock.patch("os.sep"), mock.patch("os.sep")
    early.start()
    mock_hooks.watch()
    mock_hooks.watch()
    mock_hooks.unwatch()
    assert all(old is not vars(kind)[name] for old, (kind, name) in zip(before, places, strict=True))
    early.stop()
    late.start()
    mock_hooks.unwatch()
    mock_hooks.unwatch()
    late.stop()
    assert before == [vars(kind)[name] for kind, name in places]


def test_patchers_of_another_shape(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the private attributes that are read do not exist, tests replace what they like, and nothing is known."""
    monkeypatch.setattr(mock, "_patch", type("Patch", (nullcontext,), {"__enter__": nullcontext.__enter__}))
    monkeypatch.delattr(mock, "_patch_dict")
    mock_hooks.look()
    with mock._patch():  # type: ignore[attr-defined]
        assert {} == replacements.now


def test_objects_that_fail_when_they_are_looked_at(app: Any) -> None:
    """What a test replaces may be anything."""

    class Hostile:
        @property
        def __dict__(self) -> Any:
            raise RuntimeError

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    app.hostile = Hostile()
    with mock.patch("app.hostile", new=1):
        assert 1 == app.hostile
    assert {} == replacements.now


def test_a_thread_belongs_to_the_run_that_began_it(app: Any) -> None:
    """A thread that goes on when the test has put the step back belongs to the same run."""
    go = threading.Event()

    @app.library.entrypoint
    def begin() -> threading.Thread:
        app.charge()
        thread = threading.Thread(target=carry(lambda: (go.wait(9), app.hand_over())))
        thread.start()
        return thread

    def run() -> None:
        with mock.patch("app.charge"):
            thread = begin()
        go.set()
        thread.join()

    evidence = recorded(run)
    assert {("begin", "hand_over")} <= {(fact.parent.step, fact.step.step) for fact in evidence.facts}
    assert {} == accused(evidence)


TASKS = """
from celery import Celery, shared_task
from penstock.contrib.celery import flow_task
from penstock import flow

library = flow("library")
celery = Celery("library", broker="memory://")

@celery.task
@library.step(after="lend")
def plain(): ...

@shared_task
@library.step(after="lend")
def shared(): ...

@library
@flow_task(after="lend")
def told(): ...

@library.entrypoint
def lend():
    send()

def send():
    plain.delay()
    shared.delay()
    told.delay()
"""


@pytest.mark.parametrize("name", ["plain", "shared", "told"])
def test_tasks_of_celery(name: str, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task is replaced as a whole, by the method that sends it, or by the function that does."""
    state = pytest.importorskip("celery._state", reason="celery is not installed")
    monkeypatch.setattr(state, "_on_app_finalizers", set())  # a shared task would be one of all later apps, too,
    monkeypatch.setattr(state, "_apps", WeakSet())  # and of the earlier ones
    monkeypatch.setattr(state._tls, "current_app", None)  # which this one becomes
    with empty_registry():  # without the flow of the application
        module("tasks", TASKS)
        for place in (name, f"{name}.delay", f"{name}.apply_async"):
            with mock.patch(f"tasks.{place}"):
                assert {"library": {name}} == replacements.now
        with mock.patch("tasks.send"):
            assert {"library": {"plain", "shared", "told"}} == replacements.now
