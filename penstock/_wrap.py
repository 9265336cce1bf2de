"""From a callable and its mark to what takes the callable's place."""

from __future__ import annotations

from functools import update_wrapper

from penstock._flags import CO_COROUTINE, flags_of
from penstock._marks import add_mark, is_routine, marks_on, underlying
from penstock._proxies import ATTRIBUTE, CallableProxy, CoroutineProxy, MethodProxy
from penstock._runtime import wrapper_for
from penstock.errors import DeclarationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from penstock._marks import Mark


def wrap(target: Any, mark: Mark) -> Any:
    """Return ``target`` with the mark on it: a function like the old one, or the same class.

    Static and class methods come back as what they were, so both orders of decorators work. Classes stay as they
    are and calls of them are not seen. Other callable objects come back behind a proxy.
    """
    kind = type(target)
    if issubclass(kind, (staticmethod, classmethod)):
        return kind(wrap(target.__func__, mark))
    groups = add_mark(marks_on(target), mark)
    if issubclass(kind, type):
        return _marked_class(target, mark, groups)
    if kind.__module__ == "functools" and kind.__name__ == "partialmethod":
        return kind(wrap(target.func, mark), *target.args, **target.keywords)
    call = wrapper_for(target, mark)
    if not is_routine(underlying(target)):
        return _proxy(target, mark, call, groups)
    update_wrapper(call, target)
    if kind.__module__ == "functools":  # partials have no names of their own
        call.__module__, call.__qualname__ = mark.key
        call.__name__ = mark.key[1].rpartition(".")[2]
    setattr(call, ATTRIBUTE, groups)
    return call


def _marked_class(target: Any, mark: Mark, groups: list[list[Mark]]) -> Any:
    if mark.flows:  # nobody needs to find the mark again, and code that is not ours stays as it is
        return target
    try:
        setattr(target, ATTRIBUTE, groups)
    except (AttributeError, TypeError):
        file, line = mark.declared
        raise DeclarationError(
            f"{file}:{line}: {target.__qualname__} takes no mark. Declare it from outside: flow(…).step(…)({target.__name__})"
        ) from None
    return target


def _proxy(target: Any, mark: Mark, call: Any, groups: list[list[Mark]]) -> CallableProxy:
    if flags_of(target) & CO_COROUTINE:
        return CoroutineProxy(target, call, groups)
    if hasattr(type(target), "__get__"):
        as_functions = type(target).__module__ == "functools"
        return MethodProxy(target, call, groups, None if as_functions else lambda bound: wrapper_for(bound, mark))
    return CallableProxy(target, call, groups)
