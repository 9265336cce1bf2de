"""Interrupts runs at random moments, by exceptions from a signal handler, and counts what is left behind.

``python tests/hostile/interrupts.py 1000000`` makes a million interrupts: of functions, coroutines, generators and
blocks, unobserved and observed. It needs nothing but the standard library, so any Python can run it.
"""

from __future__ import annotations

import random
import signal
import sys
import time
import warnings
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from penstock import carry, current_flow_id, flow, flow_context, observing
from penstock._runtime.context import current_event, current_run
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.observers import StepEvent

LONGEST = 60e-6
"""Seconds until an interrupt comes, at most."""

hostile = flow("hostile")


class Limit(Exception):
    """What the signal handler raises."""


class Outcome(NamedTuple):
    """How many interrupts there were; and of what kind the runs, events or frames that were left, and other errors."""

    interrupts: int
    left: Counter[str]


@hostile.entrypoint
def empty() -> None:
    """Do nothing."""


@hostile.step(after="empty")
def work(number: int = 0) -> int:
    """Do next to nothing."""
    return number


@hostile.entrypoint(inherit=False)
def apart() -> None:
    """Be a run of its own, with a step in it."""
    work()


@hostile.step(after="empty")
async def pause() -> None:
    """Be a step that is awaited."""


@hostile.entrypoint
async def coroutine() -> None:
    """Be a run that is awaited."""
    await pause()


@hostile.entrypoint
def returning() -> object:
    """Return a coroutine, which belongs to the run."""
    return pause()


@hostile.step(after="empty")
def inner():
    """Be a step that is a generator."""
    yield 1


@hostile.entrypoint
def items():
    """Be a run that is a generator."""
    yield 1
    yield from inner()


@hostile.entrypoint
async def async_items():
    """Be a run that is an asynchronous generator."""
    yield 1
    yield 2


class Tool:
    """A callable object."""

    def __call__(self) -> None:
        """Do nothing."""


tool = hostile.entrypoint(name="tool")(Tool())
carried, carried_coroutine, carried_items = carry(work), carry(pause), carry(inner)


def finish(awaitable) -> None:
    """Await what never waits."""
    iterator = awaitable.__await__()
    try:
        while True:
            next(iterator)
    except StopIteration:
        pass


async def consume() -> None:
    """Take all items of an asynchronous generator."""
    async for _ in async_items():
        pass


def block() -> None:
    """Be a run that is a block."""
    with flow_context():
        work()


KINDS: dict[str, Callable[[], object]] = {
    "function": empty,
    "function with a step": apart,
    "object": tool,
    "coroutine": lambda: finish(coroutine()),
    "function that returns a coroutine": lambda: finish(returning()),
    "generator": lambda: list(items()),
    "asynchronous generator": lambda: finish(consume()),
    "block": block,
    "carried": lambda: carried(1),
    "carried coroutine": lambda: finish(carried_coroutine()),
    "carried generator": lambda: list(carried_items()),
}


NEVER_AWAITED = ("function that returns a coroutine", "step that has not ended")
"""When the interrupt comes before the coroutine is awaited, the step that returned it never goes on."""


class _Alarm:
    """Raises :class:`Limit` once, soon after it was set."""

    def __init__(self) -> None:
        self.is_set = False
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, *_: object) -> None:
        if self.is_set:
            self.is_set = False
            raise Limit

    def set(self) -> None:
        """Let it ring after a random time."""
        self.is_set = True
        signal.setitimer(signal.ITIMER_REAL, random.random() * LONGEST + 1e-6)


class Unfinished:
    """Observes which steps have begun and not ended."""

    def __init__(self) -> None:
        self.steps: set[int] = set()

    def __call__(self, event: StepEvent) -> Callable[[object], None]:
        """Take note that a step begins."""
        self.steps.add(id(event))
        return lambda _: self.forget(event)

    def forget(self, event: StepEvent) -> None:
        """Take note that it has ended, or was interrupted as it began."""
        self.steps.discard(id(event))


def call_until(call: Callable[[], object], alarm: _Alarm) -> None:
    """Call something until it is interrupted, or the interrupt is lost."""
    alarm.set()
    while alarm.is_set:
        call()


def interrupt(call: Callable[[], object], alarm: _Alarm) -> str:
    """Interrupt something; return what came out instead of the time limit, or an empty string."""
    try:
        call_until(call, alarm)
    except Limit:
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "the interrupt is lost"


def left_over(observer: EvidenceObserver, unfinished: Unfinished) -> list[str]:
    """Return what is still there outside of every run, and remove it."""
    left = []
    if current_flow_id() is not None:
        left.append("run")
        current_run.set(None)
    if current_event.get() is not None:
        left.append("event")
        current_event.set(None)
    if observer.live:
        left.append("frame")
        observer.live.clear()
    if unfinished.steps:
        left.append("step that has not ended")
        unfinished.steps.clear()
    return left


def make(interrupts: int, kinds: dict[str, Callable[[], object]] = KINDS) -> Outcome:
    """Make so many interrupts, of all kinds in turn, the first half unobserved."""
    left: Counter[str] = Counter()
    observer, unfinished = EvidenceObserver(), Unfinished()
    before = signal.getsignal(signal.SIGALRM)
    alarm = _Alarm()
    made = 0
    try:
        for observe in (False, True):
            with ExitStack() as stack:
                if observe:
                    stack.enter_context(observing(observer))
                    stack.enter_context(observing(unfinished))
                for _ in range(interrupts // 2 // len(kinds) + 1):
                    for name, call in kinds.items():
                        other = interrupt(call, alarm)
                        made += 1
                        for what in [*left_over(observer, unfinished), *([other] if other else [])]:
                            if (name, what) != NEVER_AWAITED:
                                left[f"{'observed ' if observe else ''}{name}: {what}"] += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    return Outcome(made, left)


def main() -> int:
    """Make as many interrupts as the command line says; return 1 if anything was left behind."""
    began = time.process_time()
    outcome = make(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    python = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {python}: {outcome.interrupts} interrupts, {outcome.left.total()} left something behind, ", end="")
    print(f"{time.process_time() - began:.0f} s of CPU")
    for what, count in outcome.left.most_common():
        print(f"  {count} × {what}")
    return 1 if outcome.left else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)  # an interrupted coroutine is never awaited
    sys.exit(main())
