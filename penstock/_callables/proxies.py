"""Proxies for callable objects other than functions, with the marks on them."""

from __future__ import annotations

import sys
from types import MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    P = TypeVar("P")

ATTRIBUTE = "__penstock__"


def own_name(target: Any) -> str | None:
    """Return the qualified name of a callable, else its plain name, or ``None`` if it has neither."""
    name = getattr(target, "__qualname__", None) or getattr(target, "__name__", None)
    return name if isinstance(name, str) else None


class _ForwardedAttribute(str):
    """A text about a proxy's class; read through a proxy, it is that of the wrapped object."""

    __slots__ = ("attribute",)
    attribute: str

    def __get__(self, proxy: Any, owner: Any = None) -> Any:
        return self if proxy is None else getattr(proxy.__wrapped__, self.attribute)


def _transparent(proxy: type[P]) -> type[P]:
    """Let proxies of a class return the wrapped object's documentation and module, not those of the class."""
    for attribute in ("__doc__", "__module__"):
        forwarder = _ForwardedAttribute(getattr(proxy, attribute))
        forwarder.attribute = attribute
        setattr(proxy, attribute, forwarder)
    return proxy


@_transparent
class CallableProxy:
    """A callable object with a mark: calls go through the wrapper, everything else to the object itself.

    What Python looks up in the class of an object, such as the methods behind operators, is in a subclass that is made
    for each set of such names (see :func:`proxy_of`).
    """

    # A proxy is called by its own slot, so that frameworks which look at __call__ see the wrapper, of its kind.
    __slots__ = ("__call__", "__penstock__", "__weakref__", "__wrapped__", "_again")

    @staticmethod
    def marks_of(proxy: Any) -> list[list[Any]]:
        """Return the proxy's own groups of marks."""
        groups: list[list[Any]] = proxy.__penstock__
        return groups

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

    def __dir__(self) -> Any:
        return dir(self.__wrapped__)

    def __copy__(self) -> Any:
        from copy import copy  # noqa: PLC0415 - importing penstock must stay cheap

        return self._around(copy(self.__wrapped__))

    def __deepcopy__(self, memo: Any) -> Any:
        from copy import deepcopy  # noqa: PLC0415 - importing penstock must stay cheap

        return self._around(deepcopy(self.__wrapped__, memo))

    def _around(self, twin: Any) -> Any:
        """Return a proxy of a copy, which is the same step; a function with a cache is its own copy."""
        return self if twin is self.__wrapped__ else proxy_of(twin, self._again, self.__penstock__)

    def __reduce__(self) -> Any:
        if (name := _global_name(self)) is not None:
            return name  # pickled by name, like a function with a cache
        return _same, (self.__wrapped__,)  # unpickled elsewhere, it is the plain callable again

    def __repr__(self) -> str:
        return f"<penstock step over {self.__wrapped__!r}>"

    def __str__(self) -> str:
        return str(self.__wrapped__)


@_transparent
class MethodProxy(CallableProxy):
    """A proxy of an object that becomes a method, or another object, in a class."""

    __slots__ = ("_method",)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        target, bind, kind, proxy, wrapper = _get_method(self)
        bound_callable = bind(target, instance, owner)
        if bound_callable is target:
            return self
        if type(bound_callable) is not kind:
            if type(bound_callable) is MethodType and bound_callable.__func__ is target:
                return MethodType(self, bound_callable.__self__)  # type: ignore[arg-type]
            if not callable(bound_callable):
                return bound_callable
            *_, proxy, wrapper = self._learn(bound_callable)
        method = _new(proxy)
        _set_call(method, MethodType(wrapper, bound_callable))
        return method

    def _learn(self, bound_callable: Any) -> tuple[Any, ...]:
        """Cache and return the facts about the bound object: its class, its proxy class, and its wrapper."""
        kind, again = type(bound_callable), staticmethod(self._again)
        space = {**_space(BoundProxy), ATTRIBUTE: self.__penstock__, "_again": again}
        proxy = type(BoundProxy.__name__, (_class_for(kind, BoundProxy),), space)
        method = (*_get_method(self)[:2], kind, proxy, self._again(bound_callable, given=True))
        _set_method(self, method)
        return method


@_transparent
class BoundProxy(CallableProxy):
    """A proxy of a bound object. One is created for each call, so it holds as little as possible."""

    __slots__ = ()

    @property
    def __wrapped__(self) -> Any:
        return self.__call__.__self__


_new: Any = object.__new__
_slots: dict[str, Any] = {**vars(CallableProxy), **vars(MethodProxy)}
_set_call = _slots["__call__"].__set__
_set_groups = _slots[ATTRIBUTE].__set__
_set_wrapped = _slots["__wrapped__"].__set__
_set_again = _slots["_again"].__set__
_get_method, _set_method = _slots["_method"].__get__, _slots["_method"].__set__


def proxy_of(target: Any, again: Callable[..., Any], groups: list[list[Any]]) -> CallableProxy:
    """Return a proxy of a callable object.

    Args:
        target: The object.
        again: Returns the wrapper that calls an object, or one that calls its first argument, which is like the object.
        groups: The marks.
    """
    kind = type(target)
    bind = getattr(kind, "__get__", None)
    proxy: CallableProxy = _new(_class_for(kind, CallableProxy if bind is None else MethodProxy))
    if bind is not None:
        _set_method(proxy, (target, bind, None, None, None))
    _set_wrapped(proxy, target)
    _set_call(proxy, again(target))
    _set_groups(proxy, groups)
    _set_again(proxy, again)
    return proxy


_classes: dict[tuple[type, tuple[tuple[str, bool], ...]], type] = {}


def _class_for(kind: type, base: type) -> type:
    """Return the proxy class for a class of objects; classes with the same special methods share it."""
    names = tuple(sorted(_special_names(kind)))
    if (base, names) not in _classes:
        methods = {name: None if is_none else _forward(name) for name, is_none in names}
        _classes[base, names] = type(base.__name__, (base,), {**_space(base), **methods})
    return _classes[base, names]


def _space(base: type) -> dict[str, Any]:
    """Return the initial namespace of each subclass of a proxy class."""
    return {"__slots__": (), "__doc__": vars(base)["__doc__"], "__module__": vars(base)["__module__"]}


def _special_names(kind: type) -> set[tuple[str, bool]]:
    """Return the names in a class that Python or a library may look up, and whether each is ``None``."""
    attributes: dict[str, Any] = {}
    for owner in kind.__mro__[-2::-1]:
        attributes.update(vars(owner))
    return {
        (name, value is None)
        for name, value in attributes.items()
        if name[:2] == name[-2:] == "__" and name not in _OWN and (value is None or _is_method(value))
    }


def _is_method(value: Any) -> bool:
    kind = type(value)
    return callable(value) or (hasattr(kind, "__get__") and not hasattr(kind, "__set__"))


_OWN = {
    *("__new__", "__init__", "__init_subclass__", "__subclasshook__", "__class_getitem__", "__del__", "__get__"),
    *(
        "__getattribute__",
        "__getattr__",
        "__setattr__",
        "__delattr__",
        "__class__",
        "__dict__",
        "__weakref__",
        "__slots__",
    ),
    *("__module__", "__qualname__", "__name__", "__doc__", "__annotations__", "__annotate__", "__annotate_func__"),
    *("__call__", "__repr__", "__str__", "__dir__", "__wrapped__", ATTRIBUTE, "__isabstractmethod__"),
    *("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"),
    *("__getnewargs__", "__getnewargs_ex__"),
}
"""Attributes of the proxies themselves, or attributes not looked up in an object's class."""

_NUMERIC = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split()  # noqa: SIM905 - reads best
_OPERATORS = {
    *(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge")),
    *(f"__{side}{name}__" for name in _NUMERIC for side in ("", "r", "i")),
}
"""Methods whose argument may itself be a proxy, which the object's class would not know."""


def _forward(name: str) -> Callable[..., Any]:
    """Return a proxy method that calls the object's method; if that returns the object, it returns the proxy."""

    def forward(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call the object's method and return its result, or the proxy where the result is the object."""
        target = self.__wrapped__
        operands = map(_behind, args) if name in _OPERATORS else args
        result = _special_method(target, name)(*operands, **kwargs)
        return self if result is target else result

    async def forward_awaited(self: Any, /) -> Any:
        """Await the object's method and return its result, or the proxy where the result is the object."""
        target = self.__wrapped__
        result = await _special_method(target, name)()
        return self if result is target else result

    method: Callable[..., Any] = forward_awaited if name == "__aenter__" else forward
    method.__name__ = name
    return method


def _behind(value: Any) -> Any:
    while issubclass(type(value), CallableProxy):
        value = value.__wrapped__
    return value


def _special_method(target: Any, name: str) -> Any:
    """Return a method as Python looks it up for operators: in the class, regardless of instance attributes."""
    kind = type(target)
    method = next(vars(owner)[name] for owner in kind.__mro__ if name in vars(owner))
    bind = getattr(type(method), "__get__", None)
    return method if bind is None else bind(method, target, kind)


def _same(target: Any) -> Any:
    return target


def _global_name(proxy: CallableProxy) -> str | None:
    """Return the name by which a proxy is found in its object's module, or ``None``."""
    name = own_name(proxy)
    value: Any = sys.modules.get(str(proxy.__module__))
    for part in (name or "").split("."):
        value = getattr(value, part, None)
    return name if value is proxy else None
