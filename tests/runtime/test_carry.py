"""What `carry` and `flow_context` do where others run at the same time."""

from __future__ import annotations

import asyncio
import functools
import pickle
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from penstock import CarryingExecutor, carry, current_flow, current_flow_id, flow_context, set_value, step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator


def test_a_generator_based_coroutine_can_still_be_awaited() -> None:
    """What `types.coroutine` has made of a generator is awaited in the run that carried it."""

    @types.coroutine
    def old() -> Generator[object, object, str | None]:
        yield from asyncio.sleep(0).__await__()
        return current_flow_id()

    async def wait(function: Callable[[], Awaitable[str | None]]) -> str | None:
        return await function()

    with flow_context() as run:
        function = carry(old)

    assert run.id == asyncio.run(wait(function))


def test_values_that_were_pickled_are_read_only() -> None:
    """What travels with a run to another process cannot be changed there either."""
    with flow_context():
        set_value("tenant", "acme")
        known = pickle.loads(pickle.dumps(carry(current_flow)))()

    with pytest.raises(TypeError):
        known.values["tenant"] = "other"


class Numbers:
    """An object whose call is a generator."""

    def __call__(self) -> Iterator[str | None]:
        yield current_flow_id()


def test_an_object_whose_call_is_a_generator() -> None:
    """A step over such an object is carried as the generator that it makes."""
    with flow_context() as run:
        numbers = carry(step(Numbers()))

    assert [run.id] == list(numbers())


def test_one_block_that_several_tasks_are_in() -> None:
    """Tasks that are in the blocks of one `flow_context` at once each leave it with what they had before."""
    nightly = flow_context(flow="nightly")

    async def enter(pause: float) -> tuple[str | None, str | None]:
        with nightly as run:
            await asyncio.sleep(pause)
            inside = current_flow_id()
            assert run.id == inside
        return inside, current_flow_id()

    async def enter_all() -> list[tuple[str | None, str | None]]:
        return list(await asyncio.gather(enter(0.01), enter(0.02), enter(0)))

    inside, after = zip(*asyncio.run(enter_all()), strict=True)

    assert 3 == len({*inside})
    assert (None, None, None) == after


def test_arguments_of_any_name() -> None:
    """What is carried takes arguments of every name, as the function itself does."""

    def told(self: int, function: int) -> tuple[int, int]:
        return self, function

    assert (1, 2) == carry(told)(self=1, function=2)
    assert (1, 2) == step(functools.lru_cache(told))(self=1, function=2)


def test_the_default_executor_of_a_loop() -> None:
    """Calls that a loop gives to its default executor belong to the run that made them, and each to its own."""

    async def call() -> list[str | None]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(CarryingExecutor(ThreadPoolExecutor(1)))
        seen: list[str | None] = []
        for flow_id in ("a", "b"):
            with flow_context(flow_id):
                seen += [await loop.run_in_executor(None, current_flow_id), await asyncio.to_thread(current_flow_id)]
        return [*seen, await loop.run_in_executor(None, current_flow_id)]

    assert ["a", "a", "b", "b", None] == asyncio.run(call())


def test_a_carrying_pool_is_of_its_pools_kind() -> None:
    """Over a pool of threads it is one, with that pool's own attributes; over another executor it is not."""
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(1) as processes:
        over_threads, over_processes = CarryingExecutor(threads), CarryingExecutor(processes)

        assert isinstance(over_threads, ThreadPoolExecutor)
        assert isinstance(over_threads, CarryingExecutor)
        assert 3 == over_threads._max_workers
        assert not isinstance(over_processes, ThreadPoolExecutor)
