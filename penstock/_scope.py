"""What a call binds while it runs, and the only place that calls observers.

Generators bind anew for each resume, because their consumer runs in the same context in between.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from types import MethodType

from penstock._context import KEEP, Binding, current_event, current_run, outer_run
from penstock._marks import underlying
from penstock._runs import Run
from penstock._servers import is_served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._marks import Mark
    from penstock.observers import Finish, Observer, StepEvent

known: list[Observer] = []
"""The observers that there are, in the order in which they were added."""

watching: list[bool] = []
"""Empty unless there are observers. Functions that are pickled with all that they hold take it along, so it holds none."""

_reported: set[int] = set()


class _Slow:
    """What only the slow path needs: observers that may come and go meanwhile, and events, which cost an import."""

    observers: tuple[Observer, ...] = ()
    event: Callable[[Mark, StepEvent | None, Run | None, bool], StepEvent]


def add_observer(observer: Observer) -> None:
    """Call ``observer`` for every step that begins from now on; adding it twice has no effect."""
    from penstock.observers import event_of  # noqa: PLC0415 - importing penstock must stay cheap

    _Slow.event = staticmethod(event_of)
    if _added(observer) is None:
        known.append(observer)
        _Slow.observers = tuple(known)
        watching[:] = [True]


def remove_observer(observer: Observer) -> None:
    """Stop calling ``observer``; steps that are under way are still finished with it."""
    added = _added(observer)
    if added is not None:
        known[:] = [each for each in known if each is not added]
        _Slow.observers = tuple(known)
        watching[:] = [True] * bool(known)
        _reported.discard(id(added))


def _added(observer: Observer) -> Observer | None:
    """Return an observer as it was added: itself, or the same bound method, which is a new object each time."""
    for each in known:
        if each is observer or (isinstance(each, MethodType) and each == observer):
            return each
    return None


class observing:  # noqa: N801 - used like a function, as contextlib's own are
    """Call an observer for the steps that begin inside the ``with`` block.

    Args:
        observer: What :func:`add_observer` takes.

    Example:
        >>> with observing(lambda event: print(event.step)):
        ...     pass
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._added: list[bool] = []

    def __enter__(self) -> Observer:
        self._added.append(_added(self._observer) is None)
        add_observer(self._observer)
        return self._observer

    def __exit__(self, *error: object) -> None:
        if self._added.pop():
            remove_observer(self._observer)


class Scope(Binding):
    """What one call binds while it runs: the run that it starts, and its event when somebody observes."""

    __slots__ = ("_asked", "finishes", "started")

    def __init__(self, mark: Mark, *, lazy: bool = False) -> None:
        outer, parent = current_run.get(), current_event.get()
        run = outer
        self.run = self.event = KEEP
        self.started: Run | None = None
        if mark.entrypoint and not (mark.inherit and outer is not None and (outer.joinable or join(outer, mark))):
            self.run = self.started = run = (new_run if mark.inherit else new_nested_run)(mark)
            if outer is not None and outer.joinable is None:  # what was around in that run is over, too
                parent = None
        if watching:
            self.event = _Slow.event(mark, parent, run, lazy)
        self._asked: Observer | None = None
        self.finishes: list[tuple[Observer, Finish]] = []

    def begin(self) -> None:
        """Bind, and tell the observers. Whoever calls this calls :meth:`end` after any exception."""
        Binding.resume(self)
        event: Any = self.event
        if event is KEEP:
            return
        for observer in _Slow.observers:
            self._asked = observer
            try:
                finish = observer(event)
            except Exception:
                _report(observer)
                continue
            if finish is not None:
                self.finishes.append((observer, finish))
        self._asked = None

    def end(self, error: BaseException | None = None) -> None:
        """Tell the observers, the last one first. A second time, go on where an interrupt came."""
        if self._asked is not None:
            self._forget()
        while self.finishes:
            observer, finish = self.finishes[-1]
            try:
                finish(error)
            except Exception:
                _report(observer)
            self.finishes.pop()
        if self.started is not None:
            self.started.joinable = None

    def _forget(self) -> None:
        """Let an observer end what it may have begun when it was interrupted; see :class:`penstock.observers.Observer`."""
        observer: Any = self._asked
        if not self.finishes or self.finishes[-1][0] is not observer:
            forget = getattr(observer, "forget", None)
            if forget is not None:
                _guarded(observer, partial(forget, self.event))
        self._asked = None

    def suspend(self) -> None:
        """Leave a generator at its ``yield``: what observers have bound must not reach the consumer."""
        if self.finishes:
            self._suspend()
        if self.run is not KEEP:
            self.run = current_run.get()

    def resume(self) -> None:
        """Come back to a generator."""
        if self.run is not KEEP:
            current_run.set(self.run)
        if self.event is not KEEP:
            current_event.set(self.event)
        if self.finishes:
            self._resume()

    def _suspend(self) -> None:
        for observer, finish in reversed(self.finishes):
            if hasattr(finish, "suspend"):
                _guarded(observer, finish.suspend)

    def _resume(self) -> None:
        for observer, finish in self.finishes:
            if hasattr(finish, "resume"):
                _guarded(observer, finish.resume)


class Joined(Scope):
    """What a generator binds that joins a run: nothing but what its own body makes of that run."""

    __slots__ = ("_outer",)

    has_run = True

    def begin(self) -> None:
        """Come from the consumer, whose run is remembered."""
        self._outer = current_run.get()
        Scope.begin(self)

    def resume(self) -> None:
        """Come from the consumer again."""
        self._outer = current_run.get()
        Scope.resume(self)

    def suspend(self) -> None:
        """Keep another run than the consumer's, or another value in it, which is the body's own."""
        if self.finishes:
            self._suspend()
        own = current_run.get()
        self.run = KEEP if own is self._outer else own


def new_run(mark: Mark) -> Run:
    """Return a run of the first flow that the entrypoint is in."""
    return Run(mark.flows[0] if mark.flows else None)


def new_nested_run(mark: Mark) -> Run:
    """Return a run of an entrypoint that joins none, and note the one that it begins inside."""
    run = new_run(mark)
    run.outer = outer_run()
    return run


def join(run: Run, mark: Mark) -> bool:
    """Return whether an entrypoint may join a run that is not just joinable.

    The first entrypoint says which flow a run is of, when middleware or a worker has started it. One that is over is
    joined by what it has started, but not by the next request that a server answers in a context of the one before.
    """
    if run.joinable is None:
        return not is_served()
    if mark.flows:
        run.flow = mark.flows[0]
        run.joinable = True
    return True


def _guarded(observer: Observer, call: Any) -> None:
    """Call into an observer."""
    try:
        call()
    except Exception:
        _report(observer)


def _report(observer: Observer) -> None:
    """Log that an observer failed, once for each; it never reaches the application.

    What a signal handler raises while an observer runs, such as a time limit, is the application's.
    """
    if _is_interrupt(sys.exception()):
        raise  # noqa: PLE0704 - only called where an exception is handled
    if id(observer) not in _reported:
        _reported.add(id(observer))
        import logging  # noqa: PLC0415 - importing penstock must stay cheap

        # only called where an exception is handled
        logging.getLogger("penstock").exception("observer %r failed; it is reported only once", observer)  # noqa: LOG004


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether an exception comes out of a signal handler."""
    import signal  # noqa: PLC0415 - importing penstock must stay cheap

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


if "PENSTOCK_EVIDENCE" in os.environ:  # a process that a recording has started
    from penstock.observers.recorder import recorder

    if (part := recorder()) is not None:
        part.started = True
        add_observer(part)
