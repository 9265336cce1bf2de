"""``penstock.testing``: what tests of an application need, and nothing stays behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from penstock import add_observer, entrypoint, flow, flow_context, flows, get_flow, step
from penstock.testing import EventRecorder, empty_registry, no_observers, record_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@flow("orders")
@entrypoint
def receive(amount: int = 1) -> int:
    """Receive an order."""
    return pay(amount)


@flow("orders")
@step(after="receive")
def pay(amount: int) -> int:
    """Pay for it."""
    return 12 // amount


def test_an_empty_registry_has_no_flows() -> None:
    """Flows that exist are hidden inside the block, and the same flows after it."""
    flow("f").entrypoint(receive)
    before = get_flow("f")
    with empty_registry():
        assert () == flows()
    assert (before,) == flows()


def test_flows_of_an_empty_registry_are_forgotten() -> None:
    """What is declared inside the block is gone after it, and a flow of the same name is as it was."""
    flow("f", title="F").entrypoint(receive)
    before = get_flow("f")
    with empty_registry():
        flow("f", title="Other").step(pay)
        flow("g").step(pay)
        assert ["f", "g"] == [known.name for known in flows()]
    assert (before,) == flows()


def test_patches_of_an_empty_registry_are_undone() -> None:
    """A function that was replaced by a step inside the block is itself again."""
    original = json.dumps
    with empty_registry():
        flow("f").step(after=()).patch("json:dumps")
        assert json.dumps is not original
    assert json.dumps is original


def test_patches_around_an_empty_registry_stay() -> None:
    """A function that is a step already still is one inside the block and after it."""
    with flow("f").step(after=()).patch("json:dumps"):
        replaced = json.dumps
        with empty_registry():
            assert json.dumps is replaced
        assert json.dumps is replaced


def test_marks_without_a_flow_come_back() -> None:
    """A mark that no flow has taken before the block is taken after it."""

    @step
    def check() -> None: ...

    with empty_registry():
        pass
    flow("f")(check)
    assert ["check"] == [known.name for known in get_flow("f").steps]


def test_steps_run_in_an_empty_registry() -> None:
    """A decorated function stays one: its run has an ID."""
    with empty_registry(), record_events() as events:
        receive()
    assert ([(None, "receive"), ("receive", "pay")], 1) == (
        events.calls,
        len({event.flow_id for event in events.starts}),
    )


def test_there_are_no_observers() -> None:
    """Observers hear nothing of what runs inside the block, and hear of what runs after it."""
    recorder = EventRecorder()
    add_observer(recorder)
    with no_observers():
        receive()
    pay(2)
    assert ["pay"] == recorder.steps


def test_observers_that_are_added_inside_are_removed() -> None:
    """An observer that is added inside the block hears of what runs in it, and of nothing after it."""
    recorder = EventRecorder()
    with no_observers():
        add_observer(recorder)
        pay(1)
    pay(2)
    assert ["pay"] == recorder.steps


def test_observers_keep_their_order() -> None:
    """After the block, observers are called in the order in which they were added."""
    heard: list[int] = []
    for number in range(3):
        add_observer(lambda event, number=number: heard.append(number))  # type: ignore[misc]
    with no_observers():
        pass
    pay(1)
    assert [0, 1, 2] == heard


def test_events_are_recorded() -> None:
    """Starts are in order, ends from the inside out, and all events of a run have its ID."""
    with flow_context("order-1"), record_events() as events:
        receive()
    assert ["receive", "pay"] == events.steps
    assert [("pay", None), ("receive", None)] == [(event.step, error) for event, error in events.ends]
    assert {"order-1"} == {event.flow_id for event in events.starts}


def test_errors_are_recorded() -> None:
    """An exception is recorded for each step that it left."""
    with record_events() as events, pytest.raises(ZeroDivisionError) as caught:
        receive(0)
    assert {"pay": caught.value, "receive": caught.value} == events.errors


def test_nothing_is_recorded_after_the_block() -> None:
    """The recorder can be read after the block, and gets no more."""
    with record_events() as events:
        receive()
    receive()
    assert ["receive", "pay"] == events.steps


def test_recorders_are_independent() -> None:
    """Of two recorders, the inner one has only what ran in its own block."""
    with record_events() as outer:
        receive()
        with record_events() as inner:
            pay(1)
    assert (["receive", "pay", "pay"], ["pay"]) == (outer.steps, inner.steps)


@pytest.mark.parametrize("block", [empty_registry, no_observers, record_events])
def test_an_exception_leaves_nothing_behind(block: Callable[[], AbstractContextManager[object]]) -> None:
    """A block that fails gives everything back, and its exception is the caller's."""
    flow("f").entrypoint(receive)
    recorder = EventRecorder()
    add_observer(recorder)
    with pytest.raises(ZeroDivisionError), block():
        pay(0)
    before = len(recorder.steps)
    pay(1)
    assert (["f"], 1) == ([known.name for known in flows()], len(recorder.steps) - before)
