"""Looks at objects that exist since the import, without waking any: no attribute of a lazy one is ever asked for."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from penstock._marks import marks_on, underlying
from penstock._proxies import CallableProxy
from penstock._tasks import task_kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = object()
_BARE = frozenset(
    map(id, (str, int, bool, bytes, float, type(None), BuiltinFunctionType, ModuleType, dict, list, tuple, set))
)
"""Classes by their identity: the hash of one may be code of the application's."""
_FURTHER = 20
"""How many decorators are taken off at most."""


def layers(thing: Any) -> Iterator[Any]:
    """Yield a callable, then what is below each of its decorations."""
    for _ in range(_FURTHER):
        yield thing
        below = _below(thing)
        if below is NOTHING:
            return
        thing = below


def _below(thing: Any) -> Any:  # noqa: PLR0911 - one for each kind of decoration
    kind = type(thing)
    if kind is FunctionType:
        return thing.__dict__.get("__wrapped__", NOTHING)
    if id(kind) not in _BARE and (task := task_kind_of(thing)):
        return raw(thing, task.function)
    if id(kind) in _BARE or not _is_callable(kind):
        return NOTHING
    if issubclass(kind, CallableProxy):
        return object.__getattribute__(thing, "__wrapped__")
    if kind.__module__ == "celery.local":
        return _behind_celery(thing)
    if issubclass(kind, type):
        return NOTHING
    function = underlying(thing) if not issubclass(kind, functools.partial) else thing
    if function is not thing:
        return function
    return peek(thing, "__wrapped__")


_callable_kinds: dict[int, tuple[type, bool]] = {}


def _is_callable(kind: type) -> bool:
    """Tell whether instances of a class can be called, are descriptors or proxies: all that may be decorated."""
    if id(kind) not in _callable_kinds:
        known = {name for base in kind.__mro__ for name in base.__dict__}
        _callable_kinds[id(kind)] = kind, not known.isdisjoint(("__call__", "__get__", "__wrapped__"))
    return _callable_kinds[id(kind)][1]


def _behind_celery(proxy: Any) -> Any:
    """Return the function of a task that is not made yet: to ask the proxy for anything would make it."""
    made = raw(proxy, "__thing")
    if made is not NOTHING:
        return made
    given = raw(proxy, "_Proxy__args")
    if type(given) is tuple and given and callable_type(given[0]):
        return given[0]
    return next((cell for cell in cells(raw(proxy, "_Proxy__local")) if callable_type(cell)), NOTHING)


def is_bound_task(proxy: Any) -> bool:
    """Tell whether a Celery task gets itself as its first argument."""
    for thing in layers(proxy):
        if type(thing).__module__ == "celery.local":
            options = raw(thing, "_Proxy__kwargs") or {}
            held = [options, *cells(raw(thing, "_Proxy__local"))]
            if any(type(each) is dict and each.get("bind") is True for each in held):
                return True
        elif isinstance(inspect.getattr_static(type(thing), "run", None), FunctionType) and is_task(thing):
            return "_decorated" in vars(type(thing))
    return False


def is_task(thing: Any) -> bool:
    """Tell whether an object is a task of Celery's, made or not."""
    kind = type(thing)
    names = [base.__module__ for base in kind.__mro__]
    return kind.__module__ == "celery.local" or "celery.app.task" in names


def raw(thing: Any, name: str) -> Any:
    """Return what an object itself holds under a name, whatever its class makes of attributes."""
    try:
        return object.__getattribute__(thing, name)
    except AttributeError:
        return NOTHING


def cells(function: Any) -> Iterator[Any]:
    """Yield what a function's closure holds."""
    for cell in (function.__closure__ or ()) if type(function) is FunctionType else ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def callable_type(thing: Any) -> bool:
    """Tell whether an object is a function, or one behind a proxy of ours."""
    return issubclass(type(thing), (FunctionType, CallableProxy, staticmethod, MethodType))


def peek(thing: Any, name: str) -> Any:
    """Return an attribute as it stands there, or ``NOTHING``; descriptors are not asked."""
    try:
        return inspect.getattr_static(thing, name, NOTHING)
    except Exception:  # since Python 3.12, inspect compares classes, and a metaclass may refuse that
        return _found(thing, name)


def _found(thing: Any, name: str) -> Any:
    """Return what an object or one of its classes holds under a name, or ``NOTHING``."""
    is_class = issubclass(type(thing), type)
    classes = type.__dict__["__mro__"].__get__(thing if is_class else type(thing))
    own = () if is_class else (raw(thing, "__dict__"),)
    parts = (*own, *(type.__getattribute__(each, "__dict__") for each in classes))
    held = [part for part in parts if isinstance(part, Mapping) and name in part]
    return held[0][name] if held else NOTHING


def held_by(module: ModuleType) -> dict[str, Any]:
    """Return what a module holds; a lazy one would load itself if it were asked in any other way."""
    held = raw(module, "__dict__")
    return held if isinstance(held, dict) else {}


def by_name(full: str) -> Any:
    """Return what an import of this name would give, if it is loaded, or ``NOTHING``."""
    module = sys.modules.get(full)
    if module is not None:
        return module
    outer, _, name = full.rpartition(".")
    if not outer:
        return NOTHING
    parent = by_name(outer)
    if parent is NOTHING:
        return NOTHING
    return held_by(parent).get(name, NOTHING) if isinstance(parent, ModuleType) else peek(parent, name)


def is_module(thing: Any) -> bool:
    """Tell whether an object is a module."""
    return issubclass(type(thing), ModuleType)


def entries(thing: Any) -> dict[Any, Any] | None:
    """Return what a mapping holds, copied without asking its class, or ``None`` if it is none."""
    kind = type(thing)
    if kind is MappingProxyType:
        return dict(thing) if len(thing) < 1000 else {}
    if issubclass(kind, dict):
        return dict(dict.items(thing)) if dict.__len__(thing) < 1000 else {}
    return None


def elements(thing: Any) -> list[Any] | None:
    """Return what a list, tuple or set holds, copied without asking its class, or ``None`` if it is none."""
    kind = type(thing)
    for known in (list, tuple, set, frozenset):
        if issubclass(kind, known):
            return list(known.__iter__(thing))[:64]
    return None


def full_name(thing: Any) -> str:
    """Return module and qualified name of a function or class, or an empty string."""
    if not issubclass(type(thing), (FunctionType, BuiltinFunctionType, type)):
        return ""
    module = type.__getattribute__(thing, "__module__") if isinstance(thing, type) else thing.__module__
    return f"{module}.{thing.__qualname__}"


def implementations(thing: Any) -> list[Any]:
    """Return the functions that ``functools.singledispatch`` chooses from."""
    registry = peek(thing, "registry") if type(thing) is FunctionType else NOTHING
    if type(registry) is not MappingProxyType or thing.__globals__.get("__name__") != "functools":
        return []
    return list({id(each): each for each in registry.values()}.values())


def bottoms(thing: Any) -> Iterator[Any]:
    """Yield what is below all decorations of a callable: the function, or all that ``singledispatch`` chooses from.

    Those that are steps of their own are left out.
    """
    every = list(layers(thing))
    yield every[-1]
    for each in every:
        yield from (list(layers(chosen))[-1] for chosen in implementations(each) if not marks_on(chosen))
