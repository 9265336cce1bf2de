"""Wraps functions of libraries, so that each call reports what it touches before it begins."""

from __future__ import annotations

import inspect
from contextlib import nullcontext, suppress
from functools import wraps
from inspect import CO_VARARGS, iscoroutinefunction
from typing import TYPE_CHECKING, Any

from penstock._recording.effects.run_triggers import receive_work, surround_work
from penstock.effects.rows import Touch, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from types import FunctionType

    from penstock.effects.rows import LibraryFunction, Reader

    Report = Callable[[Iterable[Touch]], object]
    Prepare = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[None]]


def wrap_function(function: FunctionType, row: LibraryFunction, report: Report) -> Any:
    """Return a function that reports the touches of each call, and is of the same kind.

    Args:
        function: The function; one that decorators of the standard library have made takes the arguments of the inner one.
        row: Its row in the table.
        report: Called with the touches of a call.
    """
    prepare, needs = _make_preparation(function, row, report), row.needs

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        """Report the call, then make it."""
        __tracebackhide__ = True
        if needs and args and not getattr(args[0], needs, True):
            return function(*args, **kwargs)
        with prepare(args, kwargs):
            return function(*args, **kwargs)

    @wraps(function)
    async def call_later(*args: Any, **kwargs: Any) -> Any:
        """Report the call, then make it."""
        __tracebackhide__ = True
        with prepare(args, kwargs):
            return await function(*args, **kwargs)

    return call_later if iscoroutinefunction(function) else call


def _make_preparation(function: FunctionType, row: LibraryFunction, report: Report) -> Prepare:
    """Return a function that reports a call, and returns the context in which the call is to run."""
    bind = _make_binding(inspect.unwrap(function))
    nothing = nullcontext()

    def prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> AbstractContextManager[None]:
        """Report a call with these arguments."""
        arguments = bind(args, kwargs)
        if row.surrounds:
            return surround_work(row.read, arguments)
        report_notes(row.read, arguments, report)
        return nothing

    return prepare


def report_notes(read: Reader, arguments: dict[str, Any], report: Report) -> None:
    """Report what a call touches; what it starts, is what starts work from here on."""
    with suppress(Exception):  # objects of libraries are read, which may be of any version
        notes = tuple(read(arguments))
        report([note for note in notes if isinstance(note, Touch)])
        for note in notes:
            if isinstance(note, Trigger):
                receive_work(note)


def _make_binding(function: Any) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]:
    """Return a function that names the arguments of a call, as those of a running function are named.

    A call that does not fit is the function's to complain of.
    """
    code = function.__code__
    names = code.co_varnames
    count = code.co_argcount
    positional = names[:count]
    rest = names[count + code.co_kwonlyargcount] if code.co_flags & CO_VARARGS else ""
    defaults = function.__defaults__ or ()
    usual_values = {
        **dict(zip(positional[count - len(defaults) :], defaults, strict=True)),
        **(function.__kwdefaults__ or {}),
    }

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name."""
        arguments = {**usual_values, **dict(zip(positional, args, strict=False)), **kwargs}
        if rest:
            arguments[rest] = args[count:]
        return arguments

    return bind
