"""Runs in tasks, threads and processes, and what goes on after them."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from asking_steps import VALID, ask, ask_later, twice, twice_later
from penstock import carry, current_flow_id, entrypoint, set_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def records(work: Callable[[], Any]) -> Any:
    """Return a coroutine function that runs some work five times at once."""

    async def main() -> list[Any]:
        return await asyncio.gather(*(work() for _ in range(5)))

    return main


def test_concurrent_runs_have_ids_of_their_own() -> None:
    """Runs that take turns in one event loop do not mix."""
    found = asyncio.run(records(twice_later)())
    assert all(first == second for first, second in found)
    assert 5 == len({first for first, _ in found})


def test_concurrent_steps_share_their_run() -> None:
    """What a run gathers, puts into task groups, tasks and threads has the run's ID."""

    @entrypoint
    async def start() -> set[str | None]:
        found = {*await records(ask_later)(), await asyncio.create_task(ask_later()), await asyncio.to_thread(ask)}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask_later()) for _ in range(3)]
        return {*found, *(task.result() for task in tasks), current_flow_id()}

    (only,) = asyncio.run(start())
    assert VALID.fullmatch(str(only))


def test_a_task_that_outlives_its_run_keeps_the_id() -> None:
    """A background task belongs to the run that started it, and nothing else does."""

    async def background() -> str | None:
        await asyncio.sleep(0.01)
        return ask()

    @entrypoint
    async def start() -> tuple[str | None, asyncio.Task[str | None]]:
        return current_flow_id(), asyncio.create_task(background())

    async def main() -> None:
        expected, task = await start()
        assert current_flow_id() is None
        assert expected == await task

    asyncio.run(main())


def test_a_cancelled_run_is_over() -> None:
    """Cancelling ends the run as any exception does, and the canceller sees no ID."""
    seen: list[str | None] = []

    @entrypoint
    async def wait() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            seen.append(current_flow_id())

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert current_flow_id() is None

    asyncio.run(main())
    assert VALID.fullmatch(str(seen[0]))


def test_a_coroutine_closed_in_another_context_does_no_harm() -> None:
    """Closing a coroutine where it never ran neither raises nor changes the run there."""

    @types.coroutine
    def pause() -> Iterator[None]:
        yield

    @entrypoint(inherit=False)
    async def wait() -> None:
        await pause()

    @entrypoint
    def outer() -> set[str | None]:
        before = current_flow_id()
        running = wait()
        contextvars.copy_context().run(running.send, None)
        running.close()
        return {before, current_flow_id()}

    assert 1 == len(outer())


def test_threads_that_ask_at_once_get_one_id() -> None:
    """Several threads of a run that ask for its ID for the first time agree."""
    together = threading.Barrier(8)

    def wait_and_ask() -> str | None:
        together.wait(600)
        return current_flow_id()

    @entrypoint
    def start() -> set[str | None]:
        with ThreadPoolExecutor(8) as pool:
            contexts = [contextvars.copy_context() for _ in range(8)]
            return {future.result(10) for future in [pool.submit(c.run, wait_and_ask) for c in contexts]}

    for _ in range(20):
        assert 1 == len(start())


def test_a_plain_thread_has_no_run_of_its_own_making() -> None:
    """Runs in different threads do not see each other."""

    @entrypoint
    def start() -> str | None:
        return ask()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: start(), range(40)))
    assert 40 == len(set(found))


def test_a_copied_context_carries_the_run() -> None:
    """Whatever runs in a copy of the context is in the run, also when the run is over."""

    @entrypoint
    def start() -> tuple[str | None, contextvars.Context]:
        return current_flow_id(), contextvars.copy_context()

    expected, context = start()
    assert expected == context.run(ask)
    assert ask() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_processes_make_ids_of_their_own() -> None:
    """Processes that share their beginning do not share the IDs of later runs, but that of a run under way."""

    @entrypoint
    def start() -> tuple[str, str]:
        mine = str(current_flow_id())
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, f"{current_flow_id()} {contextvars.Context().run(twice)[0]}".encode())
            os._exit(0)
        os.waitpid(child, 0)
        joined, new = os.read(read, 100).decode().split()
        os.close(read)
        os.close(write)
        assert mine == joined
        return new, str(contextvars.Context().run(twice)[0])

    childs, parents = start()
    assert childs != parents


def after_the_run(function: Callable[[], Any], value: str | None = None) -> tuple[str | None, Any]:
    """Return a run's ID, and what a function returns in a context that has outlived the run."""
    kept: list[contextvars.Context] = []

    @entrypoint
    def served() -> str | None:
        if value is not None:
            set_value("tenant", value)
        kept.append(contextvars.copy_context())
        return current_flow_id()

    return served(), kept[0].run(function)


@pytest.mark.parametrize("value", [None, "acme"])
@pytest.mark.parametrize("inherit", [True, False])
def test_what_goes_on_after_a_run_joins_it(inherit: bool, value: str | None) -> None:
    """An entrypoint in a context that has outlived a run joins that, unless it never joins one."""
    before, after = after_the_run(entrypoint(inherit=inherit)(current_flow_id), value)

    assert VALID.fullmatch(str(after))
    assert inherit == (before == after)


def test_a_coroutine_joins_the_run_that_it_outlives() -> None:
    """The same for coroutines."""

    @entrypoint
    async def later() -> str | None:
        return await ask_later()

    before, after = after_the_run(lambda: asyncio.run(later()))

    assert before == after


def test_a_generator_joins_the_run_that_it_outlives() -> None:
    """The same for generators."""

    @entrypoint
    def ids() -> Iterator[str | None]:
        yield current_flow_id()

    before, (after,) = after_the_run(lambda: list(ids()))

    assert before == after


def test_steps_stay_in_a_run_that_is_over() -> None:
    """A step in a task that goes on after the run still has its ID."""
    before, after = after_the_run(ask)

    assert before == after


def test_what_is_carried_joins_a_run_that_is_over() -> None:
    """A function that was bound to a run on purpose belongs to it, and so do the entrypoints that it calls."""
    carried: list[Callable[[], Any]] = []

    @entrypoint
    def start() -> str | None:
        carried.append(carry(twice))
        return current_flow_id()

    before = start()

    assert (before, before) == carried[0]()


def test_a_generator_that_joined_does_not_end_the_run() -> None:
    """A run that a generator has joined, and set a value in, goes on after the generator."""

    @entrypoint
    def items() -> Iterator[None]:
        set_value("tenant", "acme")
        yield

    @entrypoint
    def outer() -> list[str | None]:
        list(items())
        return [current_flow_id(), *twice()]

    assert 1 == len({*outer()})


def test_a_coroutine_that_was_returned_is_still_in_the_run() -> None:
    """A run lasts until the coroutine has ended that its entrypoint returned."""

    async def body() -> list[str | None]:
        return [current_flow_id(), *twice()]

    @entrypoint
    def start() -> Any:
        return body()

    assert 1 == len({*asyncio.run(start())})
