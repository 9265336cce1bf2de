"""Wraps a callable and its mark in an object that replaces the callable."""

from __future__ import annotations

import sys
from functools import partial, update_wrapper
from types import MethodType

from penstock._callables.kinds import CO_OPTIMIZED
from penstock._callables.proxies import ATTRIBUTE, proxy_of
from penstock._callables.unwrap import is_routine, underlying
from penstock._declare.marks import add_mark, marks_on
from penstock._runtime.wrappers import wrapper_for
from penstock._util.call_site import calling_frame
from penstock.errors import DeclarationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from penstock._declare.marks import StepMark


def wrap(target: Any, mark: StepMark) -> Any:
    """Return ``target`` with the mark on it: an equivalent function, or the same class.

    Static and class methods keep their type, so both orders of decorators work. Classes stay as they
    are, and calls of them are not observed. Other callable objects come back behind a proxy.
    """
    kind = type(target)
    if issubclass(kind, (staticmethod, classmethod)):
        return kind(wrap(target.__func__, mark))
    groups = add_mark(marks_on(target), mark)
    if issubclass(kind, type):
        return _marked_class(target, mark, groups)
    if kind.__module__ == "functools" and kind.__name__ == "partialmethod":
        return kind(wrap(target.func, mark), *target.args, **target.keywords)
    if not is_routine(underlying(target)) and not _is_cache(kind):
        return proxy_of(target, partial(wrapper_for, mark=mark), groups)
    call = wrapper_for(target, mark)
    update_wrapper(call, target)
    if _is_cache(kind):
        call.cache_info, call.cache_clear = target.cache_info, target.cache_clear
    elif kind.__module__ == "functools":  # partials have no names of their own
        call.__module__, call.__qualname__ = mark.key
        call.__name__ = mark.key[1].rpartition(".")[2]
    setattr(call, ATTRIBUTE, groups)
    return staticmethod(call) if _stays_unbound(kind) else call


def _is_cache(kind: type) -> bool:
    """Return whether instances of a class are functions with a cache, which need three attributes treated apart."""
    return kind.__module__ == "functools" and kind.__name__ == "_lru_cache_wrapper"


def _stays_unbound(kind: type) -> bool:
    """Return whether an object would not become a method of the class being defined, although its wrapper would."""
    is_partial = issubclass(kind, partial) and sys.version_info < (3, 14)  # in 3.13 it has a method that only warns
    if hasattr(kind, "__get__") and kind is not MethodType and not is_partial:
        return False
    frame = calling_frame()
    return not frame.f_code.co_flags & CO_OPTIMIZED and {"__module__", "__qualname__"} <= frame.f_locals.keys()


def _marked_class(target: Any, mark: StepMark, groups: list[list[StepMark]]) -> Any:
    if mark.flows:  # the mark need not be found again, and foreign code stays unchanged
        return target
    try:
        setattr(target, ATTRIBUTE, groups)
    except (AttributeError, TypeError):
        file, line = mark.declared
        raise DeclarationError(
            f"{file}:{line}: {target.__qualname__} takes no mark. Declare it from outside: flow(…).step(…)({target.__name__})"
        ) from None
    return target
