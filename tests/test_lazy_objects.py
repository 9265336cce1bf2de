"""Objects that must not be touched at import: Celery's shared tasks."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from penstock import current_flow_id, entrypoint, flow, get_flow, step

if TYPE_CHECKING:
    from collections.abc import Callable

celery = pytest.importorskip("celery")

numbers = count()
"""Shared tasks are shared by all applications of the process, so each needs a name of its own."""


class Untouchable:
    """Fails when anything but a call is asked of it before it is allowed."""

    allowed = False

    def __getattribute__(self, name: str) -> Any:
        if not Untouchable.allowed:
            raise AssertionError(f"{name} was read")
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __call__(self) -> str:
        """Run late."""
        return "ran"


WAYS = [
    pytest.param(lambda lazy: flow("f")(step(after="a")(lazy)), id="step"),
    pytest.param(lambda lazy: flow("f")(step(lazy)), id="bare step"),
    pytest.param(lambda lazy: flow("f")(entrypoint(lazy)), id="bare entrypoint"),
    pytest.param(lambda lazy: flow("f").step(after=lazy)(lazy), id="handle"),
    pytest.param(lambda lazy: flow("f").entrypoint(lazy), id="bare handle"),
    pytest.param(lambda lazy: flow("g")(flow("f")(entrypoint(step(lazy)))), id="stack"),
    pytest.param(lambda lazy: flow("f")(flow("g")(lazy)), id="unmarked"),
]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_read_at_declaration(way: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Declaring a lazy object, in any way, reads none of its attributes."""
    monkeypatch.setattr(Untouchable, "allowed", False)
    decorated = way(Untouchable())
    assert "ran" == decorated()
    Untouchable.allowed = True
    assert get_flow("f").problems or ["Untouchable"] == [step.name for step in get_flow("f").steps]


@pytest.fixture
def app() -> Any:
    """A Celery application that runs tasks at once."""
    app = celery.Celery("penstock_test", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.task_always_eager = True
    yield app
    app.close()


@pytest.fixture
def task(app: Any) -> Any:
    """A flow with a shared task."""
    flow("mail").entrypoint(name="start")(lambda: None)

    @flow("mail")
    @step(after="start", effects=["smtp:mail"])
    @celery.shared_task(name=f"send{next(numbers)}")
    def send(address: str) -> str:
        """Send a mail."""
        return f"sent to {address}"

    return send


def test_a_shared_task_does_not_finalize_the_application(app: Any, task: Any) -> None:
    """Declaring a step over a shared task leaves the application open for configuration."""
    assert False is app.finalized
    assert ["start", "send"] == [step.name for step in get_flow("mail").steps]
    assert True is app.finalized


def test_a_shared_task_is_still_a_task(task: Any) -> None:
    """Its own methods are there, and it runs in every way that tasks run."""
    assert "sent to Ann" == task("Ann")
    assert "sent to Bo" == task.delay("Bo").get(timeout=10)
    assert "sent to Cy" == task.s("Cy").apply().get(timeout=10)
    assert task.name.startswith("send")
    assert isinstance(task, celery.Task)


def test_a_shared_task_tells_its_facts_late(task: Any) -> None:
    """Name, documentation, signature and place are those of the function below."""
    (send,) = [step for step in get_flow("mail").steps if step.name == "send"]
    assert ("Send a mail.", "(address: str) -> str", ("smtp:mail",)) == (send.title, send.signature, send.effects)
    assert (__file__, "function") == (send.file, send.kind)
    assert () == get_flow("mail").problems


def test_a_task_can_be_named_in_after(task: Any) -> None:
    """after= takes the task, the decorated task and its name."""
    for number, reference in enumerate([task, task.__wrapped__, "send"]):
        flow("mail").step(after=reference, name=f"next{number}")(lambda: None)
    assert 3 == len(get_flow("mail").edges_from("send"))


def test_a_task_can_start_a_run(app: Any) -> None:
    """An entrypoint over a shared task has a correlation ID when it is called."""

    @flow("mail")
    @entrypoint
    @celery.shared_task(name=f"begin{next(numbers)}")
    def begin() -> str | None:
        return current_flow_id()

    assert 32 == len(begin())
    assert begin() != begin()
