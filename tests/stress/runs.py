"""Makes many runs at once, in threads, tasks and generators, and counts wrong IDs: ``make stress`` makes a million."""

from __future__ import annotations

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import NamedTuple

from penstock import CarryingExecutor, current_flow_id, flow, flow_context, get_value, set_value

THREADS = 4
TASKS = 10

stress = flow("stress")
numbers = count()


class Outcome(NamedTuple):
    """How many runs there were, and how many times an ID or a value was not the run's own."""

    runs: int
    wrong: int


def check(expected: str | None, *also: bool) -> int:
    """Return 1 if the ID is not the expected one, or something else is wrong."""
    return int(current_flow_id() != expected or not all(also))


@stress.step(after="in_task")
def items(expected: str, pool: CarryingExecutor | None):
    """Yield how often an ID was wrong, also in a generator that is left early."""
    try:
        for _ in range(3):
            yield check(expected)
    finally:
        if pool is not None:
            pool.submit(check, expected)


@stress.entrypoint(inherit=False)
def numbered():
    """Be a run that is a generator, with a value of its own, whose consumer is in another run."""
    number = next(numbers)
    own = current_flow_id()
    set_value("number", number)
    for _ in range(2):
        yield check(own, get_value("number") == number)


@stress.entrypoint(inherit=False)
def failing(outer: str) -> None:
    """Be a run that ends with an exception."""
    raise ValueError(check(current_flow_id(), current_flow_id() != outer))


@stress.entrypoint(inherit=False)
async def in_task(pool: CarryingExecutor | None) -> Outcome:
    """Be four runs: this one, two that are generators, taking turns, and one that fails."""
    own = current_flow_id() or ""
    wrong = check(own, get_value("number") is None)
    carried = pool.submit(check, own) if pool else None
    for first, second in zip(numbered(), numbered(), strict=True):
        await asyncio.sleep(0)
        wrong += first + second + check(own, get_value("number") is None)
    for each in items(own, None):
        wrong += each
        break
    wrong += sum(items(own, None))
    try:
        failing(own)
    except ValueError as error:
        wrong += error.args[0]
    wrong += carried.result() if carried else 0
    return Outcome(4, wrong + check(own))


async def in_loop(batches: int, pool: CarryingExecutor) -> Outcome:
    """Work on batches of tasks; one task of each is cancelled."""
    runs = wrong = 0
    for _ in range(batches):
        cancelled = asyncio.create_task(in_task(None))
        done = asyncio.gather(*(in_task(pool if number == 0 else None) for number in range(TASKS)))
        await asyncio.sleep(0)
        cancelled.cancel()
        outcomes = await done
        await asyncio.gather(cancelled, return_exceptions=True)
        runs += sum(outcome.runs for outcome in outcomes)
        wrong += sum(outcome.wrong for outcome in outcomes) + check(None)
    return Outcome(runs, wrong)


def in_thread(batches: int, pool: CarryingExecutor) -> Outcome:
    """Work in an event loop of this thread, in a run that the loop's tasks are not to see."""
    with flow_context() as run:
        outer = check(run.id)
    outcome = asyncio.run(in_loop(batches, pool))
    return Outcome(outcome.runs, outcome.wrong + outer + check(None))


def make(runs: int) -> Outcome:
    """Make at least so many runs; return how many there were, and how many IDs were wrong."""
    batches = -(-runs // (THREADS * TASKS * 4))
    with ThreadPoolExecutor(THREADS) as threads, CarryingExecutor(ThreadPoolExecutor(2)) as pool:
        outcomes = list(threads.map(lambda _: in_thread(batches, pool), range(THREADS)))
    return Outcome(sum(each.runs for each in outcomes), sum(each.wrong for each in outcomes))


if __name__ == "__main__":
    start = time.perf_counter()
    outcome = make(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"{outcome.runs:,} runs, {outcome.wrong:,} wrong IDs, {time.perf_counter() - start:.0f} s")
    sys.exit(outcome.wrong > 0)
