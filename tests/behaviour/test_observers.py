"""What observers hear of a run, and what the blocks of context managers are to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress

from behaving_steps import items, orders
from penstock import (
    add_observer,
    current_flow_id,
    entrypoint,
    flow,
    flow_context,
    observing,
    step,
)


def test_failing_observers(caplog):
    """An observer that fails is reported once, and the application is not affected."""

    def fail(event):
        raise RuntimeError(event.step)

    add_observer(fail)
    start = orders.entrypoint(name="observed")(lambda: 17)

    assert [17, 17] == [start(), start()]
    assert 1 == len(caplog.records)


def test_observers_come_and_go():
    """An observer receives the steps that begin while it is registered, also in a run that began before."""
    seen = []
    work = orders.step(after="start", name="work")(lambda: None)

    @orders.entrypoint(name="start")
    def start():
        work()
        with observing(lambda event: seen.append((event.step, event.flow_id))):
            work()
        work()
        return current_flow_id()

    flow_id = start()

    assert [("work", flow_id)] == seen


def test_context_managers():
    """A context manager of contextlib that is a step is bound until its block ends, in any way. Then the outer values are back."""

    @orders
    @entrypoint(inherit=False)
    @contextmanager
    def block():
        yield current_flow_id()

    with flow_context("outer"):
        for error in (None, KeyError, KeyboardInterrupt):
            with suppress(KeyError, KeyboardInterrupt), block() as inside:
                assert inside == current_flow_id() != "outer"
                if error:
                    raise error
            assert "outer" == current_flow_id()
    assert current_flow_id() is None


def test_async_context_managers():
    """The same holds for asynchronous context managers, separately for each task."""

    @orders
    @entrypoint
    @asynccontextmanager
    async def block():
        yield current_flow_id()

    async def use():
        async with block() as inside:
            await asyncio.sleep(0)
            assert inside == current_flow_id()
        assert current_flow_id() is None
        return inside

    async def main():
        return await asyncio.gather(use(), use())

    assert 2 == len({*asyncio.run(main())})


def test_observers_of_generators():
    """The bindings of an observer are suspended at each `yield` of a generator, and resumed after it."""
    events = []

    class Finish:
        def __call__(self, error):
            events.append("end")

        def suspend(self):
            events.append("suspend")

        def resume(self):
            events.append("resume")

    def observe(_):
        events.append("begin")
        return Finish()

    with observing(observe):
        list(items())

    assert ["begin", *["suspend", "resume"] * 3, "end"] == events


def test_plain_step_decorator():
    """A function below `@flow` and `@step` is called as before, with its arguments and its result."""

    @flow("orders")
    @step(after="items")
    def add(first, *, second=2):
        return first + second

    assert (3, 5) == (add(1), add(1, second=4))
