"""Wraps the four kinds of callable, starts runs, and is the only place that calls observers.

With no observer a step costs one plain wrapper. An entrypoint binds its run to the context variable, and on
every way out gives the variable its outer value back. Generators bind anew for each resume, because their
consumer runs in the same context in between.
"""

from __future__ import annotations

import os
from types import CoroutineType, FunctionType, MethodType, coroutine

from penstock._context import KEEP, Binding, Run, current_event, current_run, restore
from penstock._drive import async_generator, awaited, drive
from penstock._marks import CallableProxy, underlying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._marks import Mark
    from penstock.observers import Finish, Observer, StepEvent

# the values of inspect.CO_*
CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200

_observers: list[Observer] = []
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
        _observers.append(observer)
        _Slow.observers = tuple(_observers)


def remove_observer(observer: Observer) -> None:
    """Stop calling ``observer``; steps that are under way are still finished with it."""
    added = _added(observer)
    if added is not None:
        _observers[:] = [each for each in _observers if each is not added]
        _Slow.observers = tuple(_observers)
        _reported.discard(id(added))


def _added(observer: Observer) -> Observer | None:
    """Return an observer as it was added: itself, or the same bound method, which is a new object each time."""
    for each in _observers:
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

    __slots__ = ("finishes",)

    def __init__(self, mark: Mark, *, lazy: bool = False) -> None:
        outer = current_run.get()
        if mark.entrypoint and outer is not None and outer.flow is None and mark.inherit:
            join(outer, mark)
        starts = mark.entrypoint and (outer is None or not mark.inherit)
        run = new_run(mark) if starts else outer
        self.run = run if starts else KEEP
        self.event = _Slow.event(mark, current_event.get(), run, lazy) if _observers else KEEP
        self._run_token = self._event_token = None
        self.finishes: list[tuple[Observer, Finish]] = []

    def begin(self) -> None:
        """Bind, and tell the observers."""
        self.bind()
        event: Any = self.event
        if event is KEEP:
            return
        try:
            for observer in _Slow.observers:
                try:
                    finish = observer(event)
                except Exception:
                    _report(observer)
                    continue
                if finish is not None:
                    self.finishes.append((observer, finish))
        except BaseException as error:  # an interrupt, or an observer that exits on purpose
            self.end(error)
            raise

    def end(self, error: BaseException | None = None) -> None:
        """Tell the observers, the last one first, and unbind."""
        try:
            while self.finishes:
                observer, finish = self.finishes.pop()
                try:
                    finish(error)
                except Exception:
                    _report(observer)
        finally:
            self.unbind()

    def suspend(self) -> None:
        """Leave a generator at its ``yield``: what observers have bound must not reach the consumer."""
        for observer, finish in reversed(self.finishes):
            if hasattr(finish, "suspend"):
                _guarded(observer, finish.suspend)
        self.unbind()

    def resume(self) -> None:
        """Come back to a generator."""
        self.bind()
        for observer, finish in self.finishes:
            if hasattr(finish, "resume"):
                _guarded(observer, finish.resume)


def new_run(mark: Mark) -> Run:
    """Return a run of the first flow that the entrypoint is in."""
    return Run(mark.flows[0] if mark.flows else None)


def join(run: Run, mark: Mark) -> None:
    """Say which flow a run is of, when middleware or a worker has started it and the first entrypoint joins it."""
    run.flow = mark.flows[0] if mark.flows else None


def _guarded(observer: Observer, call: Any) -> None:
    """Call into an observer."""
    try:
        call()
    except Exception:
        _report(observer)


def _report(observer: Observer) -> None:
    """Log that an observer failed, once for each; it never reaches the application."""
    if id(observer) not in _reported:
        _reported.add(id(observer))
        import logging  # noqa: PLC0415 - importing penstock must stay cheap

        # only called where an exception is handled
        logging.getLogger("penstock").exception("observer %r failed; it is reported only once", observer)  # noqa: LOG004


def wrapper_for(target: Any, mark: Mark) -> Any:
    """Return the function that takes the place of a callable: of the same kind, starting runs, telling observers."""
    flags = flags_of(target)
    if flags & CO_COROUTINE:
        return _coroutine(target, mark)
    if flags & CO_ASYNC_GENERATOR:
        return async_generator(target, lambda: Scope(mark, lazy=True))
    if flags & CO_ITERABLE_COROUTINE:
        return coroutine(_generator(target, mark))
    return _generator(target, mark) if flags & CO_GENERATOR else _function(target, mark)


def flags_of(target: Any) -> int:
    """Return the code flags of what a call of ``target`` runs, which tell coroutine functions and generators."""
    function = underlying(target)
    while issubclass(type(function), CallableProxy):  # isinstance() would wake a lazy proxy
        function = underlying(function.__wrapped__)
    if not issubclass(type(function), FunctionType):
        calls = (vars(owner)["__call__"] for owner in type(function).__mro__ if "__call__" in vars(owner))
        function = next(calls, None)
    if not isinstance(function, FunctionType):
        return 0
    if "_is_coroutine_mark" in function.__dict__:  # inspect.markcoroutinefunction
        return CO_COROUTINE
    return function.__code__.co_flags


# In each wrapper: somebody observes → the slow path; no run to start → the plain call; else bind the run.


def _function(target: Any, mark: Mark) -> Any:
    observers, get, bind, reset = _observers, current_run.get, current_run.set, current_run.reset
    starts, inherit = mark.entrypoint, mark.inherit

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            scope = Scope(mark)
            scope.begin()
            try:
                result = target(*args, **kwargs)
            except BaseException as error:
                scope.end(error)
                raise
            if type(result) is CoroutineType:
                scope.suspend()
                return awaited(result, scope)
            scope.end()
            return result
        if not starts:
            return target(*args, **kwargs)
        if inherit and (run := get()) is not None:
            if run.flow is None:
                join(run, mark)
            return target(*args, **kwargs)
        token = bind(new_run(mark))
        try:
            result = target(*args, **kwargs)
            return awaited(result, Binding(get())) if type(result) is CoroutineType else result
        finally:
            reset(token)

    return wrapper


def _coroutine(target: Any, mark: Mark) -> Any:
    observers, get, bind = _observers, current_run.get, current_run.set
    starts, inherit = mark.entrypoint, mark.inherit

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            with Scope(mark):
                return await target(*args, **kwargs)
        if not starts:
            return await target(*args, **kwargs)
        if inherit and (run := get()) is not None:
            if run.flow is None:
                join(run, mark)
            return await target(*args, **kwargs)
        token = bind(new_run(mark))
        try:
            return await target(*args, **kwargs)
        finally:
            restore(current_run, token)

    return wrapper


def _generator(target: Any, mark: Mark) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not _observers and not mark.entrypoint:
            return (yield from target(*args, **kwargs))
        return (yield from drive(target(*args, **kwargs), Scope(mark, lazy=True)))

    return wrapper


if "PENSTOCK_EVIDENCE" in os.environ:  # a process that a recording has started
    from penstock.observers.recorder import recorder

    if (part := recorder()) is not None:
        part.started = True
        add_observer(part)
