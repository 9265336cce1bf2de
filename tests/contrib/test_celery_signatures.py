"""Celery sees the function's own parameters in a task that is a step, wherever it looks."""

from __future__ import annotations

import time
from functools import wraps
from itertools import count
from typing import Any

import pytest

celery = pytest.importorskip("celery")

from celery.contrib.testing.worker import start_worker  # noqa: E402
from celery.utils.dispatch import Signal  # noqa: E402
from celery.utils.functional import fun_accepts_kwargs, fun_takes_argument, head_from_fun  # noqa: E402
from pydantic import BaseModel  # noqa: E402

from penstock import current_flow_id, entrypoint, flow, flow_context, step  # noqa: E402
from penstock.contrib.celery import flow_task, install  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

app = celery.Celery("signatures", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False
app.conf.broker_transport_options = {"polling_interval": 0.01}
install()

numbers = count()
RAN: list[tuple[object, ...]] = []


def plain(function, **options):
    """Make a task without a mark."""
    return app.task(name=f"signed{next(numbers)}", **options)(function)


def step_below(function, **options):
    return plain(flow("signed")(step(after="start")(function)), **options)


def entrypoint_below(function, **options):
    return plain(flow("signed")(entrypoint(name=f"e{next(numbers)}")(function)), **options)


def as_flow_task(function, **options):
    name = f"signed{next(numbers)}"
    flow("signed")(flow_task(name=name, step_name=f"s{next(numbers)}", **options)(function))
    return app.tasks[name]


def as_later_flow_task(function, **options):
    return as_flow_task(function, after="start", **options)


WAYS = [step_below, entrypoint_below, as_flow_task, as_later_flow_task]


class Order(BaseModel):
    number: int


def nothing(): ...
def one(number): ...
def several(number, /, name="x", *rest, key, other=1, **more): ...
def named_only(*, key=1): ...
def typed(order: Order, count: int = 1) -> int:
    return order.number * count


def with_task(self, number): ...


FUNCTIONS = [nothing, one, several, named_only, typed]
SENT: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((), {"number": 1}),
    ((1,), {"key": 2}),
    ((), {"key": 2}),
    ((1, 2, 3), {"key": 2, "further": 3}),
]


def outcome(task, args, kwargs):
    """Return whether a task can be sent with arguments, or what is said instead."""
    try:
        task.__header__(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return "sent"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [{}, {"typing": False}, {"autoretry_for": (KeyError,)}, {"pydantic": True}])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_wrong_arguments_are_told_to_the_sender(function, options, way):
    """A task that is a step takes and refuses what the task without a mark does, with the same words."""
    alone, marked = plain(function, **options), way(function, **options)
    for args, kwargs in SENT:
        assert outcome(alone, args, kwargs) == outcome(marked, args, kwargs)


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_call_is_not_sent(way):
    """``delay`` and ``apply_async`` with wrong arguments are errors where they stand."""
    for task, arguments in ((way(one), ()), (way(one), (1, 2)), (way(with_task, bind=True), ())):
        with pytest.raises(TypeError):
            task.delay(*arguments)
        with pytest.raises(TypeError):
            task.apply_async(arguments)


@pytest.mark.parametrize("mark", [step, entrypoint, lambda function: flow("x")(step(function))])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_road_of_celery(function, mark):
    """What Celery asks of a function, of receivers of signals, too, a step answers as the function does."""
    marked = mark(function)

    assert head_from_fun(function)._source == head_from_fun(marked)._source
    assert fun_accepts_kwargs(function) == fun_accepts_kwargs(marked)
    for name in ("number", "key", "args"):
        assert fun_takes_argument(name, function) == fun_takes_argument(name, marked)


def test_a_receiver_without_keywords_is_refused():
    """Celery refuses a receiver of signals that takes no keywords, also one that is a step."""
    with pytest.raises(ValueError, match="keyword"):
        Signal(name="signed").connect(step(one), weak=False)


def test_a_decorator_that_gives_arguments_may_stand_between():
    """What stands between the task and the step decides what is sent, as it does without a mark."""

    @flow("signed")
    @step(after="start")
    def save(connection, number):
        return connection, number

    @wraps(save)
    def with_connection(*args):
        return save("db", *args)

    task = plain(with_connection)

    assert ("db", 1) == task.apply((1,)).get()
    assert "sent" == outcome(task, (1,), {})


def test_models_of_pydantic_arrive():
    """A task with ``pydantic=True`` gets its models, with a mark below or as a flow task."""
    for way in WAYS:
        assert 6 == way(typed, pydantic=True).apply(({"number": 2}, 3)).get()


@pytest.fixture(scope="module")
def worker():
    """A worker in this process."""
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=60):
        yield


def fail():
    raise RuntimeError("on purpose")


def told(number):
    RAN.append((number, current_flow_id()))


def told_all(request, exc, traceback):
    RAN.append((request.id, current_flow_id()))


def told_bound(self, number):
    RAN.append((number, current_flow_id()))


FAILING = [plain(fail), *(way(fail) for way in WAYS)]
ERRBACKS = [*(way(told) for way in (plain, *WAYS)), *(way(told_bound, bind=True) for way in WAYS)]
DIRECT = [way(told_all) for way in (plain, *WAYS)]


@pytest.mark.parametrize("errbacks", [ERRBACKS, DIRECT], ids=["the failed task's ID", "request, error, traceback"])
def test_errbacks_run_in_a_worker(worker, errbacks):
    """A ``link_error`` task runs when a task fails, with the failed task's ID or with all that is known of the failure."""
    RAN.clear()
    with flow_context("order-17"):
        sent = [failing.apply_async(link_error=errback.s()) for failing in FAILING for errback in errbacks]
    deadline = time.monotonic() + 600
    while len(RAN) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.005)

    assert sorted((result.id, "order-17") for result in sent) == sorted(RAN)


class Tell(celery.Task):
    """A task that is a class, as Celery has had them from the start."""

    name = "tell_in_class"

    @flow("signed")
    @step(name="in_class")
    def run(self, number):
        return number


def test_a_task_that_is_a_class_runs():
    """A step that is the ``run`` of a class gets the task and its arguments."""
    task = app.register_task(Tell())

    assert 4 == task.apply((4,)).get()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'number'"):
        task.apply().get()
