"""The user's modules: the objects that they hold, and the names that their functions mention."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from penstock.callgraph.live_objects import held_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def find_own_modules(is_own: Callable[[str], bool]) -> list[ModuleType]:
    """Return the imported modules that are the user's."""
    return [module for module in list(sys.modules.values()) if _is_file(held_by(module).get("__file__"), is_own)]


def _is_file(file: object, is_own: Callable[[str], bool]) -> bool:
    return isinstance(file, str) and is_own(file)


def collect_objects(modules: Iterable[ModuleType]) -> list[Any]:
    """Return the objects that modules hold, each once, without classes and functions."""
    objects = (value for module in modules for value in list(held_by(module).values()))
    return list({id(value): value for value in objects if not isinstance(value, (type, FunctionType))}.values())


def mentions_names(modules: Iterable[ModuleType], names: frozenset[str], packages: tuple[str, ...]) -> bool:
    """Return whether a function of some modules mentions one of some names, or a module has something of one of some packages."""
    for module in modules:
        for value in list(held_by(module).values()):
            if any(name.startswith(packages) for name in _find_modules(value)):
                return True
            if any(not names.isdisjoint(_names_in(code)) for code in _codes_of(value, module)):
                return True
    return False


def _find_modules(value: Any) -> set[str]:
    """Return the names of the module that an object is, or of those that define its class and the bases of it."""
    if isinstance(value, ModuleType):
        return {str(held_by(value).get("__name__"))}
    return {base.__module__ for base in (value if isinstance(value, type) else type(value)).__mro__}


def _codes_of(value: Any, module: ModuleType) -> Iterator[CodeType]:
    name = held_by(module).get("__name__")
    values = value.__dict__.values() if isinstance(value, type) and value.__module__ == name else [value]
    for thing in list(values):
        function = thing.__func__ if isinstance(thing, (staticmethod, classmethod)) else thing
        if isinstance(function, FunctionType) and function.__module__ == name:
            yield function.__code__


def _names_in(code: CodeType) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return {*code.co_names}.union(*map(_names_in, inner))


def has_base(value: Any, module: str, name: str) -> bool:
    """Return whether an object is of a class, or of one below it, by the class's module and name."""
    return any(base.__module__ == module and base.__name__ == name for base in type(value).__mro__)
