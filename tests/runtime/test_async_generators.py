"""Runs in asynchronous generators: bound while the generator works, never in between."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from penstock import add_observer, current_flow_id, entrypoint, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

WAYS: list[Any] = [
    entrypoint,
    entrypoint(inherit=False),
    step,
    lambda function: entrypoint(step(function)),
]


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"], autouse=True)
def endings(request: pytest.FixtureRequest) -> list[BaseException | None] | None:
    """Run every test on the fast path and on the slow one; there, tell how each step ended."""
    if not request.param:
        return None
    found: list[BaseException | None] = []
    add_observer(lambda event: found.append)
    return found


@pytest.fixture(params=WAYS, ids=["entrypoint", "always new", "step", "both"])
def way(request: pytest.FixtureRequest) -> Any:
    """A way to decorate a generator."""
    return request.param


async def async_conversation(log: list[object]) -> AsyncIterator[object]:
    """Repeat what is sent, survive KeyError, and note the end."""
    try:
        got: object = "ready"
        while got != "enough":
            await asyncio.sleep(0)
            try:
                got = yield got
            except KeyError as error:
                got = error
    finally:
        await asyncio.sleep(0)
        log.append("closed")


def test_asend_and_athrow(way: Callable[..., Any]) -> None:
    """A decorated asynchronous generator takes values and exceptions as the plain one."""

    async def main() -> None:
        log: list[object] = []
        talk = way(async_conversation)(log)
        error = KeyError("k")
        assert ["ready", 1, error] == [await anext(talk), await talk.asend(1), await talk.athrow(error)]
        with pytest.raises(StopAsyncIteration):
            await talk.asend("enough")
        assert ["closed"] == log

    asyncio.run(main())


def test_aclose_reaches_the_generator(way: Callable[..., Any]) -> None:
    """Closing runs the generator's own clean-up, also if it waits."""

    async def main() -> None:
        log: list[object] = []
        talk = way(async_conversation)(log)
        await anext(talk)
        await talk.aclose()
        assert ["closed"] == log

    asyncio.run(main())


def test_an_error_in_an_asynchronous_generator(
    way: Callable[..., Any], endings: list[BaseException | None] | None
) -> None:
    """The exception is the consumer's, and observers are told."""
    error = ValueError("x")

    @way
    async def fail() -> AsyncIterator[int]:
        yield 1
        raise error

    async def main() -> None:
        with pytest.raises(ValueError, match="x") as caught:
            assert [1] == [value async for value in fail()]
        assert error is caught.value

    asyncio.run(main())
    assert endings is None or {error} == set(endings)


@entrypoint
async def async_ids(count: int = 3) -> AsyncIterator[str | None]:
    """Yield the ID before each pause."""
    for _ in range(count):
        await asyncio.sleep(0)
        yield current_flow_id()


def test_one_asynchronous_run_one_id() -> None:
    """The ID is the same in all parts, differs between generators, and the consumer does not see it."""

    async def main() -> None:
        seen, consumers = [], []
        async for value in async_ids():
            seen.append(value)
            consumers.append(current_flow_id())
        assert 1 == len(set(seen))
        assert [None] * 3 == consumers
        first, second = await asyncio.gather(collect(), collect())
        assert {*first}.isdisjoint(second)

    async def collect() -> list[str | None]:
        return [value async for value in async_ids()]

    asyncio.run(main())


@entrypoint
async def async_holding(log: list[str | None]) -> AsyncIterator[None]:
    """Yield, and note the ID before and after."""
    log.append(current_flow_id())
    try:
        yield
        yield
    finally:
        await asyncio.sleep(0)
        log.append(current_flow_id())


def test_break_leaves_no_run_behind() -> None:
    """An `async for` that is left early closes the generator later, in its run, without a word."""
    log: list[str | None] = []

    async def main() -> None:
        async for _ in async_holding(log):
            break
        assert current_flow_id() is None
        gc.collect()
        await asyncio.sleep(0.01)
        assert current_flow_id() is None

    asyncio.run(main())
    assert (2, 1) == (len(log), len(set(log)))


def test_closed_in_another_task() -> None:
    """A task may close what another one began."""
    log: list[str | None] = []

    async def first(talk: Any) -> None:
        await anext(talk)

    async def last(talk: Any) -> str | None:
        await talk.aclose()
        return current_flow_id()

    async def main() -> str | None:
        talk = async_holding(log)
        await asyncio.create_task(first(talk))
        return await asyncio.create_task(last(talk))

    assert asyncio.run(main()) is None
    assert (2, 1) == (len(log), len(set(log)))


def test_the_end_of_the_event_loop_closes_what_is_open() -> None:
    """Generators that are still open when the loop ends are closed in their runs, each once."""
    logs: list[list[str | None]] = [[] for _ in range(10)]
    kept: list[AsyncIterator[None]] = []

    async def main() -> None:
        for log in logs:
            kept.append(async_holding(log))
            await anext(kept[-1])

    asyncio.run(main())
    assert [(2, 1)] * 10 == [(len(log), len(set(log))) for log in logs]
    assert 10 == len({log[0] for log in logs})


def test_cancelled_inside_an_asynchronous_generator() -> None:
    """Cancelling a consumer cancels the generator in its run."""
    log: list[str | None] = []

    @entrypoint
    async def slow() -> AsyncIterator[None]:
        try:
            await asyncio.sleep(10)
            yield
        finally:
            log.append(current_flow_id())

    async def consume() -> None:
        async for _ in slow():
            pass

    async def main() -> None:
        task = asyncio.create_task(consume())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log[0] is not None


def test_an_asynchronous_context_manager_made_of_a_step(way: Callable[..., Any]) -> None:
    """The same over a decorated asynchronous generator."""

    @asynccontextmanager
    @way
    async def managed() -> AsyncIterator[str]:
        yield "inside"

    async def main() -> str:
        async with managed() as value:
            assert current_flow_id() is None
            return str(value)

    assert "inside" == asyncio.run(main())


class Boom(Exception):
    """An error that can be watched until it is gone."""


def test_an_error_that_was_thrown_in_is_not_kept(
    way: Callable[..., Any], endings: list[BaseException | None] | None
) -> None:
    """An error that comes out again is freed with its traceback at once, not by a later garbage collection."""
    seen: list[weakref.ref[Boom]] = []

    async def use() -> None:
        talk = way(async_conversation)([])
        await anext(talk)
        error = Boom()
        seen.append(weakref.ref(error))
        try:
            await talk.athrow(error)
        except Boom:
            pass
        finally:
            del error
            (endings or []).clear()
        assert [None] == [each() for each in seen]

    gc.disable()
    try:
        asyncio.run(use())
    finally:
        gc.enable()
