"""Wraps the four kinds of callable, starts runs, and is the only place that calls observers.

With no observer a step costs one plain wrapper. An entrypoint binds its run to the context variable, and on
every way out gives the variable its outer value back. Generators bind anew for each resume, because their
consumer runs in the same context in between.
"""

from __future__ import annotations

import sys
from types import FunctionType, coroutine

from penstock._context import Run, current_event, current_run, restore
from penstock._marks import underlying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

    from penstock._marks import Mark
    from penstock.observers import Finish, Observer, StepEvent

# the values of inspect.CO_*
CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200

_observers: list[Observer] = []
_reported: set[int] = set()


def add_observer(observer: Observer) -> None:
    """Call ``observer`` for every step that begins from now on; adding it twice has no effect."""
    if observer not in _observers:
        _observers.append(observer)


def remove_observer(observer: Observer) -> None:
    """Stop calling ``observer``; steps that are under way are still finished with it."""
    if observer in _observers:
        _observers.remove(observer)
        _reported.discard(id(observer))


class Scope:
    """What one call binds while it runs: the run that it starts, and its event when somebody observes."""

    __slots__ = ("event", "event_token", "finishes", "run", "run_token")

    def __init__(self, mark: Mark) -> None:
        outer = current_run.get()
        starts = mark.entrypoint and (outer is None or not mark.inherit)
        self.run = new_run(mark) if starts else None
        self.event = _event(mark, self.run or outer) if _observers else None
        self.finishes: list[tuple[Observer, Finish]] = []
        self.run_token: Token[Run | None] | None = None
        self.event_token: Token[StepEvent | None] | None = None

    def bind(self) -> None:
        """Make this call's run and event the current ones."""
        if self.run is not None:
            self.run_token = current_run.set(self.run)
        if self.event is not None:
            self.event_token = current_event.set(self.event)

    def unbind(self) -> None:
        """Give the outer run and event back."""
        if self.event_token is not None:
            restore(current_event, self.event_token)
            self.event_token = None
        if self.run_token is not None:
            restore(current_run, self.run_token)
            self.run_token = None

    def begin(self) -> None:
        """Bind, and tell the observers."""
        self.bind()
        if self.event is None:
            return
        try:
            for observer in tuple(_observers):
                finish = _guarded(observer, observer, self.event)
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
                _guarded(observer, finish, error)
        finally:
            self.unbind()

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.end(error)


def new_run(mark: Mark) -> Run:
    """Return a run of the first flow that the entrypoint is in."""
    return Run(mark.flows[0] if mark.flows else None)


def _event(mark: Mark, run: Run | None) -> StepEvent:
    from penstock.observers import StepEvent  # noqa: PLC0415 - the slow path alone pays for dataclasses

    parent = current_event.get()
    return StepEvent(step=mark.step_name, flows=mark.flows, entrypoint=mark.entrypoint, parent=parent, run=run)


def _guarded(observer: Observer, call: Any, argument: object) -> Any:
    """Call into an observer; a failure is logged once per observer and never reaches the application."""
    try:
        return call(argument)
    except Exception:
        if id(observer) not in _reported:
            _reported.add(id(observer))
            import logging  # noqa: PLC0415 - importing penstock must stay cheap

            logging.getLogger("penstock").exception("observer %r failed; it is reported only once", observer)
        return None


def wrapper_for(target: Any, mark: Mark) -> Any:
    """Return the function that takes the place of a callable: of the same kind, starting runs, telling observers."""
    flags = flags_of(target)
    if flags & CO_COROUTINE:
        return _coroutine(target, mark)
    if flags & CO_ASYNC_GENERATOR:
        return _async_generator(target, mark)
    if flags & CO_ITERABLE_COROUTINE:
        return coroutine(_generator(target, mark))
    return _generator(target, mark) if flags & CO_GENERATOR else _function(target, mark)


def flags_of(target: Any) -> int:
    """Return the code flags of what a call of ``target`` runs, which tell coroutine functions and generators."""
    function = underlying(target)
    if not issubclass(type(function), FunctionType):  # isinstance() would wake a lazy proxy
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
            with Scope(mark):
                return target(*args, **kwargs)
        if not starts or (inherit and get() is not None):
            return target(*args, **kwargs)
        token = bind(new_run(mark))
        try:
            return target(*args, **kwargs)
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
        if not starts or (inherit and get() is not None):
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
        return (yield from _drive(target(*args, **kwargs), Scope(mark)))

    return wrapper


def _drive(generator: Any, scope: Scope) -> Any:
    """Run a generator to its end, bound for each resume and for no longer (PEP 380, with binding)."""
    resume, argument = generator.send, None
    scope.begin()
    try:
        while True:
            item = resume(argument)
            scope.unbind()
            try:
                sent = yield item
            except BaseException as error:
                scope.bind()
                if isinstance(error, GeneratorExit):
                    generator.close()
                    raise
                resume, argument = generator.throw, error
            else:
                scope.bind()
                resume, argument = generator.send, sent
    except StopIteration as stop:
        scope.end()
        return stop.value
    except GeneratorExit:
        scope.end()
        raise
    except BaseException as error:
        scope.end(error)
        raise


def _async_generator(target: Any, mark: Mark) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator, scope = target(*args, **kwargs), Scope(mark)
        scope.begin()
        try:
            resumed = _first(generator)
            while True:
                item = await resumed
                scope.unbind()
                try:
                    sent = yield item
                except BaseException as error:
                    scope.bind()
                    if isinstance(error, GeneratorExit):
                        await generator.aclose()
                        raise
                    resumed = generator.athrow(error)
                else:
                    scope.bind()
                    resumed = generator.asend(sent)
        except StopAsyncIteration:
            scope.end()
        except GeneratorExit:
            scope.end()
            raise
        except BaseException as error:
            scope.end(error)
            raise

    return wrapper


def _first(generator: Any) -> Any:
    """Resume an asynchronous generator for the first time without the event loop's knowledge.

    A loop that ends closes all generators that it knows at once (``shutdown_asyncgens``); this one must be closed
    by its wrapper, in its run.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)
