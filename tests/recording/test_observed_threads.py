"""The observer of evidence in tasks, threads and generators."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from observed_steps import declare, facts, orphans, runs
from penstock import CarryingExecutor, carry, flow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from penstock.observers.evidence import EvidenceObserver


def test_generators_go_before_those_who_consume_them(recorded: EvidenceObserver) -> None:
    """A generator runs inside its consumer, yet counts as done for it, and the steps around may have made it."""
    handle = flow("f")

    @handle.entrypoint
    def go() -> None:
        load(shape(extract()))

    @handle.step(after="go")
    def extract() -> Iterator[int]:
        yield from range(3)

    @handle.step(after="extract")
    def shape(rows: Iterable[int]) -> Iterator[int]:
        yield from rows

    @handle.step(after="shape")
    def load(rows: Iterable[int]) -> None:
        list(rows)

    go()
    assert {
        "go>load after extract,shape () []": 1,
        "load>shape after extract,go (go) []": 1,
        "shape>extract after go,load (go,load) []": 1,
    } == facts(recorded)


def test_a_consumer_in_a_loop(recorded: EvidenceObserver) -> None:
    """What is called for each item comes after the generator, though that has not ended."""
    go, a = declare("a")

    @flow("f").step(after="go")
    def rows() -> Iterator[int]:
        yield from range(3)

    go(lambda: [a() for _ in rows()])
    assert {"go>rows after  () []": 1, "go>a after rows () []": 3} == facts(recorded)


def test_asynchronous_generators(recorded: EvidenceObserver) -> None:
    """The same with ``async for``."""
    handle = flow("f")

    @handle.step(after="go")
    async def rows() -> AsyncIterator[int]:
        for number in range(2):
            await asyncio.sleep(0)
            yield number

    @handle.step(after="rows")
    async def save(_: int) -> None: ...

    @handle.entrypoint
    async def go() -> None:
        async for row in rows():
            await save(row)

    asyncio.run(go())
    assert {"go>rows after  () []": 1, "go>save after rows () []": 2} == facts(recorded)


def test_a_generator_that_is_never_begun_shows_nothing(recorded: EvidenceObserver) -> None:
    """What did not run is not seen."""
    go = declare()[0]

    @flow("f").step(after="go")
    def rows() -> Iterator[int]:
        yield 1

    go(lambda: rows().close())
    assert {} == facts(recorded)


def test_a_generator_that_is_collected(recorded: EvidenceObserver) -> None:
    """A generator that is left in the middle has run, and is not live for ever."""
    go, a = declare("a")

    @flow("f").step(after="go")
    def rows() -> Iterator[int]:
        yield 1
        yield 2

    go(lambda: next(rows()))
    gc.collect()
    a()
    assert {"go>rows after  () []": 1} == facts(recorded)
    assert {("a", False): 1} == orphans(recorded)


def test_a_generator_that_waits_is_not_running(recorded: EvidenceObserver) -> None:
    """A generator that nobody consumes to its end, and somebody keeps, makes no later step one that lost its context."""
    handle = flow("f")

    @handle.entrypoint
    def numbers() -> Iterator[int]:
        yield from range(2)

    @handle.step(after="numbers")
    def alone() -> None: ...

    kept = numbers()
    assert next(kept) == 0
    alone()
    assert {("alone", False): 1} == orphans(recorded)
    assert list(kept) == [1]


def test_tasks_and_gather(recorded: EvidenceObserver) -> None:
    """Tasks keep the step that started them, whatever runs beside; one that is still running is not done."""
    handle = flow("f")

    @handle.step(after="go")
    async def a() -> None:
        await asyncio.sleep(0.01)

    @handle.step(after="go")
    async def b() -> None:
        await asyncio.sleep(0)

    @handle.step(after=["a", "b"])
    async def c() -> None: ...

    @handle.entrypoint
    async def go() -> None:
        await asyncio.gather(a(), b())
        await asyncio.create_task(c())

    asyncio.run(go())
    assert {"go>a after  () []": 1, "go>b after  () []": 1, "go>c after a,b () []": 1} == facts(recorded)


def test_threads_that_are_carried(recorded: EvidenceObserver) -> None:
    """A carried thread and pool are where they were started."""
    go, a, b = declare("a", "b")

    def start() -> None:
        thread = threading.Thread(target=carry(a))
        thread.start()
        thread.join()
        with CarryingExecutor(ThreadPoolExecutor(2)) as pool:
            pool.submit(b).result()

    go(start)
    assert {"go>a after  () []": 1, "go>b after a () []": 1} == facts(recorded)
    assert {} == orphans(recorded)


@pytest.mark.parametrize("waits", [True, False], ids=["while the step waits", "after it has ended"])
def test_threads_that_are_not(waits: bool, recorded: EvidenceObserver) -> None:
    """A step in a plain thread has lost its context, whether the one that started it is still running or not."""
    go, a = declare("a")
    thread = threading.Thread(target=a)

    def start() -> None:
        if waits:
            thread.start()
            thread.join()

    go(start)
    if not waits:
        thread.start()
        thread.join()
    assert {("a", True): 1} == orphans(recorded)


def test_many_threads_count_right(recorded: EvidenceObserver) -> None:
    """No call is lost when several threads run at once."""
    go, a, b = declare("a", "b")
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(lambda: [go(a, b) for _ in range(500)]) for _ in range(8)]:
            each.result()
    assert {"f/go": 4000} == runs(recorded)
    assert {"go>a after  () []": 4000, "go>b after a () []": 4000} == facts(recorded)
