"""Wraps the four kinds of callable.

With no observer a step costs one plain wrapper. An entrypoint binds its run to the context variable, and on
every way out gives the variable its outer value back. All else is done by a scope (see :mod:`penstock._scope`).

Frameworks look annotations up in a function's globals, so a wrapper has those of what it wraps. It must therefore
find nothing there: all that it needs, builtins included, it holds in cells.
"""

from __future__ import annotations

from functools import partial
from types import CoroutineType, FunctionType, coroutine

from penstock._context import Binding, current_run, restore
from penstock._drive import LAZY, async_generator, awaited, continued, drive, lasting
from penstock._flags import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, flags_of
from penstock._marks import underlying
from penstock._scope import Joined, Scope, join, new_run, watching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from penstock._marks import Mark


_MOST_DECORATORS = 100


def wrapper_for(target: Any, mark: Mark) -> Any:
    """Return the function that takes the place of a callable: of the same kind, starting runs, telling observers."""
    flags = flags_of(target)
    if flags & CO_COROUTINE:
        wrapper = _coroutine(target, mark)
    elif flags & CO_ASYNC_GENERATOR:
        wrapper = async_generator(target, partial(_resumed, mark))
    elif flags & (CO_GENERATOR | CO_ITERABLE_COROUTINE):
        wrapper = _generator(target, mark)
    elif _is_over_a_generator(target):
        wrapper = _opening(target, mark) if _makes_managers(target) else _passing_on(target, mark)
    else:
        wrapper = _function(target, mark)
    wrapper = _at_home(wrapper, underlying(target))
    return coroutine(wrapper) if flags & CO_ITERABLE_COROUTINE else wrapper


def _at_home(wrapper: Any, function: Any) -> Any:
    """Return a wrapper with the globals of a function, where frameworks look for what its annotations name."""
    if type(function) is not FunctionType:
        return wrapper
    return FunctionType(wrapper.__code__, function.__globals__, closure=wrapper.__closure__)


def _is_over_a_generator(target: Any) -> bool:
    """Tell whether a plain function is a decorator's, and what stands below it makes generators."""
    function = underlying(target)
    for _ in range(_MOST_DECORATORS):
        if type(function) is not FunctionType or "__wrapped__" not in function.__dict__:
            break
        function = underlying(function.__dict__["__wrapped__"])
    return bool(flags_of(function) & (CO_GENERATOR | CO_ASYNC_GENERATOR))


def _makes_managers(target: Any) -> bool:
    """Return whether a function is what contextlib makes of one that makes generators."""
    function = underlying(target)
    return type(function) is FunctionType and function.__globals__.get("__name__") == "contextlib"


def _resumed(mark: Mark) -> Scope:
    """Return the scope of a generator."""
    return (Joined if mark.entrypoint else Scope)(mark, lazy=True)


# In each wrapper: somebody observes → the slow path; no run to start → the plain call; else bind the run.


def _function(target: Any, mark: Mark) -> Any:
    if mark.entrypoint:
        return _starting_function(target, mark)
    observers, observed = watching, _observed

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            return observed(target, mark, args, kwargs)
        return target(*args, **kwargs)

    return wrapper


def _starting_function(target: Any, mark: Mark) -> Any:
    observers, get, bind, reset = watching, current_run.get, current_run.set, current_run.reset
    inherit, begin, joins = mark.inherit, new_run, join
    observed, go_on, kind_of, coroutine_type = _observed, _go_on, type, CoroutineType

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            return observed(target, mark, args, kwargs)
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


def _observed(target: Any, mark: Mark, args: Any, kwargs: Any, lazy: Collection[type] = (CoroutineType,)) -> Any:
    """Call a function; if it returns something lazy, that goes on in the function's scope."""
    scope = Scope(mark)
    scope.begin()
    try:
        result = target(*args, **kwargs)
    except BaseException as error:
        scope.end(error)
        raise
    if type(result) in lazy:
        scope.suspend()
        return continued(result, scope)
    scope.end()
    return result


def _passing_on(target: Any, mark: Mark) -> Any:
    observers, starts, observed, lazy = watching, mark.entrypoint, _observed, LAZY

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not observers and not starts:
            return target(*args, **kwargs)
        return observed(target, mark, args, kwargs, lazy)

    return wrapper


def _opening(target: Any, mark: Mark) -> Any:
    observers, starts, scope_of, again, last = watching, mark.entrypoint, partial(Scope, mark), partial, lasting

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        manager = target(*args, **kwargs)
        manager._recreate_cm = again(wrapper, *args, **kwargs)  # used as a decorator, it makes one for each call
        if observers or starts:
            last(manager, scope_of)
        return manager

    return wrapper


def _go_on(result: Any) -> Any:
    """Let a coroutine that was returned go on in the run that is about to end."""
    return awaited(result, Binding(current_run.get()))


def _coroutine(target: Any, mark: Mark) -> Any:
    if mark.entrypoint:
        return _starting_coroutine(target, mark)
    observers, scope = watching, Scope

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            with scope(mark):
                return await target(*args, **kwargs)
        return await target(*args, **kwargs)

    return wrapper


def _starting_coroutine(target: Any, mark: Mark) -> Any:
    observers, get, bind, reset = watching, current_run.get, current_run.set, restore
    inherit, begin, joins = mark.inherit, new_run, join
    scope, variable = Scope, current_run

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if observers:
            with scope(mark):
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
    observers, starts, run_in, scope = watching, mark.entrypoint, drive, _resumed

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not observers and not starts:
            return (yield from target(*args, **kwargs))
        return (yield from run_in(target(*args, **kwargs), scope(mark)))

    return wrapper
