"""What happens to a run when functions, methods and generators are called."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from behaving_steps import items, orders, set_at_end
from penstock import (
    current_flow,
    current_flow_id,
    entrypoint,
    errors,
    flow,
    flow_context,
    get_value,
    observing,
    set_value,
)


def finish(result):
    """Return what a call of any kind gives in the end."""
    if hasattr(result, "__await__"):
        return asyncio.run(result)
    if hasattr(result, "__anext__"):
        return asyncio.run(collect(result))
    return [*result].pop() if hasattr(result, "__next__") else result


async def collect(items):
    found = [item async for item in items]
    return found.pop()


def of_each_kind(decorate, body):
    """Return a function, a coroutine function, a generator, an async generator, and a method, with one body."""

    def function():
        return body()

    async def coroutine():
        await asyncio.sleep(0)
        return body()

    def generator():
        yield body()

    async def asynchronous():
        await asyncio.sleep(0)
        yield body()

    class Owner:
        @decorate
        def method(self):
            return body()

        @staticmethod
        @decorate
        def static():
            return body()

        @classmethod
        @decorate
        def of_class(cls):
            return body()

    decorated = [decorate(each) for each in (function, coroutine, generator, asynchronous)]
    return [*decorated, Owner().method, Owner.static, Owner.of_class]


def marks(**options):
    return lambda function: flow("orders")(entrypoint(**options)(function))


KINDS = ["function", "coroutine", "generator", "async generator", "method", "static method", "class method"]
each_kind = pytest.mark.parametrize("kind", range(7), ids=KINDS)


@each_kind
def test_runs(kind):
    """A call of an entrypoint is a run with a new ID. After it, there is no ID."""
    start = of_each_kind(marks(), current_flow_id)[kind]

    assert 2 == len({finish(start()) for _ in range(2)} - {None})
    assert current_flow_id() is None


@each_kind
def test_joined(kind):
    """An entrypoint that is called inside a run joins it."""
    start = of_each_kind(marks(), current_flow_id)[kind]
    with flow_context() as run:
        assert run.id == finish(start())


@each_kind
def test_apart(kind):
    """With `inherit=False`, an entrypoint is always a run of its own, and the outer ID is back after it."""
    start = of_each_kind(marks(inherit=False), current_flow_id)[kind]
    with flow_context() as run:
        assert finish(start()) not in {None, run.id}
        assert run.id == current_flow_id()


@each_kind
def test_nested_steps(kind):
    """A step has the ID of the run that calls it. Outside every run it has none, and just runs."""
    work = of_each_kind(orders.step(after="start"), current_flow_id)[kind]
    with flow_context() as run:
        assert run.id == finish(work())
    assert finish(work()) is None


@each_kind
def test_exceptions(kind):
    """After an exception, an `except` inside the run still has the ID, and code outside has none."""

    def fail():
        raise ValueError(current_flow_id())

    work = of_each_kind(orders.step(after="start"), fail)[kind]
    start = of_each_kind(marks(inherit=False), fail)[kind]
    with flow_context() as run:
        with pytest.raises(ValueError, match=run.id):
            finish(work())
        with pytest.raises(ValueError, match=r"^[0-9a-f]{32}$"):
            finish(start())
        assert run.id == current_flow_id()
    assert current_flow_id() is None


def test_recursion():
    """An entrypoint that calls itself is one run."""

    @orders.entrypoint(name="recursive")
    def descend(depth):
        return {current_flow_id()} | (descend(depth - 1) if depth else set())

    assert 1 == len(descend(50))


@orders.entrypoint(name="items_later")
async def items_later():
    try:
        for _ in range(3):
            await asyncio.sleep(0)
            yield current_flow_id()
    finally:
        set_at_end.append(current_flow_id())


def test_consumers_of_generators():
    """Between two items, the consumer of a generator is in its own run, or in none."""
    seen = set()
    with flow_context() as run:
        for flow_id in flow("orders").entrypoint(name="apart", inherit=False)(items.__wrapped__)():
            seen.add(flow_id)
            assert run.id == current_flow_id()
    for flow_id in items():
        seen.add(flow_id)
        assert current_flow_id() is None

    assert 2 == len(seen)


def test_consumers_of_async_generators():
    """The same holds for asynchronous generators."""

    async def consume():
        seen = set()
        async for flow_id in items_later():
            seen.add(flow_id)
            assert current_flow_id() is None
        return seen

    assert 1 == len(asyncio.run(consume()))


def test_break():
    """A generator that `break` leaves is closed in its run, and the consumer keeps its own ID."""
    set_at_end.clear()
    for each in items():
        flow_id = each
        break
    gc.collect()

    assert [flow_id] == set_at_end
    assert current_flow_id() is None


def test_break_async():
    """An asynchronous generator that `break` leaves is closed in its run, too."""
    set_at_end.clear()

    async def leave():
        async for flow_id in items_later():
            return flow_id
        return None

    flow_id = asyncio.run(leave())

    assert [flow_id] == set_at_end


def test_closed_elsewhere():
    """A generator may be closed in another thread or context, without an error and without leaving an ID there."""
    set_at_end.clear()
    running = items()
    first = next(running)
    failures = []

    def close():
        try:
            running.close()
        except BaseException as error:
            failures.append(error)
        failures.append(current_flow_id())

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()

    assert [None] == failures
    assert [first] == set_at_end


def test_collected_elsewhere():
    """A generator or coroutine may be collected in another context, without an error and without leaving an ID there."""

    @orders.entrypoint(name="never_ends")
    async def never_ends():
        await asyncio.Event().wait()

    pending = never_ends()

    async def begin():
        pending.send(None)

    asyncio.run(begin())
    pending.close()
    running = items()
    next(running)
    del running
    gc.collect()

    assert current_flow_id() is None


def test_flow_context():
    """`flow_context` makes a block a run of its own, with the given ID and flow. Blocks nest."""
    with flow_context("import-17", flow="nightly"):
        assert ("import-17", "nightly") == (current_flow().id, current_flow().flow)
        with flow_context():
            assert current_flow_id() not in {None, "import-17"}
        assert "import-17" == current_flow_id()
    assert current_flow() is None


def test_flow_context_refuses():
    """`flow_context` refuses an invalid ID, and its message does not repeat it."""
    with pytest.raises(errors.FlowIdError) as caught:
        flow_context("no id")

    assert "no id" not in str(caught.value)


def test_flow_context_in_generators():
    """A `flow_context` inside a generator that is an entrypoint does not reach its consumer."""

    @orders.entrypoint(name="with_context")
    def with_context():
        with flow_context("inner"):
            yield current_flow_id()
            yield current_flow_id()
        yield current_flow_id()

    seen = []
    for flow_id in with_context():
        assert current_flow_id() is None
        seen.append(flow_id)

    assert ["inner", "inner"] == seen[:2]
    assert 32 == len(seen[2])


def test_joined_generators():
    """A generator that is an entrypoint and joins a run keeps its contexts and values to itself, too."""

    @orders.entrypoint(name="rows")
    def rows():
        with flow_context("inner"):
            set_value("tenant", "acme")
            yield current_flow_id(), get_value("tenant")
            yield current_flow_id(), get_value("tenant")
        yield current_flow_id(), get_value("tenant")

    @orders.entrypoint(name="rows_async")
    async def rows_async():
        for row in rows():
            with flow_context("of-row"):
                yield row

    async def consume(expected):
        return [(row, expected == current_flow_id(), get_value("tenant")) async for row in rows_async()]

    with flow_context("outer"):
        seen = [(row, current_flow_id(), get_value("tenant")) for row in rows()]
        seen_async = asyncio.run(consume("outer"))

    inner, outer = ("inner", "acme"), ("outer", None)
    assert [(row, "outer", None) for row in (inner, inner, outer)] == seen
    assert [inner, inner, outer] == [row for row, _, _ in seen_async]
    assert {(True, None)} == {(same, tenant) for _, same, tenant in seen_async}


def test_consumers_values_reach_joined_generators():
    """A generator sees the values that its consumer sets between two items, if both are in the same run."""

    @orders.entrypoint(name="reading")
    def reading():
        while True:
            yield get_value("tenant")

    with flow_context():
        running = reading()
        assert next(running) is None
        set_value("tenant", "acme")
        assert "acme" == next(running)


def test_first_entrypoint_names_the_run():
    """A run without an entrypoint takes the flow of the first entrypoint that is called in it."""
    with flow_context():
        assert current_flow().flow is None
        next(items())
        assert "orders" == current_flow().flow


def test_current_flow():
    """`current_flow` returns ID, flow and values, and the step while there is an observer."""

    @orders.entrypoint(name="told")
    def told():
        return current_flow()

    assert ("orders", None) == (told().flow, told().step)
    with observing(lambda event: None):
        assert "told" == told().step


def test_values():
    """A value reaches everything called afterwards in the run, and is discarded when the run ends."""

    @orders.entrypoint(name="valued")
    def valued():
        set_value("tenant", "acme")
        return get_value("tenant")

    assert "acme" == valued()
    assert ("gone", None) == (get_value("tenant", "gone"), set_value("tenant", "nowhere"))
    assert get_value("tenant") is None


def test_values_of_inner_runs():
    """A value of an inner run does not reach the outer one, nor one of the outer run the inner one."""
    with flow_context():
        set_value("tenant", "outer")
        with flow_context():
            assert get_value("tenant") is None
            set_value("tenant", "inner")
        assert "outer" == get_value("tenant")


def test_values_in_generators():
    """A value that a generator sets as an entrypoint is still there when it resumes, and does not reach its consumer."""

    @orders.entrypoint(name="keeping")
    def keeping():
        set_value("tenant", "acme")
        yield current_flow_id()
        yield get_value("tenant"), current_flow_id()

    running = keeping()
    first = next(running)

    assert get_value("tenant") is None
    assert ("acme", first) == next(running)
