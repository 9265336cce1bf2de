"""Binds the run and the event of a call; the only module that calls observers.

Generators bind again for each resume, because their consumer runs in the same context in between.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from types import MethodType

from penstock._runtime.context import KEEP, ContextBinding, current_event, current_run, outer_run
from penstock._runtime.runs import Run
from penstock._runtime.server_tasks import is_served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._declare.marks import StepMark
    from penstock._runtime.events import Finish, Observer, StepEvent

    Finishes = tuple[Observer, Finish, "Finishes"] | tuple[()]
    """The observers of a call that are still to be notified, each with its finish object; the last one is first."""

known: list[Observer] = []
"""The registered observers, in the order of registration."""

watching: list[bool] = []
"""Empty without observers. cloudpickle copies this list into functions, so it never references the observers."""

_reported: set[int] = set()

STARTED_BY_RECORDING = "PENSTOCK_EVIDENCE" in os.environ
"""Whether a recording has started this process."""


class _SlowPath:
    """State of the slow path only: observers, which may come and go, and events, whose import takes time."""

    observers: tuple[Observer, ...]
    event: Callable[[StepMark, StepEvent | None, Run | None, bool], StepEvent]


_slow = _SlowPath()
_slow.observers = ()


def add_observer(observer: Observer) -> None:
    """Call ``observer`` for every step that begins from now on.

    Args:
        observer: A function that receives each event, see :class:`penstock.observers.Observer`. A second registration has no
            effect.
    """
    from penstock._runtime.events import event_of  # noqa: PLC0415 - importing penstock must stay cheap

    _slow.event = event_of
    if _find_registered(observer) is None:
        known.append(observer)
        _slow.observers = tuple(known)
        watching[:] = [True]


def remove_observer(observer: Observer) -> None:
    """Stop calling ``observer``; steps that already run are still finished with it.

    Args:
        observer: The observer, as given to :func:`add_observer`. An unknown one has no effect.
    """
    registered_observer = _find_registered(observer)
    if registered_observer is not None:
        known[:] = [candidate for candidate in known if candidate is not registered_observer]
        _slow.observers = tuple(known)
        watching[:] = [True] * bool(known)
        _reported.discard(id(registered_observer))


def _find_registered(observer: Observer) -> Observer | None:
    """Return the registered observer that equals ``observer``; a bound method is a new object on each access."""
    for candidate in known:
        if candidate is observer or (isinstance(candidate, MethodType) and candidate == observer):
            return candidate
    return None


class observing:  # noqa: N801 - used like a function, like those of contextlib
    """Call an observer for the steps that begin inside the ``with`` block.

    Args:
        observer: An observer as for :func:`add_observer`.

    Example:
        >>> with observing(lambda event: print(event.step)):
        ...     pass
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._added: list[bool] = []

    def __enter__(self) -> Observer:
        self._added.append(_find_registered(self._observer) is None)
        add_observer(self._observer)
        return self._observer

    def __exit__(self, *error: object) -> None:
        if self._added.pop():
            remove_observer(self._observer)


class CallScope(ContextBinding):
    """The bindings of one call: the run that it starts, and its event if observers are active."""

    __slots__ = ("_pending_observer", "finishes", "started")

    started: Run | None
    finishes: Finishes
    _pending_observer: Observer | None

    def begin(self) -> None:
        """Bind, and notify the observers. The caller must call :meth:`end` after any exception."""
        if self.run is not KEEP:
            current_run.set(self.run)
        event: Any = self.event
        if event is KEEP:
            return
        current_event.set(event)
        for observer in _slow.observers:
            self._pending_observer = observer
            try:
                finish = observer(event)
            except Exception:
                _report(observer)
                continue
            if finish is not None:
                self.finishes = (observer, finish, self.finishes)
        self._pending_observer = None

    def end(self, error: BaseException | None = None) -> None:
        """Notify the observers in reverse order. A second call continues after an interrupt."""
        if self._pending_observer is not None:
            self._forget()
        while self.finishes:
            observer, finish, outer_finishes = self.finishes
            try:
                finish(error)
            except Exception:
                _report(observer)
            self.finishes = outer_finishes
        if self.started is not None:
            self.started.joinable = None

    def _forget(self) -> None:
        """Let an observer end a step whose beginning was interrupted; see :class:`penstock._runtime.events.Observer`."""
        observer: Any = self._pending_observer
        if not self.finishes or self.finishes[0] is not observer:
            forget = getattr(observer, "forget", None)
            if forget is not None:
                _call_safely(observer, partial(forget, self.event))
        self._pending_observer = None

    def suspend(self) -> None:
        """Leave a generator at its ``yield``: bindings of observers must not reach the consumer."""
        if self.finishes:
            self._suspend()
        if self.run is not KEEP:
            self.run = current_run.get()

    def resume(self) -> None:
        """Return to a generator."""
        if self.run is not KEEP:
            current_run.set(self.run)
        if self.event is not KEEP:
            current_event.set(self.event)
        if self.finishes:
            self._resume()

    def _suspend(self) -> None:
        for observer, finish in _list_finishes(self.finishes):
            if hasattr(finish, "suspend"):
                _call_safely(observer, finish.suspend)

    def _resume(self) -> None:
        for observer, finish in reversed(_list_finishes(self.finishes)):
            if hasattr(finish, "resume"):
                _call_safely(observer, finish.resume)


def _list_finishes(finishes: Finishes) -> list[tuple[Observer, Finish]]:
    """Return the observers of a call that are still to be notified, and how, the last one first."""
    pairs = []
    while finishes:
        observer, finish, finishes = finishes
        pairs.append((observer, finish))
    return pairs


def open_scope(mark: StepMark, lazy: bool = False, kind: type[CallScope] = CallScope) -> CallScope:
    """Return the scope of a call: setting the attributes here is quicker than ``__init__``."""
    scope = kind.__new__(kind)
    run, parent = current_run.get(), current_event.get()
    scope.run = scope.event = KEEP
    scope.started = scope._pending_observer = None
    scope.finishes = ()
    if mark.entrypoint:
        outer = run
        if not (mark.inherit and outer is not None and (outer.joinable or join(outer, mark))):
            scope.run = scope.started = run = (new_run if mark.inherit else new_nested_run)(mark)
            if outer is not None and outer.joinable is None:  # the step around in that run has ended, too
                parent = None
    if watching:
        scope.event = _slow.event(mark, parent, run, lazy)
    return scope


class Joined(CallScope):
    """The bindings of a generator that joins a run: only changes that its own body makes to that run."""

    __slots__ = ("_outer",)

    has_run = True

    def begin(self) -> None:
        """Enter from the consumer, whose run is remembered."""
        self._outer = current_run.get()
        CallScope.begin(self)

    def resume(self) -> None:
        """Return from the consumer."""
        self._outer = current_run.get()
        CallScope.resume(self)

    def suspend(self) -> None:
        """Keep a run other than the consumer's, or a changed value in it: it is the body's own."""
        if self.finishes:
            self._suspend()
        own = current_run.get()
        self.run = KEEP if own is self._outer else own


def new_run(mark: StepMark) -> Run:
    """Return a new run of the entrypoint's first flow."""
    return Run(mark.flows[0] if mark.flows else None)


def new_nested_run(mark: StepMark) -> Run:
    """Return a run of an entrypoint that joins none, with a reference to its outer run."""
    run = new_run(mark)
    run.outer = outer_run()
    return run


def join(run: Run, mark: StepMark) -> bool:
    """Return whether an entrypoint may join a run that is not joinable unconditionally.

    The first entrypoint names the flow of a run that middleware or a worker has started. An ended run can be joined by
    tasks that it started, but not by the next request that a server answers in a context of the previous one.
    """
    if run.joinable is None:
        return not is_served()
    if mark.flows:
        run.flow = mark.flows[0]
        run.joinable = True
    return True


def _call_safely(observer: Observer, call: Any) -> None:
    """Call an observer safely."""
    try:
        call()
    except Exception:
        _report(observer)


def _report(observer: Observer) -> None:
    """Log that an observer failed, once for each; it never reaches the application.

    Exceptions raised by a signal handler during an observer, such as a time limit, belong to the application.
    """
    from penstock._runtime.events import is_interrupt  # noqa: PLC0415 - loaded with the first observer

    if is_interrupt(sys.exception()):
        raise  # noqa: PLE0704 - only called in exception handlers
    if id(observer) not in _reported:
        _reported.add(id(observer))
        import logging  # noqa: PLC0415 - importing penstock must stay cheap

        # only called in exception handlers
        logging.getLogger("penstock").exception("observer %r failed; it is reported only once", observer)  # noqa: LOG004
