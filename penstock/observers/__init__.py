"""The one extension point of the running application: an observer is called for each step that begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from penstock._context import BLOCK

if TYPE_CHECKING:
    from penstock._marks import Mark
    from penstock._runs import Run

Finish = Callable[[BaseException | None], object]
"""Called once when the step ends, with what it raised or ``None``.

What an observer makes current for a step, such as a span, must not reach the consumer of a generator. So if the
object also has methods ``suspend`` and ``resume``, they are called around each ``yield`` of a generator.

If a signal handler raises while it runs, such as a time limit, it is called a second time.
"""

MOST_AROUND = 1000
"""Steps that an event knows around it. A callback that schedules itself is in itself, and would keep all its calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """One call of a step, as an observer is told of it.

    Attributes:
        step: The step's name.
        flows: The flows that the step is in.
        entrypoint: Whether it is an entrypoint.
        parent: The step that this one was called in, directly or through helpers; ``None`` at the top.
        run: The run it belongs to, or ``None`` for a step that was called outside every run.
        lazy: Whether it is a generator, which runs where it is consumed, not where it was made.
        notes: What observers keep with the call, each under itself as the key.
        depth: How many steps are known around it.
    """

    step: str
    flows: tuple[str, ...]
    entrypoint: bool
    parent: StepEvent | None = field(repr=False)
    run: Run | None = field(repr=False)
    lazy: bool = False
    notes: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
    depth: int = field(default=0, repr=False, compare=False)

    @property
    def flow_id(self) -> str | None:
        """The run's correlation ID, made on first asking; ``None`` outside every run."""
        return None if self.run is None else self.run.id


class _Draft:
    """An event that is not frozen yet: to set the fields of a frozen dataclass takes three times as long."""

    __slots__ = StepEvent.__slots__

    step: str
    flows: tuple[str, ...]
    entrypoint: bool
    parent: StepEvent | None
    run: Run | None
    lazy: bool
    notes: dict[object, Any]
    depth: int


def event_of(mark: Mark, parent: StepEvent | None, run: Run | None, lazy: bool) -> StepEvent:
    """Return the event that a marked function is called."""
    if parent is not None and parent.depth >= MOST_AROUND:
        parent = replace(parent, parent=None, depth=0)
    made: Any = _Draft()
    made.step = mark.step_name
    made.flows = mark.flows
    made.entrypoint = mark.entrypoint
    made.parent = parent
    made.run = run
    made.lazy = lazy
    made.notes = {}
    made.depth = 0 if parent is None else parent.depth + 1
    made.__class__ = StepEvent
    event: StepEvent = made
    return event


def is_in_blocks(event: StepEvent) -> bool:
    """Return whether a step was called in blocks of context managers only, and so by code of no step at all."""
    above = event.parent
    while above is not None and BLOCK in above.notes:
        above = above.parent
    return above is None and event.parent is not None


class Observer(Protocol):
    """Anything that can be called with an event; what it returns is called when the step ends.

    An observer that keeps something for each step in ``event.notes`` may have a method ``forget``. It is called with the
    event if a signal handler raises while the step begins, before penstock has what the observer returns.
    """

    def __call__(self, event: StepEvent, /) -> Finish | None:
        """Take note that a step begins; return what to call when it ends, or ``None``."""


def track_steps(event: StepEvent, /) -> None:
    """Do nothing; an observer for those who only want the step's name to be known, as log lines do."""
