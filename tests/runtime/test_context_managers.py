"""The step of a context manager lasts until its block ends."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from penstock import (
    current_flow,
    current_flow_id,
    entrypoint,
    flow,
    flow_context,
    get_value,
    observing,
    set_value,
    step,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from penstock.observers import StepEvent


class Log:
    """An observer that takes down what begins, inside what, and how it ends."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: StepEvent) -> Callable[[BaseException | None], None]:
        """Take note of a step."""
        inside = f" in {event.parent.step}" if event.parent else ""
        self.lines.append(f"{event.step}{inside}")

        def finish(error: BaseException | None) -> None:
            self.lines.append(f"{event.step} ended" + (f" with {type(error).__name__}" if error else ""))

        return finish


@pytest.fixture
def log() -> Iterator[Log]:
    """What happens, while somebody observes."""
    made = Log()
    with observing(made):
        yield made


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"])
def maybe_observed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both paths."""
    if not request.param:
        yield
        return
    with observing(Log()):
        yield


@flow("blocks")
@step(after="work")
@contextmanager
def session(name: str = "s", *, swallow: type[BaseException] | tuple[()] = ()) -> Iterator[str]:
    """A session."""
    with contextlib.suppress(swallow):
        yield name


@flow("blocks")
@step(after="session")
def query() -> None:
    """A step that does nothing."""


@flow("blocks")
@entrypoint
@contextmanager
def job() -> Iterator[str | None]:
    """A run for a block."""
    yield current_flow_id()


@flow("blocks")
@step(after="work")
@asynccontextmanager
async def connection() -> AsyncIterator[int]:
    """An asynchronous one."""
    yield 1


@flow("blocks")
@entrypoint
@asynccontextmanager
async def service() -> AsyncIterator[str | None]:
    """A run for an asynchronous block."""
    yield current_flow_id()


def test_what_runs_in_the_block_is_inside_the_step(log: Log) -> None:
    """The step begins where the block does, and ends with it."""
    opened = session("x")
    assert [] == log.lines
    with opened as name:
        assert "x" == name
        query()
    query()
    assert ["session", "query in session", "query ended", "session ended", "query", "query ended"] == log.lines


def test_what_runs_in_an_asynchronous_block(log: Log) -> None:
    """The same with ``async with``, for each task by itself."""

    async def use() -> None:
        async with connection():
            await asyncio.sleep(0)
            query()

    async def main() -> None:
        await asyncio.gather(use(), use())
        query()

    asyncio.run(main())
    block = ["query in connection", "query ended", "connection ended"]
    assert ["connection", "connection", *block, *block, "query", "query ended"] == log.lines


@pytest.mark.usefixtures("maybe_observed")
def test_an_entrypoint_keeps_its_run_for_the_block() -> None:
    """As in a flow_context, and what was around comes back."""
    with job() as inside:
        assert inside == current_flow_id()
        assert current_flow().flow == "blocks"
    assert current_flow_id() is None
    with flow_context("outer"):
        with job() as joined:
            assert ("outer", "outer") == (joined, current_flow_id())
        assert "outer" == current_flow_id()


@pytest.mark.usefixtures("maybe_observed")
def test_an_asynchronous_entrypoint_keeps_its_run_for_the_block() -> None:
    """Each task has its own."""

    async def use() -> str | None:
        async with service() as inside:
            await asyncio.sleep(0)
            assert inside == current_flow_id()
        assert current_flow_id() is None
        return inside

    async def main() -> None:
        assert 2 == len({*await asyncio.gather(use(), use())})

    asyncio.run(main())


@pytest.mark.usefixtures("maybe_observed")
def test_a_new_run_inside_another() -> None:
    """With inherit=False the block has a run of its own, and values stay in it."""
    fresh = flow("blocks").entrypoint(name="fresh", inherit=False)(contextmanager(lambda: (yield current_flow_id())))
    with flow_context("outer"):
        set_value("tenant", "acme")
        with fresh() as first, fresh() as second:
            assert second == current_flow_id()
            assert first not in (None, "outer", second)
            set_value("tenant", "other")
        assert ("outer", "acme") == (current_flow_id(), get_value("tenant"))


@pytest.mark.usefixtures("maybe_observed")
@pytest.mark.parametrize("error", [KeyError, StopIteration, GeneratorExit, KeyboardInterrupt, RuntimeError])
def test_exceptions_in_the_block(error: type[BaseException]) -> None:
    """They come out as they are, and what was around comes back."""
    raised = error("x")
    with pytest.raises(error) as caught, job():
        raise raised
    assert raised is caught.value
    with pytest.raises(error) as caught, session():
        raise raised
    assert raised is caught.value
    assert current_flow_id() is None


def test_exceptions_that_the_context_manager_swallows(log: Log) -> None:
    """The step has ended well then; else with the exception."""
    with session(swallow=KeyError):
        raise KeyError
    with pytest.raises(ValueError, match="x"), session(swallow=KeyError):
        raise ValueError("x")
    assert ["session", "session ended", "session", "session ended with ValueError"] == log.lines


def test_exceptions_in_an_asynchronous_block(log: Log) -> None:
    """The same."""

    async def main() -> None:
        with pytest.raises(StopAsyncIteration):
            async with connection():
                raise StopAsyncIteration
        with pytest.raises(ValueError, match="x"):
            async with service():
                raise ValueError("x")

    asyncio.run(main())
    assert ["connection", "connection ended", "service", "service ended with ValueError"] == [
        line.replace(" with RuntimeError", "") for line in log.lines
    ]


def test_a_context_manager_is_a_decorator_too(log: Log) -> None:
    """Each call of what it decorates is a block of its own, also where it was decorated before anybody observed."""

    @session("x")
    def decorated() -> None:
        query()

    decorated()
    decorated()
    once = ["session", "query in session", "query ended", "session ended"]
    assert [*once, *once] == log.lines


def test_a_decorator_that_was_applied_before_anybody_observed() -> None:
    """It is a step for those who come later."""

    @session("x")
    def decorated() -> None: ...

    @connection()
    async def later() -> None: ...

    with observing(Log()) as log:
        decorated()
        asyncio.run(later())
    assert ["session", "session ended", "connection", "connection ended"] == log.lines  # type: ignore[attr-defined]


def test_exit_stacks_and_nested_blocks(log: Log) -> None:
    """A stack ends them in reverse order."""
    with ExitStack() as stack:
        stack.enter_context(session("1"))
        stack.enter_context(session("2"))
        query()
    assert ["session", "session in session", "query in session", "query ended"] == log.lines[:4]
    assert ["session ended"] * 2 == log.lines[4:]

    async def main() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(connection())
            query()

    log.lines.clear()
    asyncio.run(main())
    assert ["connection", "query in connection", "query ended", "connection ended"] == log.lines


def test_a_block_that_is_closed_elsewhere(log: Log) -> None:
    """One that ends in another context, or is collected in the middle, leaves nothing behind and raises nothing."""
    opened = job()
    contextvars.copy_context().run(opened.__enter__)
    assert current_flow_id() is None
    contextvars.copy_context().run(opened.__exit__, None, None, None)
    left = contextvars.copy_context()
    left.run(lambda: session().__enter__())
    gc.collect()
    assert ["job", "job ended", "session", "session ended"] == log.lines
    assert current_flow_id() is None


def test_one_that_is_never_entered_shows_nothing(log: Log) -> None:
    """Nothing has begun."""
    session()
    job()
    gc.collect()
    assert [] == log.lines


class Store:
    """Context managers that are methods."""

    @flow("blocks")
    @step(after="job")
    @contextmanager
    def locked(self) -> Iterator[Store]:
        """Lock it."""
        yield self

    @flow("blocks")
    @step(after="job")
    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[type[Store]]:
        """Open it."""
        yield cls


def test_methods_keep_what_they_are_called_on(log: Log) -> None:
    """Methods keep what they are called on, as decorators, too."""
    store = Store()
    with store.locked() as same, Store.opened() as kind:
        assert (store, Store) == (same, kind)
        query()
    assert ["locked", "opened in locked", "query in opened"] == log.lines[:3]
    log.lines.clear()
    assert 1 == store.locked()(lambda: 1)()
    assert ["locked", "locked ended"] == log.lines


@pytest.mark.usefixtures("maybe_observed")
def test_they_are_what_contextlib_makes() -> None:
    """The object is contextlib's own, with its signs."""
    assert isinstance(session(), contextlib.AbstractContextManager)
    assert isinstance(session(), contextlib.ContextDecorator)
    assert isinstance(connection(), contextlib.AbstractAsyncContextManager)
    assert type(contextmanager(lambda: (yield))()) is type(session())
    assert isinstance(job(), type(session()))


@pytest.mark.usefixtures("maybe_observed")
@pytest.mark.parametrize("manager", [session, job], ids=["step", "entrypoint that joins"])
def test_values_of_a_run_outlast_the_block(manager: Callable[[], Any]) -> None:
    """A block that is no run of its own ends no value, whoever observes."""
    with flow_context():
        with manager():
            set_value("key", "value")
        assert "value" == get_value("key")


@pytest.mark.usefixtures("maybe_observed")
def test_values_of_a_run_outlast_an_asynchronous_block() -> None:
    """The same with ``async with``."""

    async def use() -> object:
        with flow_context():
            async with connection(), service():
                set_value("key", "value")
            return get_value("key")

    assert "value" == asyncio.run(use())


def test_two_marks_over_one(log: Log) -> None:
    """Each flow has its step, around the block."""
    both = flow("more").step(after="x", name="outer")(flow("blocks").step(after="x", name="inner")(session.__wrapped__))
    with both():
        query()
    assert ["outer", "inner in outer", "query in inner"] == log.lines[:3]


@pytest.mark.usefixtures("maybe_observed")
def test_what_a_context_manager_decorates_is_none() -> None:
    """A generator that one decorates is still a generator for a mark above."""

    @flow("blocks")
    @entrypoint
    @session()
    def rows() -> Iterator[int]:
        yield from range(3)

    assert [0, 1, 2] == list(rows())


@pytest.mark.usefixtures("maybe_observed")
def test_generators_that_are_no_context_managers() -> None:
    """What contextlib says of them, it still says."""
    none = step(contextmanager(lambda: iter(())))
    twice: Any = entrypoint(contextmanager(lambda: (yield (yield 1))))
    with pytest.raises(RuntimeError, match="didn't stop"), twice():
        pass
    assert current_flow_id() is None
    empty: Any = entrypoint(contextmanager(lambda: (yield from ())))
    with pytest.raises(RuntimeError, match="didn't yield"), empty():
        pass
    assert current_flow_id() is None
    assert callable(none)


def test_the_check_knows_what_runs_in_a_block() -> None:
    """What runs in it has the context manager as the nearest step around, and what runs later comes after it."""
    from penstock.observers.evidence import EvidenceObserver
    from verdicts import states

    handle = flow("blocks")
    managed = handle.step(after="work", name="managed")(contextmanager(lambda: (yield)))
    inner = handle.step(after="managed", name="inner")(lambda: None)
    later = handle.step(after="managed", name="later")(lambda: None)

    @handle.entrypoint
    def work() -> None:
        with managed():
            inner()
        later()

    with observing(EvidenceObserver()) as observer:
        work()
        assert isinstance(observer, EvidenceObserver)
        evidence = observer.evidence()
    assert {"work>managed": "confirmed", "managed>inner": "confirmed", "managed>later": "confirmed"} == states(
        "blocks", evidence
    )
    assert {"managed"} == {fact.parent.step for fact in evidence.facts if fact.step.step == "inner"}
