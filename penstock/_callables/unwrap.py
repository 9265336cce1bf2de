"""What is below a callable: partials, methods, properties, decorators and tasks."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, MethodType

from penstock._callables.proxies import CallableProxy, own_name
from penstock._callables.task_objects import function_of_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


CALLABLE_TYPES = (FunctionType, BuiltinFunctionType, MethodType, type)


def is_routine(target: Any) -> bool:
    """Return whether an object is a class, a method or a function, including those compiled by Cython and mypyc."""
    kind = type(target)
    return issubclass(kind, CALLABLE_TYPES) or hasattr(kind, "__code__")


def underlying(target: Any) -> Any:
    """Return the function that a partial, a property, a bound, static or class method finally calls."""
    while True:
        kind = type(target)
        if issubclass(kind, (staticmethod, classmethod, MethodType)):
            target = target.__func__
        elif kind is property:
            target = target.fget
        elif kind.__module__ == "functools" and kind.__name__ in ("partial", "partialmethod", "cached_property"):
            target = target.func
        else:
            return target


def below(function: Any) -> Any:
    """Return the object wrapped by a decorator's function or object, or ``None``; lazy objects are not woken."""
    kind = type(function)
    if kind is FunctionType:
        return function.__dict__.get("__wrapped__")
    if issubclass(kind, CallableProxy) or any(_is_of_wrapt(owner) for owner in kind.__mro__):
        return function.__wrapped__
    own = next((vars(owner)["__dict__"] for owner in kind.__mro__ if "__dict__" in vars(owner)), None)
    if type(own) is not GetSetDescriptorType:  # none at all, or a substitute in a lazy object
        return None
    return own.__get__(function).get("__wrapped__")


def _is_of_wrapt(kind: type) -> bool:
    """Return whether a class is that of wrapt's functions, not of lazy objects; the compiled one has no package."""
    return kind.__name__ in ("FunctionWrapper", "BoundFunctionWrapper") and kind.__module__ in (
        "_wrappers",
        "wrapt.wrappers",
    )


def identity(target: Any) -> tuple[str, str]:
    """Return module and qualified name of a callable, or of its class if it has none of its own."""
    target = underlying(target)
    qualname = own_name(target)
    if qualname is None:
        below = function_of_task(target)
        if below is not None:
            return identity(below)
        target = type(target)
        qualname = target.__qualname__
    return str(getattr(target, "__module__", None) or ""), qualname
