"""Runs in generators: bound while the generator works, never in between."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import gc
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from penstock import add_observer, current_flow_id, entrypoint, flow, flow_context, observing, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from penstock.observers import StepEvent

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


def conversation(log: list[object]) -> Generator[object, object, str]:
    """Repeat what is sent, survive KeyError, and tell how it ended."""
    try:
        got: object = "ready"
        while got != "enough":
            try:
                got = yield got
            except KeyError as error:
                got = error
        return "result"
    finally:
        log.append("closed")


def test_send_throw_and_the_result(way: Callable[..., Any]) -> None:
    """A decorated generator takes values and exceptions and returns as the plain one."""
    log: list[object] = []
    talk = way(conversation)(log)
    error = KeyError("k")
    assert ["ready", 1, error, 2] == [next(talk), talk.send(1), talk.throw(error), talk.send(2)]
    with pytest.raises(StopIteration) as stop:
        talk.send("enough")
    assert ("result", ["closed"]) == (stop.value.value, log)
    with pytest.raises(StopIteration):
        next(talk)


def test_close_reaches_the_generator(way: Callable[..., Any]) -> None:
    """Closing runs the generator's own clean-up, once."""
    log: list[object] = []
    talk = way(conversation)(log)
    next(talk)
    talk.close()
    talk.close()
    assert ["closed"] == log


def test_yield_from_passes_everything_through(way: Callable[..., Any]) -> None:
    """A generator that delegates to a decorated one sees its values and its result."""

    def outer() -> Iterator[object]:
        yield "before"
        yield (yield from way(conversation)([]))

    talk = outer()
    assert ["before", "ready", "result"] == [next(talk), next(talk), talk.send("enough")]  # type: ignore[attr-defined]


def test_an_error_comes_out_as_it_is(way: Callable[..., Any], endings: list[BaseException | None] | None) -> None:
    """The generator's exception is the consumer's, and what ends it is told to observers."""
    error = ValueError("x")

    @way
    def fail() -> Iterator[int]:
        yield 1
        raise error

    talk = fail()
    next(talk)
    with pytest.raises(ValueError, match="x") as caught:
        next(talk)
    assert error is caught.value
    assert endings is None or {error} == set(endings)


def test_stop_iteration_inside_is_a_runtime_error(way: Callable[..., Any]) -> None:
    """A StopIteration that is raised or thrown into a generator is Python's RuntimeError, not the end (PEP 479)."""

    @way
    def fail() -> Iterator[int]:
        yield 1
        raise StopIteration

    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        list(fail())
    talk = way(conversation)([])
    next(talk)
    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        talk.throw(StopIteration())


def test_a_generator_that_refuses_to_close(way: Callable[..., Any]) -> None:
    """Yielding instead of closing is Python's error."""

    @way
    def stubborn() -> Iterator[int]:
        try:
            yield 1
        except GeneratorExit:
            yield 2

    talk = stubborn()
    next(talk)
    with pytest.raises(RuntimeError, match="generator ignored GeneratorExit"):
        talk.close()


def test_nothing_runs_before_the_first_value(way: Callable[..., Any]) -> None:
    """Calling a generator function starts nothing, and a generator that never started closes silently."""
    log: list[object] = []
    talk = way(conversation)(log)
    talk.close()
    del talk
    gc.collect()
    assert [] == log


@entrypoint
def ids(count: int = 3) -> Iterator[str | None]:
    """Yield the ID before each pause."""
    for _ in range(count):
        yield current_flow_id()


def test_one_run_one_id() -> None:
    """A generator has one ID in all its parts; two generators have two."""
    first, second = list(ids()), list(ids())
    assert 1 == len(set(first)) == len(set(second))
    assert first != second
    assert None not in first


def test_the_run_does_not_leak_into_the_consumer() -> None:
    """Between two values, and after the last, the consumer sees its own run or none."""
    assert [None] * 3 == [current_flow_id() for _ in ids()]
    assert current_flow_id() is None

    @entrypoint
    def consumer() -> set[str | None]:
        fresh = entrypoint(inherit=False)(ids.__wrapped__)  # type: ignore[attr-defined]
        return {current_flow_id() for _ in fresh()} | {current_flow_id()}

    assert 1 == len(consumer())


def test_interleaved_generators_do_not_mix() -> None:
    """Two generators that take turns keep their IDs."""
    found = list(zip(ids(), ids(), strict=True))
    assert 1 == len(set(found))
    assert 2 == len(set(found[0]))


def test_steps_in_a_generator_are_in_its_run() -> None:
    """What a generator calls between two values sees its ID."""

    @step
    def ask() -> str | None:
        return current_flow_id()

    @entrypoint
    def start() -> Iterator[str | None]:
        yield current_flow_id()
        yield ask()
        yield from step(lambda: (ask() for _ in range(2)))()

    assert 1 == len(set(start()))


@entrypoint
def holding(log: list[str | None]) -> Iterator[None]:
    """Yield, and note the ID before and after."""
    log.append(current_flow_id())
    try:
        yield
        yield
    finally:
        log.append(current_flow_id())


def test_a_generator_that_is_left_early_ends_its_run() -> None:
    """Breaking out of a loop closes the generator in its run, and the consumer has none."""
    log: list[str | None] = []
    for _ in holding(log):
        break
    gc.collect()
    assert current_flow_id() is None
    assert 1 == len(set(log))


def test_closed_in_another_thread() -> None:
    """A generator may be closed where it never ran: it still sees its ID, nothing raises, nothing leaks."""
    log: list[str | None] = []
    leaked: list[str | None] = []
    talk = holding(log)
    next(talk)

    def close() -> None:
        talk.close()  # type: ignore[attr-defined]
        leaked.append(current_flow_id())

    thread = threading.Thread(target=close)
    thread.start()
    thread.join(10)
    assert ([None], 1) == (leaked, len(set(log)))


def test_resumed_in_other_contexts() -> None:
    """Each resume may happen in another context; the ID stays, and no context keeps it."""
    talk = ids()
    contexts = [contextvars.copy_context() for _ in range(3)]
    found = [context.run(next, talk) for context in contexts]
    assert 1 == len(set(found))
    assert [None] * 3 == [context.run(current_flow_id) for context in contexts]


def test_collected_elsewhere(way: Callable[..., Any]) -> None:
    """A generator that is thrown away inside another run disturbs nothing there."""
    log: list[object] = []
    talks = [way(conversation)(log)]
    next(talks[0])

    @entrypoint(inherit=False)
    def other() -> set[str | None]:
        before = current_flow_id()
        talks.clear()
        gc.collect()
        return {before, current_flow_id()}

    assert 1 == len(other())
    assert ["closed"] == log


def test_a_context_manager_made_of_a_step(way: Callable[..., Any]) -> None:
    """A context manager over a decorated generator works; exceptions in the block reach them."""
    log: list[str] = []

    @contextmanager
    @way
    def managed() -> Iterator[str]:
        try:
            yield "inside"
        except KeyError:
            log.append("handled")

    with managed() as value:
        raise KeyError(value)
    assert ["handled"] == log
    assert current_flow_id() is None


class Boom(Exception):
    """An error that can be watched until it is gone."""


def test_an_error_that_was_thrown_in_is_not_kept(
    way: Callable[..., Any], endings: list[BaseException | None] | None
) -> None:
    """An error that comes out again is freed with its traceback at once, not by a later garbage collection."""
    seen: list[weakref.ref[Boom]] = []

    def use() -> None:
        talk = way(conversation)([])
        next(talk)
        error = Boom()
        seen.append(weakref.ref(error))
        try:
            talk.throw(error)
        except Boom:
            pass
        finally:
            del error
            (endings or []).clear()

    gc.disable()
    try:
        use()
        assert [None] == [each() for each in seen]
    finally:
        gc.enable()


def timed(function: Any) -> Any:
    """A decorator of the plain kind: it passes on what is below it."""

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@flow("decorated")
@entrypoint
@timed
def read(number: int) -> Iterator[str | None]:
    """Yield the ID before and after other steps."""
    yield current_flow_id()
    for _ in range(number):
        yield parse()


@flow("decorated")
@entrypoint
@timed
async def read_later(number: int) -> AsyncIterator[str | None]:
    """Do the same with awaits."""
    yield current_flow_id()
    for _ in range(number):
        yield parse()


@flow("decorated")
@step(after="read")
def parse() -> str | None:
    """Return the ID."""
    return current_flow_id()


def consumed(made: Any) -> list[str | None]:
    """Return all items, taken where no run is."""

    async def consume() -> list[str | None]:
        found = []
        async for item in made:
            assert current_flow_id() is None
            found.append(item)
        return found

    if hasattr(made, "__aiter__"):
        return asyncio.run(consume())
    found = []
    for item in made:
        assert current_flow_id() is None
        found.append(item)
    return found


@pytest.mark.parametrize("function", [read, read_later])
def test_a_generator_below_a_plain_decorator(function: Any) -> None:
    """What a decorator passes on is in the run that its call began, to the end, and nobody else is."""
    first, second = consumed(function(2)), consumed(function(2))

    assert [1, 1] == [len({*first} - {None}), len({*second})]
    assert first != second


@pytest.mark.parametrize("function", [read, read_later])
def test_a_step_in_a_generator_below_a_plain_decorator(function: Any) -> None:
    """Observers see what the generator calls inside its step, and the step end when the generator does."""
    events, ended = [], []

    def note(event: StepEvent) -> Any:
        events.append((event.step, event.parent and event.parent.step))
        return lambda error: ended.append((event.step, error))

    with observing(note):
        consumed(function(2))

    name = function.__name__
    assert [(name, None), ("parse", name), ("parse", name)] == events
    assert [("parse", None), ("parse", None), (name, None)] == ended


def test_what_a_decorator_makes_of_a_generator() -> None:
    """A decorator may also consume it, or make a context manager of it, which is bound while its block runs."""
    collected = entrypoint(functools.wraps(read.__wrapped__)(lambda number: list(read.__wrapped__(number))))
    opened = entrypoint(contextlib.contextmanager(lambda: (yield current_flow_id())))

    assert [1, 3] == [len({*collected(2)}), len(collected(2))]
    with opened() as inside:
        assert inside == current_flow_id()
    assert current_flow_id() is None
    with flow_context("around"):
        assert {"around"} == {*read(1), *collected(1)}
