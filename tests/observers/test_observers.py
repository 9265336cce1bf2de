"""Observers: told of each step that begins and ends, never in the way."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import gc
import logging
from typing import TYPE_CHECKING, Any

import pytest

from penstock import add_observer, current_flow_id, entrypoint, flow, remove_observer, step
from penstock._runtime import scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from penstock.observers import StepEvent


@dataclasses.dataclass
class Recorder:
    """Notes what it is told."""

    begun: list[StepEvent] = dataclasses.field(default_factory=list)
    ended: list[tuple[str, BaseException | None]] = dataclasses.field(default_factory=list)

    def __call__(self, event: StepEvent, /) -> Any:
        self.begun.append(event)
        return lambda error: self.ended.append((event.step, error))

    @property
    def steps(self) -> list[str]:
        """The names of the steps that began."""
        return [event.step for event in self.begun]

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """The names of each step and of the one that it was called in."""
        return {(event.parent.step, event.step) for event in self.begun if event.parent}


@pytest.fixture
def recorder() -> Recorder:
    """An observer that was added."""
    recorder = Recorder()
    add_observer(recorder)
    return recorder


@flow("f")
@entrypoint
def start(depth: int = 1) -> str | None:
    """Call the next step."""
    return middle(depth)


@step
def middle(depth: int) -> str | None:
    """Call the last step through something that is no step."""
    return next(iter(map(end, range(depth))), None)


@step(name="finish")
def end(_: int = 0) -> str | None:
    """Return the ID."""
    return current_flow_id()


def test_an_event_for_each_step(recorder: Recorder) -> None:
    """Steps that were decorated before are told of too, with their parents, through helpers, and in order."""
    expected = start()
    assert ["start", "middle", "finish"] == recorder.steps
    assert {("start", "middle"), ("middle", "finish")} == recorder.pairs
    assert [("finish", None), ("middle", None), ("start", None)] == recorder.ended
    assert [expected] * 3 == [event.flow_id for event in recorder.begun]
    assert [("f",), (), ()] == [event.flows for event in recorder.begun]
    assert [True, False, False] == [event.entrypoint for event in recorder.begun]
    assert all(event.run is recorder.begun[0].run for event in recorder.begun)


def test_a_step_outside_a_run_is_told_without_one(recorder: Recorder) -> None:
    """There is no run and no ID, but there is an event."""
    middle(1)
    assert [(None, None), (None, None)] == [(event.run, event.flow_id) for event in recorder.begun]
    assert {("middle", "finish")} == recorder.pairs


def test_the_run_knows_its_flow(recorder: Recorder) -> None:
    """The first flow that took the entrypoint gives the run its name."""
    start()
    run = recorder.begun[0].run
    assert run is not None
    assert "f" == run.flow


def test_an_event_is_frozen(recorder: Recorder) -> None:
    """No observer can change what the next one is told."""
    start()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recorder.begun[0].step = "x"  # type: ignore[misc]


def test_how_a_step_ended(recorder: Recorder) -> None:
    """The observer is given the very exception."""
    error = ValueError("x")

    @step
    def fail() -> None:
        raise error

    with pytest.raises(ValueError, match="x"):
        fail()
    assert [("fail", error)] == recorder.ended


@entrypoint
def values() -> Iterator[str | None]:
    """Call a step before each value."""
    yield end()
    yield end()


def test_steps_in_a_generator_have_it_as_parent(recorder: Recorder) -> None:
    """What a generator calls is inside it; what its consumer calls in between is not."""
    for _ in values():
        middle(0)
    assert {("values", "finish")} == recorder.pairs
    assert ["values", "finish", "middle", "finish", "middle"] == recorder.steps
    assert ("values", None) == recorder.ended[-1]


def test_a_coroutine_that_a_plain_function_returns_ends_with_it(recorder: Recorder) -> None:
    """Steps in the coroutine have the function as parent, and it ends, or fails, when the coroutine does."""

    async def later(fails: bool) -> None:
        await asyncio.sleep(0)
        end()
        if fails:
            raise ValueError

    @step
    def outer(fails: bool = False) -> Any:
        return later(fails)

    coroutine = outer()
    assert [] == recorder.ended
    asyncio.run(coroutine)
    with pytest.raises(ValueError, match=r"^$"):
        asyncio.run(outer(True))
    ended = [(name, type(error)) for name, error in recorder.ended]
    assert [("finish", type(None)), ("outer", type(None)), ("finish", type(None)), ("outer", ValueError)] == ended
    assert {("outer", "finish")} == recorder.pairs


def test_a_generator_that_is_left_has_ended_well(recorder: Recorder) -> None:
    """Closing early is no error, and the end is told once."""
    talk = values()
    next(talk)
    del talk
    gc.collect()
    assert [("finish", None), ("values", None)] == recorder.ended


def test_tasks_have_the_step_that_started_them_as_parent(recorder: Recorder) -> None:
    """Concurrent steps do not take each other for parents."""

    @step
    async def inner() -> None:
        await asyncio.sleep(0)
        end()

    @step
    async def values_later() -> AsyncIterator[int]:
        await inner()
        yield 1

    @entrypoint
    async def outer() -> None:
        await asyncio.gather(inner(), inner())
        async for _ in values_later():
            end()

    asyncio.run(outer())
    expected = {("outer", "inner"), ("inner", "finish"), ("outer", "values_later"), ("values_later", "inner")}
    assert expected | {("outer", "finish")} == recorder.pairs


def test_a_step_that_schedules_itself_does_not_keep_its_calls(recorder: Recorder) -> None:
    """A step knows the one around it, but a callback that runs for ever holds on to no endless chain of them."""
    loop = asyncio.new_event_loop()

    @step
    def tick(left: int) -> None:
        loop.call_soon(tick, left - 1) if left else loop.stop()

    tick(2500)
    loop.run_forever()
    loop.close()

    last, around = recorder.begun[-1], 0
    assert last.parent is not None
    assert last.parent.notes is recorder.begun[-2].notes
    while last.parent is not None:
        last, around = last.parent, around + 1
    assert around <= 1001


def test_several_observers_end_in_reverse_order() -> None:
    """Observers nest as context managers do."""
    log: list[str] = []
    for name in ("a", "b"):
        add_observer(
            lambda event, name=name: (log.append(f"{name} begins"), lambda error: log.append(f"{name} ends"))[1]
        )
    end()
    assert ["a begins", "b begins", "b ends", "a ends"] == log


def test_adding_twice_and_removing_the_unknown_change_nothing(recorder: Recorder) -> None:
    """Each observer is told once; removing is safe at any time."""
    add_observer(recorder)
    remove_observer(lambda event: None)
    end()
    remove_observer(recorder)
    end()
    assert ["finish"] == recorder.steps


def test_equal_observers_are_two() -> None:
    """Observers that compare equal are told each, and removing one leaves the other."""
    first, second = Recorder(), Recorder()
    add_observer(first)
    add_observer(second)
    end()
    remove_observer(second)
    end()
    assert [["finish"] * 2, ["finish"]] == [first.steps, second.steps]


def test_a_bound_method_is_one_observer(caplog: pytest.LogCaptureFixture) -> None:
    """A method can be removed by its name, and when it is added again, its failure is reported again."""

    class Counter:
        def fail(self, event: StepEvent) -> None:
            raise RuntimeError(event.step)

    counter = Counter()
    for _ in range(2):
        add_observer(counter.fail)
        add_observer(counter.fail)
        end()
        remove_observer(counter.fail)
    end()
    assert 2 == len(caplog.records)
    assert set() == scope._reported


def test_an_observer_that_is_removed_meanwhile_still_hears_the_end(recorder: Recorder) -> None:
    """What began is finished; what begins later is not told."""

    @step
    def stop_watching() -> None:
        remove_observer(recorder)
        end()

    stop_watching()
    assert [("stop_watching", None)] == recorder.ended


def test_an_observer_that_is_added_meanwhile_hears_of_later_steps() -> None:
    """Steps that are under way on the fast path stay there."""
    recorder = Recorder()

    @entrypoint
    def watch() -> tuple[str | None, str | None]:
        before = current_flow_id()
        add_observer(recorder)
        return before, end()

    before, after = watch()
    assert before == after
    assert ["finish"] == recorder.steps
    assert current_flow_id() is None


def test_observers_may_see_the_id() -> None:
    """An observer is called inside the run, so that it can log with the ID."""
    seen: list[str | None] = []
    add_observer(lambda event: (seen.append(current_flow_id()), lambda error: seen.append(current_flow_id()))[1])
    expected = start(0)
    assert expected is None
    assert 1 == len(set(seen))
    assert 4 == len(seen)
    assert None not in seen


def failing(event: StepEvent) -> Any:
    """Fail at once."""
    raise RuntimeError("observer")


def failing_at_the_end(event: StepEvent) -> Any:
    """Fail when the step ends."""
    return lambda error: failing(event)


@pytest.mark.parametrize("observer", [failing, failing_at_the_end, lambda event: 3])
def test_a_failing_observer_is_reported_once_and_harms_nobody(observer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The application goes on, other observers too, and the log says once what failed."""
    add_observer(observer)
    recorder = Recorder()
    add_observer(recorder)
    assert start() == recorder.begun[0].flow_id
    assert start()
    assert 6 == len(recorder.ended)
    (record,) = caplog.records
    assert ("penstock", logging.ERROR) == (record.name, record.levelno)
    assert record.exc_info is not None
    assert "it is reported only once" in record.getMessage()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_an_observer_leaves_nothing_behind(error: type[BaseException]) -> None:
    """What interrupts the program comes through; the context is as before, and observers that began are ended."""
    recorder = Recorder()

    def interrupted(event: StepEvent) -> None:
        raise error

    add_observer(recorder)
    add_observer(interrupted)
    context = contextvars.copy_context()
    with pytest.raises(error):
        start()
    assert dict(context) == dict(contextvars.copy_context())
    assert ["start"] == [name for name, _ in recorder.ended]
    remove_observer(interrupted)
    start()
    assert {("start", "middle"), ("middle", "finish")} == recorder.pairs


def test_an_interrupt_at_the_end_leaves_nothing_behind() -> None:
    """The same when the step was already done."""

    def interrupted(event: StepEvent) -> Any:
        def finish(error: BaseException | None) -> None:
            raise KeyboardInterrupt

        return finish

    add_observer(interrupted)
    with pytest.raises(KeyboardInterrupt):
        start()
    remove_observer(interrupted)
    assert current_flow_id() is None
    recorder = Recorder()
    add_observer(recorder)
    end()
    assert set() == recorder.pairs
