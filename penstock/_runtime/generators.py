"""Runs generators and returned coroutines inside a scope: generators are bound for each resume."""

from __future__ import annotations

import sys
from operator import attrgetter
from types import AsyncGeneratorType, CellType, CoroutineType, GeneratorType

from penstock._runtime.context import current_event, current_run, ignore_foreign, restore
from penstock._runtime.wrapper_templates import ASYNC_GENERATOR, make_wrapper, mark_as_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._runtime.context import ContextBinding

LAZY = (GeneratorType, AsyncGeneratorType, CoroutineType)
"""Types of results that have not run yet."""


@mark_as_wrapper
def drive(generator: Any, scope: ContextBinding) -> Any:
    """Run a generator to its end, bound for each resume and for no longer (PEP 380, with binding)."""
    enter, resume, argument = scope.begin, generator.send, None
    has_run, has_event = scope.has_run, scope.has_event
    try:
        while True:
            run, event = current_run.get(), current_event.get() if has_event else None
            try:
                enter()
                item = resume(argument)
                scope.suspend()
            except BaseException as error:
                penstock_run = current_run.get()  # noqa: F841 - for those who read the traceback
                _finish(generator, scope, error)
                raise
            finally:  # whatever an interrupt has left out
                argument = None  # else a thrown-in error, its traceback and this frame would keep each other alive
                try:
                    if has_event:
                        current_event.set(event)
                finally:
                    if has_run:
                        current_run.set(run)
            try:
                argument = yield item
                resume = generator.send
            except BaseException as error:
                resume, argument = generator.throw, error
            enter = scope.resume
    except StopIteration as stop:
        return stop.value
    except BaseException as error:
        scope.end(error)  # again, because an interrupt may have come before its first line
        raise


def _finish(generator: Any, scope: ContextBinding, error: BaseException) -> None:
    """End the scope of a generator; if interrupted between two items, the generator is closed first, in its run."""
    if type(error) is StopIteration or type(error) is GeneratorExit:
        scope.end()
        return
    try:
        generator.close()
    finally:
        scope.end(error)


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


ASYNC_CELLS = {
    name: CellType(value)
    for name, value in {
        "get": current_run.get,
        "bind": current_run.set,
        "reset": current_run.reset,
        "get_event": current_event.get,
        "bind_event": current_event.set,
        "reset_event": current_event.reset,
        "first": _first,
        "foreign": ValueError,
        "ignore": ignore_foreign,
        "kind_of": type,
        "any_error": BaseException,
        "ended": StopAsyncIteration,
        "finished": (StopAsyncIteration, GeneratorExit),
    }.items()
}
"""The common part of all wrappers of asynchronous generators."""


def async_generator(target: Any, scope_of: Callable[[], ContextBinding]) -> Any:
    """Return a function like ``target`` whose generators each run in a scope of their own, as in ``drive``."""
    cells = {"target": target, "mark": None, "resumed": lambda _: scope_of(), "__class__": None}
    return make_wrapper(ASYNC_GENERATOR, target, globals(), ASYNC_CELLS | {n: CellType(v) for n, v in cells.items()})


@mark_as_wrapper
async def await_in(scope: ContextBinding, function: Any, args: Any, kwargs: Any) -> Any:
    """Call a coroutine function and await the result, in a scope."""
    run_token = event_token = None
    try:  # binding again changes nothing, and the tokens know the context
        event_token = current_event.set(current_event.get()) if scope.has_event else None
        run_token = current_run.set(current_run.get()) if scope.has_run else None
        scope.begin()
        result = await function(*args, **kwargs)
        scope.end()
    except BaseException as error:
        penstock_run = current_run.get()  # noqa: F841 - for those who read the traceback
        scope.end(error)
        raise
    finally:  # whatever an interrupt has left out
        try:
            if event_token is not None:
                current_event.reset(event_token)
        except ValueError as error:
            ignore_foreign(error)
        finally:
            try:
                if run_token is not None:
                    current_run.reset(run_token)
            except ValueError as error:
                ignore_foreign(error)
    return result


class _PendingCoroutine:
    """A coroutine that another one will await; closed silently if its wrapper is never awaited."""

    __slots__ = ("__del__", "coroutine")

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine
        self.__del__ = (
            coroutine.close
        )  # not a method of ours: an interrupt is lost in it, for Python ignores all errors there


_coroutine_of = attrgetter("coroutine")


class _Begun:
    """A scope that was entered and left already."""

    __slots__ = ("begin", "end", "has_event", "has_run", "resume", "suspend")

    def __init__(self, scope: ContextBinding) -> None:
        self.has_run, self.has_event = scope.has_run, scope.has_event
        self.begin = self.resume = scope.resume
        self.suspend, self.end = scope.suspend, scope.end


def resume_coroutine(coroutine: Any, scope: ContextBinding) -> Any:
    """Return a coroutine that replaces one returned by a plain function and runs in the function's scope."""
    inner: Any = _Begun(scope)
    outer: Any = await_in(inner, _coroutine_of, (_PendingCoroutine(coroutine),), {})
    outer.__name__, outer.__qualname__ = coroutine.__name__, coroutine.__qualname__
    return outer


def resume_result(result: Any, scope: ContextBinding) -> Any:
    """Return a coroutine or generator that replaces a returned one and runs in the function's scope."""
    if type(result) is CoroutineType:
        return resume_coroutine(result, scope)
    inner: Any = _Begun(scope)
    outer: Any = (
        drive(result, inner) if type(result) is GeneratorType else async_generator(lambda: result, lambda: inner)()
    )
    outer.__name__, outer.__qualname__ = result.__name__, result.__qualname__
    return outer


def hold(generator: Any, scope_of: Callable[[], ContextBinding]) -> Any:
    """Return the generator of a context manager, in whose scope the block runs, too.

    contextlib resumes it at both ends of the block, in the context of the block.
    """
    return _hold(generator, scope_of) if type(generator) is GeneratorType else _hold_async(generator, scope_of)


@mark_as_wrapper
def _hold(generator: Any, scope_of: Callable[[], ContextBinding]) -> Any:
    run_token = event_token = None
    scope: Any = None
    resume, argument = generator.send, None
    try:  # as in `await_in`
        scope = scope_of()
        event_token = current_event.set(current_event.get()) if scope.has_event else None
        run_token = current_run.set(current_run.get()) if scope.has_run else None
        scope.begin()
        while True:
            item = resume(argument)
            scope.suspend()
            try:
                argument = yield item
                resume = generator.send
            except BaseException as error:
                resume, argument = generator.throw, error
            scope.resume()
    except StopIteration as stop:
        scope.end()
        return stop.value
    except BaseException as error:
        penstock_run = current_run.get()  # noqa: F841 - for those who read the traceback
        _end(scope, error)
        raise
    finally:
        argument = None
        _give_back(event_token, run_token)


@mark_as_wrapper
async def _hold_async(generator: Any, scope_of: Callable[[], ContextBinding]) -> Any:
    run_token = event_token = None
    scope: Any = None
    resume, argument = _first, generator
    try:
        scope = scope_of()
        event_token = current_event.set(current_event.get()) if scope.has_event else None
        run_token = current_run.set(current_run.get()) if scope.has_run else None
        scope.begin()
        while True:
            item = await resume(argument)
            scope.suspend()
            try:
                argument = yield item
                resume = generator.asend
            except BaseException as error:
                resume, argument = generator.athrow, error
            scope.resume()
    except StopAsyncIteration:
        scope.end()
    except BaseException as error:
        penstock_run = current_run.get()  # noqa: F841 - for those who read the traceback
        _end(scope, error)
        raise
    finally:
        argument = None
        _give_back(event_token, run_token)


def _end(scope: ContextBinding | None, error: BaseException) -> None:
    """End the scope of a block, if it has begun; closing is not an error."""
    if scope is not None:
        scope.end(None if type(error) is GeneratorExit else error)


def _give_back(event_token: Any, run_token: Any) -> None:
    """Restore the bindings from before two tokens were created."""
    try:
        if event_token is not None:
            restore(current_event, event_token)
    finally:
        if run_token is not None:
            restore(current_run, run_token)
