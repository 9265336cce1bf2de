"""Events: what an observer is told of each step that begins."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from penstock._callables.unwrap import underlying
from penstock._runtime.runs import BLOCK

if TYPE_CHECKING:
    from penstock._declare.marks import StepMark
    from penstock._runtime.runs import Run


Finish = Callable[[BaseException | None], object]
"""Called once when the step ends, with the exception that it raised, or ``None``.

Objects that an observer makes current for a step, such as a span, must not reach the consumer of a generator. So if
the finish object also has methods ``suspend`` and ``resume``, they are called around each ``yield`` of a generator.

If a signal handler, such as a time limit, raises during the call, it is called a second time.
"""


MOST_AROUND = 1000
"""Maximum steps around an event. A callback that reschedules itself is nested in itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """One call of a step, as passed to observers.

    Attributes:
        step: The step's name.
        flows: The flows that the step is in.
        entrypoint: Whether it is an entrypoint.
        parent: The step that called this one, directly or through helpers; ``None`` at the top.
        run: The run of the call, or ``None`` outside every run.
        lazy: Whether it is a generator, which runs at its consumption, not at its creation.
        notes: Observer state for this call, keyed by observer.
        depth: The number of known steps around it.
        mark: The declaration, with the function and the trigger.
    """

    step: str
    flows: tuple[str, ...]
    entrypoint: bool
    parent: StepEvent | None = field(repr=False)
    run: Run | None = field(repr=False)
    lazy: bool = False
    notes: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
    depth: int = field(default=0, repr=False, compare=False)
    mark: StepMark | None = field(default=None, repr=False, compare=False)

    @property
    def flow_id(self) -> str | None:
        """The run's correlation ID, created on first access; ``None`` outside every run."""
        return None if self.run is None else self.run.id


class _EventDraft:
    """A mutable draft of an event: setting the fields of a frozen dataclass takes three times as long."""

    __slots__ = StepEvent.__slots__

    step: str
    flows: tuple[str, ...]
    entrypoint: bool
    parent: StepEvent | None
    run: Run | None
    lazy: bool
    notes: dict[object, Any]
    depth: int
    mark: StepMark | None


def event_of(mark: StepMark, parent: StepEvent | None, run: Run | None, lazy: bool) -> StepEvent:
    """Return the event for a call of a marked function."""
    depth = 0
    if parent is not None:
        depth = parent.depth + 1
        if depth > MOST_AROUND:
            parent, depth = replace(parent, parent=None, depth=0), 1
    draft: Any = _EventDraft()
    draft.step = mark.known_name or mark.step_name
    draft.flows = mark.flows
    draft.entrypoint = mark.entrypoint
    draft.parent = parent
    draft.run = run
    draft.lazy = lazy
    draft.notes = {}
    draft.depth = depth
    draft.mark = mark
    draft.__class__ = StepEvent
    event: StepEvent = draft
    return event


def is_in_blocks(event: StepEvent) -> bool:
    """Return whether a step was called in blocks of context managers only, and so by code of no step at all."""
    above = event.parent
    while above is not None and BLOCK in above.notes:
        above = above.parent
    return above is None and event.parent is not None


class Observer(Protocol):
    """A callable that receives each event; its result is called when the step ends.

    An observer with state for each step in ``event.notes`` may have a method ``forget``. It is called with the
    event if a signal handler raises at the beginning of the step, before penstock has the observer's result.
    """

    def __call__(self, event: StepEvent, /) -> Finish | None:
        """Handle the beginning of a step; return a callable for its end, or ``None``."""


def track_steps(event: StepEvent, /) -> None:
    """Do nothing; this observer only makes the step's name known, for log lines."""


def is_interrupt(error: BaseException | None) -> bool:
    """Return whether an exception was raised by a signal handler."""
    handlers = [underlying(signal.getsignal(number)) for number in signal.valid_signals()]
    codes = {
        getattr(handler if hasattr(handler, "__code__") else type(handler).__call__, "__code__", None)
        for handler in handlers
        if callable(handler)
    }
    trace = None if error is None else error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next
    return False
