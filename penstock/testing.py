"""Helpers for tests of applications that declare flows: an empty registry, no observers, recorded events."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock._declare import patches, registry
from penstock._runtime import scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._runtime.events import Finish, Observer, StepEvent

__all__ = ["EventRecorder", "empty_registry", "no_observers", "record_events"]


@contextmanager
def empty_registry() -> Iterator[None]:
    """Hide all declared flows inside the ``with`` block, and restore them at its end.

    Flows that are declared inside the block are forgotten at its end, and their patches are undone. Functions that were
    decorated before stay decorated, and their runs have correlation IDs.

    Example:
        >>> from penstock import flows
        >>> with empty_registry():
        ...     len(flows())
        0
    """
    active = patches.active()
    with registry.lock:
        declarations, unclaimed = dict(registry.declarations), dict(registry.unclaimed)
        registry.forget()
    try:
        yield
    finally:
        patches.undo_all(active)
        with registry.lock:
            registry.forget()
            registry.declarations.update(declarations)
            registry.unclaimed.update(unclaimed)


@contextmanager
def no_observers() -> Iterator[None]:
    """Remove all observers inside the ``with`` block, and restore them at its end.

    Observers that are added inside the block are removed at its end. This includes the one that records evidence: steps
    that run inside the block are not recorded.
    """
    observers = tuple(scope.known)
    _set_observers()
    try:
        yield
    finally:
        _set_observers(*observers)


@contextmanager
def record_events() -> Iterator[EventRecorder]:
    """Record the events of all steps that begin inside the ``with`` block.

    Yields:
        An :class:`EventRecorder`, which can be read inside the block and after it.

    Example:
        >>> from penstock import step
        >>> @step
        ... def pay(): ...
        >>> with record_events() as events:
        ...     pay()
        >>> events.steps
        ['pay']
    """
    recorder = EventRecorder()
    with scope.observing(recorder):
        yield recorder


@dataclass(eq=False)
class EventRecorder:
    """An observer that records all events; to be added with :func:`record_events` or ``add_observer``.

    Attributes:
        starts (list[StepEvent]): The event of each step that began, in order.
        ends (list[tuple[StepEvent, BaseException | None]]): The event of each step that ended, in order, with the
            exception that it raised, or ``None``.
    """

    starts: list[StepEvent] = field(default_factory=list)
    ends: list[tuple[StepEvent, BaseException | None]] = field(default_factory=list)

    def __call__(self, event: StepEvent, /) -> Finish:
        """Record the start of a step; return what records its end."""
        self.starts.append(event)
        return lambda error: self.ends.append((event, error))

    @property
    def steps(self) -> list[str]:
        """The names of the steps that began, in order."""
        return [event.step for event in self.starts]

    @property
    def errors(self) -> dict[str, BaseException]:
        """The exceptions that steps raised, by the names of the steps; the last one of each."""
        return {event.step: error for event, error in self.ends if error is not None}

    @property
    def calls(self) -> list[tuple[str | None, str]]:
        """The name of the caller, or ``None`` at the top, and the name of each step that began, in order."""
        return [(event.parent.step if event.parent else None, event.step) for event in self.starts]


def _set_observers(*observers: Observer) -> None:
    """Replace all registered observers."""
    for observer in tuple(scope.known):
        scope.remove_observer(observer)
    for observer in observers:
        scope.add_observer(observer)
