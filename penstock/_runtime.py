"""Wraps the four kinds of callable, starts runs, and is the only place that calls observers.

With no observer a step costs one plain wrapper. An entrypoint binds its run to the context variable, and on
every way out gives the variable its outer value back. Generators bind anew for each resume, because their
consumer runs in the same context in between.

Frameworks look annotations up in a function's globals, so a wrapper has those of what it wraps. It must therefore
find nothing there: all that it needs, builtins included, it holds in cells.
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


class Joined(Scope):
    """What a generator binds that joins a run: nothing but what its own body makes of that run."""

    __slots__ = ("_outer",)

    def bind(self) -> None:
        """Come from the consumer, whose run is remembered."""
        self._outer = current_run.get()
        super().bind()

    def unbind(self) -> None:
        """Give the consumer its run back; another one, or another value in it, is the body's own."""
        own = current_run.get()
        super().unbind()
        self.run = KEEP if own is self._outer else own
        if current_run.get() is not self._outer:
            current_run.set(self._outer)


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
        wrapper = _coroutine(target, mark)
    elif flags & CO_ASYNC_GENERATOR:
        wrapper = async_generator(target, lambda: _resumed(mark))
    elif flags & (CO_GENERATOR | CO_ITERABLE_COROUTINE):
        wrapper = _generator(target, mark)
    else:
        wrapper = _function(target, mark)
    wrapper = _at_home(wrapper, underlying(target))
    return coroutine(wrapper) if flags & CO_ITERABLE_COROUTINE else wrapper


def _at_home(wrapper: Any, function: Any) -> Any:
    """Return a wrapper with the globals of a function, where frameworks look for what its annotations name."""
    if type(function) is not FunctionType:
        return wrapper
    return FunctionType(wrapper.__code__, function.__globals__, closure=wrapper.__closure__)


def _resumed(mark: Mark) -> Scope:
    """Return the scope of a generator."""
    return (Joined if mark.entrypoint else Scope)(mark, lazy=True)


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
    starts, inherit, begin, joins = mark.entrypoint, mark.inherit, new_run, join
    observed, go_on, kind_of, coroutine_type = _observed, _go_on, type, CoroutineType

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            return observed(target, mark, args, kwargs)
        if not starts:
            return target(*args, **kwargs)
        if inherit and (run := get()) is not None:
            if run.flow is None:
                joins(run, mark)
            return target(*args, **kwargs)
        token = bind(begin(mark))
        try:
            result = target(*args, **kwargs)
            return go_on(result) if kind_of(result) is coroutine_type else result
        finally:
            reset(token)

    return wrapper


def _observed(target: Any, mark: Mark, args: Any, kwargs: Any) -> Any:
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


def _go_on(result: Any) -> Any:
    """Let a coroutine that was returned go on in the run that is about to end."""
    return awaited(result, Binding(current_run.get()))


def _coroutine(target: Any, mark: Mark) -> Any:
    observers, get, bind, reset = _observers, current_run.get, current_run.set, restore
    starts, inherit, begin, joins = mark.entrypoint, mark.inherit, new_run, join
    scope, variable = Scope, current_run

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            with scope(mark):
                return await target(*args, **kwargs)
        if not starts:
            return await target(*args, **kwargs)
        if inherit and (run := get()) is not None:
            if run.flow is None:
                joins(run, mark)
            return await target(*args, **kwargs)
        token = bind(begin(mark))
        try:
            return await target(*args, **kwargs)
        finally:
            reset(variable, token)

    return wrapper


def _generator(target: Any, mark: Mark) -> Any:
    observers, starts, run_in, scope = _observers, mark.entrypoint, drive, _resumed

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not observers and not starts:
            return (yield from target(*args, **kwargs))
        return (yield from run_in(target(*args, **kwargs), scope(mark)))

    return wrapper


if "PENSTOCK_EVIDENCE" in os.environ:  # a process that a recording has started
    from penstock.observers.recorder import recorder

    if (part := recorder()) is not None:
        part.started = True
        add_observer(part)
