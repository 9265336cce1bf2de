"""Detects the kind of a callable: coroutine function, generator function or plain function."""

from __future__ import annotations

from types import CodeType

from penstock._callables.proxies import CallableProxy
from penstock._callables.unwrap import underlying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# the values of inspect.CO_*
CO_OPTIMIZED = 0x1
CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200


def flags_of(target: Any) -> int:
    """Return the code flags of the function that a call of ``target`` runs; they tell its kind."""
    function = underlying(target)
    while issubclass(type(function), CallableProxy):  # isinstance() would wake a lazy proxy
        function = underlying(function.__wrapped__)
    if not hasattr(type(function), "__code__"):  # compiled functions have one, too
        calls = (vars(owner)["__call__"] for owner in type(function).__mro__ if "__call__" in vars(owner))
        function = next(calls, None)
    code = getattr(function, "__code__", None)
    if type(code) is not CodeType:
        return 0
    if "_is_coroutine_mark" in getattr(function, "__dict__", {}):  # inspect.markcoroutinefunction
        return CO_COROUTINE
    return code.co_flags
