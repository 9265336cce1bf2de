"""What stands in the place of callable objects that are no functions, with the marks on it."""

from __future__ import annotations

import sys
from types import MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from penstock._marks import Mark

    P = TypeVar("P")

ATTRIBUTE = "__penstock__"


def own_name(target: Any) -> str | None:
    name = getattr(target, "__qualname__", None) or getattr(target, "__name__", None)
    return name if isinstance(name, str) else None


class _Told(str):
    """A text about a proxy's class; asked of a proxy, what the object behind it says of itself."""

    __slots__ = ("attribute",)
    attribute: str

    def __get__(self, proxy: Any, owner: Any = None) -> Any:
        return self if proxy is None else getattr(proxy.__wrapped__, self.attribute)


def _transparent(proxy: type[P]) -> type[P]:
    """Let proxies of a class answer with the object's documentation and module, not with the class's."""
    for attribute in ("__doc__", "__module__"):
        told = _Told(getattr(proxy, attribute))
        told.attribute = attribute
        setattr(proxy, attribute, told)
    return proxy


@_transparent
class CallableProxy:
    """A callable object with a mark: calls go through the wrapper, everything else to the object itself."""

    __slots__ = ("__penstock__", "__weakref__", "__wrapped__", "_call")

    def __init__(self, target: Any, call: Any, groups: list[list[Mark]]) -> None:
        for name, value in (("__wrapped__", target), ("_call", call), (ATTRIBUTE, groups)):
            object.__setattr__(self, name, value)

    @staticmethod
    def marks_of(proxy: Any) -> list[list[Mark]]:
        """Return the proxy's own groups of marks."""
        groups: list[list[Mark]] = proxy.__penstock__
        return groups

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__wrapped__, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__wrapped__, name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # so that isinstance() sees the object
        return self.__wrapped__.__class__

    @property
    def __dict__(self) -> Any:  # type: ignore[override] # from here functools.wraps takes the marks along
        return {**getattr(self.__wrapped__, "__dict__", {}), ATTRIBUTE: self.__penstock__}

    def __copy__(self) -> Any:
        from copy import copy  # noqa: PLC0415 - importing penstock must stay cheap

        return copy(self.__wrapped__)

    def __reduce__(self) -> Any:
        if (name := _global_name(self)) is not None:
            return name  # as a function with a cache is pickled, which is found where it stands
        return _same, (self.__wrapped__,)  # unpickled elsewhere, it is the plain callable again

    def __repr__(self) -> str:
        return f"<penstock step over {self.__wrapped__!r}>"


@_transparent
class CoroutineProxy(CallableProxy):
    """A proxy of an object with an ``async def __call__``, which frameworks look at before they call."""

    __slots__ = ()

    async def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return await self._call(*args, **kwargs)


@_transparent
class MethodProxy(CallableProxy):
    """A proxy of an object that becomes a method in a class, such as a function with a cache.

    Args:
        again: Wraps what the object makes of itself when it is bound; ``None`` where it is bound as functions are.
    """

    __slots__ = ("_again",)

    def __init__(self, target: Any, call: Any, groups: list[list[Mark]], again: Any) -> None:
        super().__init__(target, call, groups)
        object.__setattr__(self, "_again", again)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if self._again is None:
            return self if instance is None else MethodType(self, instance)
        target = self.__wrapped__
        bound = type(target).__get__(target, instance, owner)
        if bound is target:
            return self
        if type(bound) is MethodType and bound.__func__ is target:
            return MethodType(self, bound.__self__)
        return CallableProxy(bound, self._again(bound), self.__penstock__)  # as objects of wrapt bind themselves


def _same(target: Any) -> Any:
    return target


def _global_name(proxy: CallableProxy) -> str | None:
    """Return the name by which a proxy is found in the module of its object; ``None`` where it is not."""
    name = own_name(proxy)
    found: Any = sys.modules.get(str(proxy.__module__))
    for part in (name or "").split("."):
        found = getattr(found, part, None)
    return name if found is proxy else None
