"""Wraps the four kinds of callable.

With no observer a step costs one plain wrapper. An entrypoint binds its run to the context variable, and restores
the outer value on every way out. Everything else is done by a scope (see :mod:`penstock._runtime.scope`).

The name ``penstock_run`` of a local variable is read elsewhere: an exception that leaves a wrapper keeps the frame in its
traceback, where the run is found when the exception is logged (see :mod:`penstock._runtime.tracebacks`).
"""

from __future__ import annotations

from types import CellType, CoroutineType, FunctionType, GeneratorType, coroutine

from penstock._callables.kinds import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, flags_of
from penstock._callables.unwrap import below, is_routine, underlying
from penstock._runtime.context import KEEP, ContextBinding, current_event, current_run
from penstock._runtime.generators import ASYNC_CELLS, LAZY, await_in, drive, resume_result
from penstock._runtime.runs import Run
from penstock._runtime.scope import CallScope, Joined, join, new_nested_run, new_run, open_scope, watching
from penstock._runtime.wrapper_templates import (
    ASYNC_GENERATOR,
    COROUTINE,
    COROUTINE_ENTRYPOINT,
    ENTRYPOINT,
    FILE,
    GENERATOR,
    MANAGER,
    STEP,
    make_wrapper,
    mark_as_wrapper,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from penstock._declare.marks import StepMark


_MOST_DECORATORS = 100
_MANAGER_MAKERS = ("contextmanager.<locals>.helper", "asynccontextmanager.<locals>.helper")


def wrapper_for(target: Any, mark: StepMark, *, given: bool = False) -> Any:
    """Return the function that replaces a callable: of the same kind, starting runs, notifying observers.

    Args:
        target: The callable.
        mark: The declaration.
        given: Whether the callable is the wrapper's first argument, which is like ``target``.
    """
    flags = flags_of(target)
    makes_managers = _makes_managers(target)
    template = MANAGER if makes_managers else _template_for(mark, flags)
    cells = {
        **_CELLS,
        "opened": CellType(_manager_opener() if makes_managers else None),
        "target": CellType(target),
        "mark": CellType(mark),
    }
    cells |= {"starts": CellType(mark.entrypoint), "inherit": CellType(mark.inherit)}
    cells["begin"] = CellType(new_run if mark.inherit else new_nested_run)
    cells["lazy"] = CellType(LAZY if _may_return_a_generator(target) else (CoroutineType,))
    cells["__class__"] = next(_class_cells(target), None) or CellType(None)
    wrapper = make_wrapper(template, None if given else target, _home_of(target), cells)
    return coroutine(wrapper) if flags & CO_ITERABLE_COROUTINE else wrapper


def _home_of(target: Any) -> dict[str, Any]:
    """Return the globals of the function that a callable calls, in which frameworks resolve its annotations."""
    return next((layer.__globals__ for layer in _layers(target) if type(layer) is FunctionType), globals())


def _template_for(mark: StepMark, flags: int) -> str:
    if flags & CO_COROUTINE:
        return COROUTINE_ENTRYPOINT if mark.entrypoint else COROUTINE
    if flags & CO_ASYNC_GENERATOR:
        return ASYNC_GENERATOR
    if flags & (CO_GENERATOR | CO_ITERABLE_COROUTINE):
        return GENERATOR
    return ENTRYPOINT if mark.entrypoint else STEP


def _may_return_a_generator(target: Any) -> bool:
    """Return whether a plain function is a decorator's and wraps a generator function; or whether it is an object."""
    *_, last = _layers(target)
    if not is_routine(underlying(target)):
        return True
    return last is not target and bool(flags_of(last) & (CO_GENERATOR | CO_ASYNC_GENERATOR))


def _makes_managers(target: Any) -> bool:
    """Return whether contextlib made a function, possibly below other marks, from a generator function."""
    function = underlying(target)
    while type(function) is FunctionType and function.__code__.co_filename == FILE:
        function = underlying(function.__dict__.get("__wrapped__"))
    if type(function) is not FunctionType or function.__globals__.get("__name__") != "contextlib":
        return False
    return function.__code__.co_qualname in _MANAGER_MAKERS


def _manager_opener() -> Any:
    """Return the opener of a context manager; it needs contextlib, which is loaded if one was made."""
    from penstock._runtime.context_managers import open_manager  # noqa: PLC0415 - importing penstock must stay cheap

    return open_manager


def _layers(target: Any) -> Iterator[Any]:
    """Yield a callable, then the object below each of its decorations."""
    for _ in range(_MOST_DECORATORS):
        target = underlying(target)
        yield target
        target = below(target)
        if target is None:
            return


def _class_cells(target: Any) -> Iterator[CellType]:
    """Yield the cells in which functions below find the class that defines them."""
    for function in _layers(target):
        if type(function) is FunctionType and "__class__" in function.__code__.co_freevars:
            yield (function.__closure__ or ())[function.__code__.co_freevars.index("__class__")]


def _generator_scope(mark: StepMark) -> CallScope:
    """Return the scope of a generator."""
    return open_scope(mark, True, Joined if mark.entrypoint else CallScope)


@mark_as_wrapper
def _call_observed(target: Any, mark: StepMark, args: Any, kwargs: Any, lazy: Collection[type]) -> Any:
    """Call a function; a lazy result runs in the function's scope."""
    run, event = current_run.get(), current_event.get()
    scope = open_scope(mark)
    has_run = scope.run is not KEEP
    try:
        scope.begin()
        result = target(*args, **kwargs)
        if type(result) in lazy and _is_new(result):
            scope.suspend()
            return resume_result(result, scope)
        scope.end()
    except BaseException as error:
        penstock_run = current_run.get()  # noqa: F841 - for those who read the traceback
        scope.end(error)
        raise
    finally:  # also clears up after an interrupt
        try:
            current_event.set(event)
        finally:
            if has_run:
                current_run.set(run)
    return result


def _go_on(result: Any, run: Run) -> tuple[Any, Run]:
    """Let a coroutine or generator that was returned go on in the run of the call that returned it.

    Returns:
        The replacement, and the run that ends with the call: another one if this run goes on.
    """
    if not _is_new(result):
        return result, run
    return resume_result(result, _Lasting(current_run.get(), run)), Run(None)


class _Lasting(ContextBinding):
    """A run that lasts until its entrypoint's result has ended."""

    __slots__ = ("_started",)

    def __init__(self, run: Run | None, started: Run) -> None:
        super().__init__(run)
        self._started = started

    def end(self, error: BaseException | None = None) -> None:
        """End the run."""
        super().end(error)
        self._started.joinable = None


def _is_new(result: Any) -> bool:
    """Return whether a coroutine or generator has not run yet; otherwise it belongs to other code."""
    return type(result) is not GeneratorType or not result.gi_suspended


_CELLS = ASYNC_CELLS | {
    name: CellType(value)
    for name, value in {
        "observers": watching,
        "observed": _call_observed,
        "scope": open_scope,
        "resumed": _generator_scope,
        "drive": drive,
        "await_in": await_in,
        "join": join,
        "go_on": _go_on,
    }.items()
}
"""The common part of all marks' wrappers."""
