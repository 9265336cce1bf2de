"""What happens to a run in tasks, threads and processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest

from penstock import (
    CarryingExecutor,
    carry,
    current_flow,
    current_flow_id,
    flow,
    flow_context,
    get_value,
    set_value,
)

orders = flow("orders")


@orders.entrypoint(name="start", inherit=False)
async def start(pause=0.0):
    before = current_flow_id()
    await asyncio.sleep(pause)
    assert before == current_flow_id()
    return before


async def ask():
    await asyncio.sleep(0)
    return current_flow_id()


def in_run(function):
    """Run a coroutine function inside a run; return its result and the run's ID."""
    with flow_context() as run:
        return asyncio.run(function()), run.id


def test_gather():
    """Coroutines in `asyncio.gather` are in the run that gathers them. Entrypoints with `inherit=False` there have runs of their own."""

    async def gather():
        return await asyncio.gather(ask(), ask()), await asyncio.gather(*(start(0.001) for _ in range(20)))

    (asked, started), flow_id = in_run(gather)

    assert [flow_id] * 2 == asked
    assert 20 == len({*started} - {flow_id})


def test_tasks():
    """Tasks of `create_task` and `TaskGroup` are in the run that made them, even after it has ended."""

    async def make():
        async with asyncio.TaskGroup() as group:
            grouped = group.create_task(ask())
        return grouped.result(), await asyncio.create_task(ask())

    assert [1, 1] == [len({*asked, flow_id}) for asked, flow_id in (in_run(make), in_run(make))]

    async def outlive():
        with flow_context() as run:
            task = asyncio.create_task(ask())
        return run.id, await task, current_flow_id()

    flow_id, asked, after = asyncio.run(outlive())

    assert (flow_id, None) == (asked, after)


def test_entrypoints_after_the_run():
    """A task that continues after the entrypoint has its ID, and so do the entrypoints that the task calls then."""
    joining = flow("orders").entrypoint(name="joining")(current_flow_id)
    over = asyncio.Event()

    async def outlive():
        await over.wait()
        return current_flow_id(), joining(), current_flow_id()

    @flow("orders").entrypoint(name="begin")
    async def begin():
        return current_flow_id(), asyncio.create_task(outlive())

    async def make():
        flow_id, task = await begin()
        over.set()
        return flow_id, await task

    flow_id, (before, joined, after) = asyncio.run(make())

    assert [flow_id] * 3 == [before, joined, after]


def test_to_thread():
    """`asyncio.to_thread` passes the run on by itself."""
    asked, flow_id = in_run(lambda: asyncio.to_thread(current_flow_id))

    assert flow_id == asked


def test_run_in_executor():
    """`run_in_executor` passes it on with `carry`, or with a `CarryingExecutor`."""

    async def ask_both():
        loop = asyncio.get_running_loop()
        with CarryingExecutor(ThreadPoolExecutor()) as pool:
            return await loop.run_in_executor(None, carry(current_flow_id)), await loop.run_in_executor(
                pool, current_flow_id
            )

    asked, flow_id = in_run(ask_both)

    assert (flow_id, flow_id) == asked


def test_run_coroutine_threadsafe():
    """A coroutine that is passed to another thread's loop is in the run that passed it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with flow_context() as run:
        asked = asyncio.run_coroutine_threadsafe(ask(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

    assert run.id == asked


def test_cancellation():
    """A cancelled run has its ID to the end, and leaves none behind."""
    seen = []

    @orders.entrypoint(name="cancelled")
    async def cancelled():
        seen.append(current_flow_id())
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(current_flow_id())

    async def cancel():
        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return current_flow_id()

    assert asyncio.run(cancel()) is None
    assert 2 == len(seen)
    assert 1 == len({*seen})


def test_values_of_siblings():
    """The values of a task reach neither its siblings nor the task that made it."""

    async def set_and_ask(name):
        before = get_value("name")
        set_value("name", name)
        await asyncio.sleep(0.001)
        return before, get_value("name"), current_flow_id()

    async def both():
        set_value("name", "parent")
        return await asyncio.gather(set_and_ask("a"), set_and_ask("b")), get_value("name")

    (asked, after), flow_id = in_run(both)

    assert [("parent", "a", flow_id), ("parent", "b", flow_id)] == asked
    assert "parent" == after


def in_thread(function):
    """Call a function in a new thread; return its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_carry():
    """A carried function is in the run that carried it, in every thread, with its values."""
    with flow_context() as run:
        set_value("tenant", "acme")
        function = carry(lambda: (current_flow_id(), get_value("tenant")))

    assert (run.id, "acme") == in_thread(function)
    assert current_flow_id() is None


def test_carry_nothing():
    """A function that is carried outside every run is outside every run, wherever it is called."""
    function = carry(current_flow_id)
    with flow_context():
        assert function() is None


def test_carry_each_kind():
    """Coroutine functions, generators and asynchronous generators can be carried, and keep their kind."""

    def generator():
        yield current_flow_id()

    async def asynchronous():
        yield current_flow_id()

    async def collect(function):
        return [flow_id async for flow_id in function()]

    with flow_context() as run:
        coroutine, plain, later = carry(ask), carry(generator), carry(asynchronous)

    assert asyncio.iscoroutinefunction(coroutine) if sys.version_info < (3, 14) else True
    assert [run.id] * 3 == [asyncio.run(coroutine()), *plain(), *asyncio.run(collect(later))]


def test_pools():
    """In a `CarryingExecutor` each call is in the run that submitted it, and the next one in its own."""
    with CarryingExecutor(ThreadPoolExecutor(1)) as pool:
        answers = []
        for name in ("a", "b"):
            with flow_context(name):
                answers += [pool.submit(current_flow_id).result(), *pool.map(lambda _: current_flow_id(), range(2))]
        answers.append(pool.submit(current_flow_id).result())

    assert [*"aaabbb", None] == answers


def test_asked_at_once():
    """Threads of one run that ask for the ID at the same time get the same ID."""
    barrier = threading.Barrier(8)

    def ask_with_others(_):
        barrier.wait(60)
        return current_flow_id()

    with flow_context(), CarryingExecutor(ThreadPoolExecutor(8)) as pool:
        assert 1 == len({*pool.map(ask_with_others, range(8))})


def told():
    """Return what another process knows of the run."""
    known = current_flow()
    return known and (known.id, known.flow, dict(known.values))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes():
    """A process pool's calls are in the run that submitted them, with flow and values."""
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as processes,
        flow_context("order-17", flow="orders"),
    ):
        set_value("tenant", "acme")
        answer = CarryingExecutor(processes).submit(told).result(60)

    assert ("order-17", "orders", {"tenant": "acme"}) == answer


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork():
    """A process that is forked inside a run belongs to it, even if the ID was not read before."""
    read, write = os.pipe()
    with flow_context() as run:
        child = os.fork()
        if not child:
            os.write(write, str(current_flow_id()).encode())
            os._exit(0)
        os.waitpid(child, 0)

    assert run.id == os.read(read, 100).decode()
    os.close(read)
    os.close(write)


INHERITING = """
from concurrent.futures import ThreadPoolExecutor
from penstock import carry, current_flow_id, flow_context
with ThreadPoolExecutor(1) as pool:
    plain, carried = [], []
    for name in "ab":
        with flow_context(name):
            plain.append(pool.submit(current_flow_id).result())
            carried.append(pool.submit(carry(current_flow_id)).result())
print(plain, carried)
"""


@pytest.mark.parametrize("inherit", [0, 1])
def test_thread_inherit_context(inherit):
    """A new thread is outside every run, or in its starter's with `-X thread_inherit_context=1`; a carried call has its own."""
    options = ["-X", f"thread_inherit_context={inherit}"] if sys.version_info >= (3, 14) else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, *options, "-c", INHERITING], env=environment, capture_output=True, text=True, check=True
    )
    plain = ["a", "a"] if options and inherit else [None, None]

    assert f"{plain} {['a', 'b']}" == done.stdout.strip()


def test_partials():
    """A partial or a method can be carried."""
    with flow_context("a"):
        function = carry(partial(lambda word: f"{word} {current_flow_id()}", "in"))

    assert "in a" == in_thread(function)
