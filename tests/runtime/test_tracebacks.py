"""An exception that is logged after its run is known by the run, and is otherwise as it was."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import pickle
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from logging.handlers import QueueHandler
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from penstock import CarryingExecutor, add_observer, carry, current_flow_id, entrypoint, flow_context, step
from penstock.contrib.kafka import message_context
from penstock.contrib.logging import FlowFilter, flow_id_of_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDS: list[str | None] = []


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"])
def observed(request: pytest.FixtureRequest) -> None:
    """Run a test on the fast path and on the slow one."""
    if request.param:
        add_observer(lambda event: lambda error: None)


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """What is logged during a test, without tracebacks."""
    records: Queue[Any] = Queue()
    handler = QueueHandler(records)
    handler.addFilter(FlowFilter())
    logging.getLogger().addHandler(handler)
    yield lambda: [f"{record.flow_id} {record.name}" for record in records.queue]
    logging.getLogger().removeHandler(handler)


class Failure(Exception):
    """What the tests raise."""


def fail() -> None:
    """Note the ID, and fail."""
    IDS.append(current_flow_id())
    raise Failure


@entrypoint
def start() -> None:
    """Fail in a run."""
    fail()


@entrypoint
async def start_later() -> None:
    """Fail in a run."""
    await asyncio.sleep(0)
    fail()


@entrypoint
def start_when_returned() -> Any:
    """Return a coroutine that fails in the run."""
    return start_later.__wrapped__()  # type: ignore[attr-defined]


@entrypoint
def iterate() -> Iterator[int]:
    """Fail in a run after an item."""
    yield 1
    fail()


@entrypoint
async def iterate_later() -> Any:
    """Fail in a run after an item."""
    yield 1
    fail()


@entrypoint
@contextmanager
def managed() -> Iterator[None]:
    """Make a block a run."""
    yield


@entrypoint
@asynccontextmanager
async def managed_later() -> Any:
    """Make a block a run."""
    yield


def in_a_managed_block() -> None:
    """Fail in the block of a context manager."""
    with managed():
        fail()


async def in_a_managed_block_later() -> None:
    """Fail in the block of an asynchronous context manager."""
    async with managed_later():
        fail()


async def exhaust() -> None:
    """Consume an asynchronous generator."""
    async for _ in iterate_later():
        pass


def finish(coroutine: Any) -> None:
    """Run a coroutine; a loop would keep its exception alive for longer."""
    while True:
        coroutine.send(None)


def in_a_block() -> None:
    """Fail in a block that is a run."""
    with flow_context():
        fail()


def in_a_message() -> None:
    """Fail in a message's run."""
    with message_context(threading):  # it has no headers
        fail()


threading.headers = None  # type: ignore[attr-defined]


def carried() -> None:
    """Fail in a carried function."""
    with flow_context():
        call = carry(fail)
    call()


def carried_later() -> None:
    """Fail in a carried coroutine."""
    with flow_context():
        call = carry(start_later.__wrapped__)  # type: ignore[attr-defined]
    finish(call())


def in_a_pool() -> None:
    """Fail in a pool."""
    with CarryingExecutor(ThreadPoolExecutor(1)) as pool:
        with flow_context():
            future = pool.submit(fail)
        future.result()


CALLS = {
    "function": start,
    "coroutine": lambda: finish(start_later()),
    "returned coroutine": lambda: finish(start_when_returned()),
    "generator": lambda: list(iterate()),
    "asynchronous generator": lambda: finish(exhaust()),
    "block": in_a_block,
    "context manager": in_a_managed_block,
    "asynchronous context manager": lambda: finish(in_a_managed_block_later()),
    "decorated by a context manager": managed()(fail),
    "message": in_a_message,
    "carried": carried,
    "carried coroutine": carried_later,
    "pool": in_a_pool,
}


def catch(call: Callable[[], Any]) -> BaseException:
    """Return what a call raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_exception_is_known_by_its_run(call: Callable[[], Any], lines: Callable[[], list[str]]) -> None:
    """A line that is logged with an exception, after the run that it left, has the run's ID."""
    IDS.clear()
    error = catch(call)
    logging.getLogger("server").error("failed", exc_info=error)

    assert current_flow_id() is None
    assert [f"{IDS[0]} server"] == lines()


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("call", list(CALLS.values())[:-1], ids=list(CALLS)[:-1])  # a pool's future is in a ring
def test_an_exception_stays_as_it_was(call: Callable[[], Any]) -> None:
    """Nothing is written on an exception, it is pickled as ever, and is gone when the last reference is."""
    gc.collect()
    gc.disable()
    try:
        error = catch(call)
        known = flow_id_of_error(error), pickle.dumps(error), vars(error)
        reference = weakref.ref(error)
        del error

        assert (pickle.dumps(Failure()), {}) == known[1:]
        assert reference() is None
    finally:
        gc.enable()


def test_the_last_run_counts() -> None:
    """One exception object that is raised in two runs is known by the second, also where that is the older one's cause."""
    again = Failure()

    def raise_in(flow_id: str) -> None:
        with flow_context(flow_id):
            raise again

    assert ["a", "b"] == [flow_id_of_error(catch(lambda flow_id=flow_id: raise_in(flow_id))) for flow_id in "ab"]  # type: ignore[misc]


def test_the_outermost_run_counts() -> None:
    """An exception that leaves a run, and then the one around it, is known by the latter."""

    def nested() -> None:
        with flow_context("outer"), flow_context("inner"):
            raise Failure

    assert "outer" == flow_id_of_error(catch(nested))


def test_chained_exceptions() -> None:
    """An exception that is raised outside because of one in a run is known by that run, unless the chain is hidden."""

    def wrap() -> None:
        try:
            in_a_block()
        except Failure as error:
            raise ValueError from error

    def replace() -> None:
        try:
            in_a_block()
        except Failure:
            raise ValueError  # noqa: B904 - what is printed with it is what counts

    def hide() -> None:
        try:
            in_a_block()
        except Failure:
            raise ValueError from None

    IDS.clear()
    told = [flow_id_of_error(catch(call)) for call in (wrap, replace, hide)]

    assert [*IDS[:2], None] == told


def test_exceptions_of_a_group() -> None:
    """A group is known by the run that all its exceptions are from; where they are from several, by none."""

    def raise_in(flow_id: str) -> None:
        with flow_context(flow_id):
            raise Failure

    def group(*ids: str) -> BaseException:
        return ExceptionGroup("several", [catch(lambda flow_id=flow_id: raise_in(flow_id)) for flow_id in ids])  # type: ignore[misc, list-item]

    assert ["a", None] == [flow_id_of_error(group("a", "a")), flow_id_of_error(group("a", "b"))]


def test_exceptions_that_are_chained_in_a_ring() -> None:
    """A chain that leads back to itself is read once."""
    first, second = Failure(), Failure()
    first.__cause__, second.__cause__ = second, first

    assert flow_id_of_error(first) is None


@pytest.mark.parametrize("error", [None, Failure()], ids=repr)
def test_exceptions_of_no_run(error: BaseException | None) -> None:
    """An exception that comes from no run is known by none."""
    assert flow_id_of_error(error) is None


def test_the_current_run_is_preferred(lines: Callable[[], list[str]]) -> None:
    """A line of a run has its ID, whichever run the exception comes from."""
    error = catch(in_a_block)
    with flow_context("order-17"):
        logging.getLogger("server").error("failed", exc_info=error)

    assert ["order-17 server"] == lines()


def test_a_run_that_is_over_is_not_preferred(lines: Callable[[], list[str]]) -> None:
    """A line in a context that has outlived a run has the ID of the exception's run, where it has one."""
    kept: list[contextvars.Context] = []
    before: list[str | None] = []

    @entrypoint
    def served() -> None:
        kept.append(contextvars.copy_context())
        before.append(current_flow_id())

    served()
    IDS.clear()
    error = catch(start)
    log = logging.getLogger("server")
    kept[0].run(lambda: log.error("failed", exc_info=error))
    kept[0].run(lambda: log.error("failed"))

    assert [f"{IDS[0]} server", f"{before[0]} server"] == lines()


@pytest.mark.usefixtures("observed")
def test_a_task_that_is_not_awaited(lines: Callable[[], list[str]]) -> None:
    """What asyncio logs of a task whose exception was never retrieved has the ID, where the task is a step."""
    fail_later = step(start_later.__wrapped__)  # type: ignore[attr-defined]

    @entrypoint
    async def run() -> None:
        task = asyncio.create_task(fail_later())
        await asyncio.wait([task])

    IDS.clear()
    asyncio.run(run())
    gc.collect()

    assert [f"{IDS[0]} asyncio"] == lines()


def test_a_thread_that_fails(lines: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hook for failing threads logs has the ID of the run that the thread was carried from."""
    log = logging.getLogger("thread")
    monkeypatch.setattr(threading, "excepthook", lambda args: log.error("failed", exc_info=args.exc_value))
    with flow_context("order-17"):
        thread = threading.Thread(target=carry(fail))
    thread.start()
    thread.join()

    assert ["order-17 thread"] == lines()
