"""Inspects objects that exist since the import, without triggering attribute access on lazy ones."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from penstock._callables.proxies import CallableProxy
from penstock._callables.task_objects import task_kind_of
from penstock._callables.unwrap import underlying
from penstock._declare.marks import marks_on

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = object()
_BARE = frozenset(
    map(id, (str, int, bool, bytes, float, type(None), BuiltinFunctionType, ModuleType, dict, list, tuple, set))
)
"""Classes by their identity: the hash of one may be code of the application's."""
_FURTHER = 20
"""How many decorators are unwrapped at most."""
_MAX_SORTED = 1000
"""How many items of a set are sorted at most."""
_CONSTANTS = frozenset(map(id, (str, int, bool, bytes, float, type(None))))


def is_constant(thing: Any) -> bool:
    """Return whether an object is a text, a number or ``None``, without running code of its class."""
    return id(type(thing)) in _CONSTANTS


_HASHES: tuple[Any, ...] = (object.__hash__, str.__hash__, int.__hash__, type.__hash__)


def is_hashable(thing: Any) -> bool:
    """Return whether an object is hashable without code of its class, as texts, numbers, classes and functions are."""
    return type(thing).__hash__ in _HASHES or thing is None


def layers(thing: Any) -> Iterator[Any]:
    """Yield a callable, then the object below each of its decorators."""
    for _ in range(_FURTHER):
        yield thing
        inner_layer = _below(thing)
        if inner_layer is NOTHING:
            return
        thing = inner_layer


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
    """Return whether instances of a class may be decorated: they are callables, descriptors or proxies."""
    if id(kind) not in _callable_kinds:
        names = {name for base in kind.__mro__ for name in base.__dict__}
        _callable_kinds[id(kind)] = kind, not names.isdisjoint(("__call__", "__get__", "__wrapped__"))
    return _callable_kinds[id(kind)][1]


def _behind_celery(proxy: Any) -> Any:
    """Return the function of an unevaluated task; any access to the proxy would evaluate it."""
    task = raw(proxy, "__thing")
    if task is not NOTHING:
        return task
    arguments = raw(proxy, "_Proxy__args")
    if type(arguments) is tuple and arguments and callable_type(arguments[0]):
        return arguments[0]
    return next((cell for cell in cells(raw(proxy, "_Proxy__local")) if callable_type(cell)), NOTHING)


def is_bound_task(proxy: Any) -> bool:
    """Return whether a Celery task receives itself as its first argument."""
    for thing in layers(proxy):
        if type(thing).__module__ == "celery.local":
            options = raw(thing, "_Proxy__kwargs") or {}
            candidates = [options, *cells(raw(thing, "_Proxy__local"))]
            if any(type(candidate) is dict and candidate.get("bind") is True for candidate in candidates):
                return True
        elif isinstance(inspect.getattr_static(type(thing), "run", None), FunctionType) and is_task(thing):
            return "_decorated" in vars(type(thing))
    return False


def is_task(thing: Any) -> bool:
    """Return whether an object is a Celery task, evaluated or not."""
    kind = type(thing)
    names = [base.__module__ for base in kind.__mro__]
    return kind.__module__ == "celery.local" or "celery.app.task" in names


def raw(thing: Any, name: str) -> Any:
    """Return an attribute of an object, bypassing the attribute hooks of its class."""
    try:
        return object.__getattribute__(thing, name)
    except AttributeError:
        return NOTHING


def cells(function: Any) -> Iterator[Any]:
    """Yield the contents of a function's closure."""
    for cell in (function.__closure__ or ()) if type(function) is FunctionType else ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def callable_type(thing: Any) -> bool:
    """Return whether an object is a function, or a function behind one of our proxies."""
    return issubclass(type(thing), (FunctionType, CallableProxy, staticmethod, MethodType))


def peek(thing: Any, name: str) -> Any:
    """Return an attribute without invoking descriptors, or ``NOTHING``."""
    try:
        return inspect.getattr_static(thing, name, NOTHING)
    except Exception:  # since Python 3.12, inspect compares classes, and a metaclass may refuse that
        return _find_attribute(thing, name)


def _find_attribute(thing: Any, name: str) -> Any:
    """Return the value that an object or one of its classes has under a name, or ``NOTHING``."""
    is_class = issubclass(type(thing), type)
    classes = type.__dict__["__mro__"].__get__(thing if is_class else type(thing))
    own = () if is_class else (raw(thing, "__dict__"),)
    parts = (*own, *(type.__getattribute__(kind, "__dict__") for kind in classes))
    matches = [part for part in parts if isinstance(part, Mapping) and name in part]
    return matches[0][name] if matches else NOTHING


def held_by(module: ModuleType) -> dict[str, Any]:
    """Return the namespace of a module; any other access would load a lazy module."""
    attributes = raw(module, "__dict__")
    return attributes if isinstance(attributes, dict) else {}


def by_name(full: str) -> Any:
    """Return the object that an import of this name would bind, if it is loaded, or ``NOTHING``."""
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
    """Return whether an object is a module."""
    return issubclass(type(thing), ModuleType)


def entries(thing: Any) -> dict[Any, Any] | None:
    """Return a copy of a mapping, made without its class, or ``None`` if the object is no mapping."""
    kind = type(thing)
    if kind is MappingProxyType:
        return dict(thing) if len(thing) < 1000 else {}
    if issubclass(kind, dict):
        return dict(dict.items(thing)) if dict.__len__(thing) < 1000 else {}
    return None


def elements(thing: Any) -> list[Any] | None:
    """Return a copy of a list, tuple or set, made without its class, or ``None`` if the object is none."""
    kind = type(thing)
    for base in (list, tuple, set, frozenset):
        if issubclass(kind, base):
            items = list(base.__iter__(thing))
            is_ordered = base in (list, tuple) or len(items) > _MAX_SORTED
            return (items if is_ordered else sorted(items, key=_sorting_key))[:64]
    return None


def _sorting_key(thing: Any) -> tuple[str, str]:
    """Return a key that is the same in each process, where the order of a set is not."""
    return full_name(type(thing)), repr(thing) if is_constant(thing) else full_name(thing)


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
    return list({id(function): function for function in registry.values()}.values())


def getter_of(thing: Any) -> Any:
    """Return the function behind a property, or ``None``."""
    if issubclass(type(thing), property):
        return thing.fget
    if issubclass(type(thing), functools.cached_property):
        return thing.func
    if type(thing).__name__ == "cached_property":  # Django's and Werkzeug's
        function = peek(thing, "func")
        return function if callable_type(function) else None
    return None


def has_own(thing: Any, name: str) -> bool:
    """Return whether an object itself has an attribute, not only its class."""
    attributes = raw(thing, "__dict__")
    return isinstance(attributes, dict) and name in attributes


def bottoms(thing: Any) -> Iterator[Any]:
    """Yield the functions below all decorators of a callable; for ``singledispatch``, all implementations.

    Implementations that are steps of their own are left out.
    """
    every = list(layers(thing))
    yield every[-1]
    for layer in every:
        yield from (list(layers(chosen))[-1] for chosen in implementations(layer) if not marks_on(chosen))
