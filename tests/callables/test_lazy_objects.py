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


def test_a_step_over_a_task_is_a_problem(app: Any, task: Any) -> None:
    """What .delay() sends is the task below the step, so it is told where the step stands, and how to mend it."""
    [problem] = get_flow("mail").problems
    (send,) = [step for step in get_flow("mail").steps if step.name == "send"]

    assert ("bypassed", "send", __file__) == (problem.code, problem.step, problem.file)
    assert send.line < problem.line < send.end_line
    assert problem.message == (
        "@step decorates a Celery task, so send.delay() bypasses the step. Put the decorator that "
        "makes the task on top, above @flow, or use @flow_task of penstock.contrib.celery."
    )


def below_the_task(app: Any) -> None:
    """Put the task's decorator on top."""

    @app.task(name=f"below{next(numbers)}")
    @flow("mail")
    @entrypoint
    def start() -> None: ...


def as_a_flow_task(app: Any) -> None:
    """Make a task and an entrypoint at once."""
    from penstock.contrib.celery import flow_task

    @flow("mail")
    @flow_task(name=f"both{next(numbers)}")
    def start() -> None: ...


def from_outside(app: Any) -> None:
    """Describe a task that stands elsewhere."""

    @app.task(name=f"theirs{next(numbers)}")
    def start() -> None: ...

    flow("mail").entrypoint(start)


@pytest.mark.parametrize("declare", [below_the_task, as_a_flow_task, from_outside])
def test_a_task_that_is_declared_well_is_no_problem(app: Any, declare: Callable[[Any], None]) -> None:
    """A step below its task, a flow task, and a task of somebody else's that is only described are as they should be."""
    declare(app)

    assert (["start"], ()) == ([step.name for step in get_flow("mail").steps], get_flow("mail").problems)


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
