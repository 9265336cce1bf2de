"""An exception from a signal handler, such as a time limit or Ctrl-C, leaves no run behind."""

from __future__ import annotations

import contextvars
import importlib.util
import logging
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from penstock import current_flow_id, entrypoint, flow_context, get_value, observing, set_value, step
from penstock._runtime import wrapper_templates as templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timers with signals")


@pytest.fixture
def hostile() -> ModuleType:
    """The program that makes many interrupts, as a module of its own."""
    file = Path(__file__).parents[1] / "hostile" / "interrupts.py"
    spec: Any = importlib.util.spec_from_file_location("hostile_interrupts", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_left_behind(hostile: ModuleType) -> None:
    """After thousands of interrupts at random moments there is no run, no event and no step that goes on."""
    outcome = hostile.make(6_000)

    assert outcome.interrupts >= 6_000
    assert {} == outcome.left


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_left_behind_is_counted(hostile: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """If an entrypoint bound its run before ``try``, the program would tell."""
    careless = templates.ENTRYPOINT.replace(
        "    try:\n        penstock_run = begin(mark)\n        bind(penstock_run)",
        "    penstock_run = begin(mark)\n    bind(penstock_run)\n    try:\n        pass",
    )
    monkeypatch.setattr("penstock._runtime.wrappers.ENTRYPOINT", careless)

    @entrypoint
    def empty() -> None: ...

    assert 0 < hostile.make(6_000, {"careless": empty}).left["careless: run"]


class Limit(Exception):
    """What a signal handler raises."""


@pytest.fixture
def interrupt() -> Iterator[Callable[[type[Exception]], None]]:
    """Raise an exception as a signal handler does, at once."""
    kind: list[type[Exception]] = []

    def handle(*_: object) -> None:
        raise kind.pop()

    def raise_it(error: type[Exception]) -> None:
        kind.append(error)
        signal.raise_signal(signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, handle)
    yield raise_it
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("when", ["begins", "ends"])
def test_an_interrupt_in_an_observer_is_the_applications(
    when: str, interrupt: Callable[[type[Exception]], None], caplog: pytest.LogCaptureFixture
) -> None:
    """A time limit that comes while an observer works is no fault of the observer: it comes out."""

    def observer(_: object) -> Callable[[object], None] | None:
        if when == "begins":
            interrupt(Limit)
        calls = [1]
        return lambda _: interrupt(Limit) if calls and calls.pop() else None

    @entrypoint
    def handle() -> None: ...

    with observing(observer), pytest.raises(Limit):
        handle()
    assert None is current_flow_id()
    assert [] == caplog.records


def test_a_failure_in_an_observer_is_still_reported(caplog: pytest.LogCaptureFixture) -> None:
    """What an observer raises by itself never reaches the application."""

    def observer(_: object) -> None:
        raise Limit

    with caplog.at_level(logging.ERROR), observing(observer):
        step(lambda: None)()
    assert ["penstock"] == [record.name for record in caplog.records]


def test_an_observer_may_forget_what_was_interrupted(interrupt: Callable[[type[Exception]], None]) -> None:
    """An observer that has begun something for a step, and did not come to return what ends it, is told of that."""

    class Spans:
        def __init__(self) -> None:
            self.open: list[str] = []

        def __call__(self, event: Any) -> None:
            self.open.append(event.step)
            interrupt(Limit)

        def forget(self, event: Any) -> None:
            self.open.remove(event.step)

    spans = Spans()
    with observing(spans), pytest.raises(Limit):
        step(lambda: None)()
    assert [] == spans.open


@pytest.mark.parametrize("observed", [False, True], ids=["nobody observes", "observed"])
def test_a_generator_that_is_interrupted_is_closed_in_its_run(
    observed: bool, interrupt: Callable[[type[Exception]], None]
) -> None:
    """What comes out is the time limit, the generator cleans up in its run, and is at its end."""
    seen: list[str | None] = []

    @entrypoint
    def items() -> Iterator[str | None]:
        try:
            yield current_flow_id()
            interrupt(Limit)
        finally:
            seen.append(current_flow_id())

    with observing(lambda _: None) if observed else ExitStack():
        talk = items()
        first = next(talk)
        with pytest.raises(Limit):
            next(talk)
    assert ([first], []) == (seen, list(talk))
    assert None is current_flow_id()


@pytest.mark.parametrize("error", [ValueError, RuntimeError, LookupError, KeyboardInterrupt])
def test_any_exception_of_a_handler_comes_out(error: Any, interrupt: Callable[[Any], None]) -> None:
    """Also an exception that penstock itself would ignore, were it raised by a context variable."""

    @entrypoint
    async def handle() -> None:
        interrupt(error)

    for call in (lambda: handle().send(None), lambda: in_block(lambda: interrupt(error))):
        with pytest.raises(error):
            call()
        assert None is current_flow_id()


def in_block(call: Callable[[], None]) -> None:
    """Call something in a run that is a block."""
    with flow_context():
        call()


def test_a_block_can_be_entered_through_a_stack() -> None:
    """``contextlib`` looks ``__exit__`` up in the class, and calls it with the block."""
    with flow_context("outer"):
        with ExitStack() as stack:
            stack.enter_context(flow_context("inner"))
            assert "inner" == current_flow_id()
        assert "outer" == current_flow_id()
        block = flow_context("by-hand")
        block.__enter__()
        assert "by-hand" == current_flow_id()
        block.__exit__(None, None, None)
        assert "outer" == current_flow_id()


def test_a_block_passes_exceptions_on() -> None:
    """A block swallows none, and one object can be many blocks, also in several contexts."""
    block = flow_context("one")
    with pytest.raises(LookupError), block, block:
        raise LookupError
    assert None is current_flow_id()
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    assert None is current_flow_id()


@pytest.mark.parametrize("observed", [False, True], ids=["nobody observes", "observed"])
def test_what_a_step_sets_its_caller_sees(observed: bool) -> None:
    """A value that a step sets in a run is there for what is called next, whoever observes."""

    @step
    def put(name: str) -> None:
        set_value(name, 1)

    @step
    async def put_later(name: str) -> None:
        set_value(name, 1)

    @step
    def put_items() -> Iterator[None]:
        set_value("c", 1)
        yield

    @entrypoint
    def joining() -> None:
        set_value("d", 1)

    @entrypoint
    def run() -> list[object]:
        put("a")
        with pytest.raises(StopIteration):
            put_later("b").send(None)
        list(put_items())
        joining()
        return [get_value(name) for name in "abcd"]

    with observing(lambda _: None) if observed else ExitStack():
        assert [1, 1, 1, 1] == run()
