"""Which steps a function, class, module or object may run: by the names in its code, and nothing is called.

What is replaced in a test is often no step itself, but what leads to one: a helper, the class of a client, a module.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock import _registry
from penstock._inputs import is_installed
from penstock._marks import CALLABLE_TYPES, marks_on, underlying

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock._marks import Mark

    Space = Mapping[str, Any]
    """What names stand for."""

Named = tuple[str, str]
"""A flow, and a step of it."""

MOST_FUNCTIONS = 300
"""Functions that are looked through, from one on."""

MOST_ITEMS = 300
"""Of a list or a table that is replaced."""

CONTAINERS = (list, tuple, set, frozenset, dict)

OURS = str(Path(__file__).parent.parent) + os.sep
"""The folder of penstock itself."""


class Reach:
    """Looks through the functions of the application, as it is now.

    Its own are those in no folder that installers fill, and those of packages with steps, wherever they are.

    Attributes:
        marks: The declarations that it knows.
    """

    def __init__(self, marks: tuple[Mark, ...]) -> None:
        self.marks = marks
        self._own: dict[tuple[str, str], bool] = {}
        self._calls: dict[FunctionType, _Calls] = {}
        self._tops = {mark.key[0].partition(".")[0] for mark in marks if not mark.deferred}
        self._methods: dict[str, list[Named]] = {}
        for mark in marks:
            owner, _, name = ("" if mark.deferred else mark.key[1]).rpartition(".")
            if owner and not owner.endswith("<locals>"):
                self._methods.setdefault(name, []).extend((flow, mark.step_name) for flow in mark.flows)

    def steps(self, value: Any) -> dict[str, frozenset[str]]:
        """Return the steps that do not run where something else takes the place of a value, by flow.

        Of a flow that the value itself is a step of, what it calls further on is of no interest.
        """
        parts = [*self._parts(value)]
        found = _by_flow(named for part in parts for named in steps_on(part))
        return {**_by_flow(self._reached(each for part in parts for each in self._below(part))), **found}

    def functions(self, value: Any) -> Iterator[FunctionType]:
        """Yield the application's functions that a value is made of, below all decorators which tell of them."""
        for part in self._parts(value):
            yield from self._below(part)

    def is_own(self, module: str, file: str) -> bool:
        """Tell whether something is the application's, not of a library or ours."""
        if (known := self._own.get((module, file))) is not None:
            return known
        top = module.partition(".")[0]
        library = file.startswith((OURS, "<")) or top in sys.stdlib_module_names
        own = self._own[module, file] = not library and (top in self._tops or not is_installed(file))
        return own

    def _below(self, part: Any) -> Iterator[FunctionType]:
        function = underlying(part)
        for _ in range(MOST_FUNCTIONS):  # a cycle would have no end
            if type(function) is not FunctionType:
                break
            if self.is_own(str(function.__module__), function.__code__.co_filename):
                yield function
            function = underlying(vars(function).get("__wrapped__"))
        yield from (mark.root for group in marks_on(part) for mark in group if type(mark.root) is FunctionType)

    def _parts(self, value: Any) -> Iterator[Any]:
        """Yield what is called when a value is used: itself, or what is in a class, an object, a module or a table."""
        kind = type(value)
        if kind in CONTAINERS:
            items = [each for each in islice(_items(value), MOST_ITEMS) if type(each) not in CONTAINERS]
            yield from (part for each in items for part in self._parts(each))
        elif issubclass(kind, ModuleType):
            for each in vars(value).values():
                plain = issubclass(type(each), (FunctionType, type))  # asked for its module, a lazy object would wake
                if (plain and each.__module__ == value.__name__) or marks_on(each):
                    yield from self._parts(each) if issubclass(type(each), type) else [each]
        elif issubclass(kind, type):
            yield value
            yield from (each for space in self._spaces(value) for each in space.values())
        else:
            yield value
            function = underlying(value)
            if type(function) is not FunctionType:
                yield from self._parts(value.__class__ if _is_task(value) else kind)  # which may be a proxy
            elif issubclass(kind, MethodType) and not self.is_own(str(function.__module__), _file(function)):
                yield from self._parts(value.__self__)  # such as `delay` of a Celery task

    def _spaces(self, kind: type) -> Iterator[Space]:
        """Yield the namespaces of a class and those it derives from, as far as they are the application's."""
        for base in kind.__mro__:
            if self.is_own(base.__module__, getattr(sys.modules.get(base.__module__), "__file__", None) or ""):
                yield vars(base)

    def _reached(self, starts: Iterable[FunctionType]) -> set[Named]:
        """Return the steps that functions may call, directly or through others of the application."""
        waiting, visited, found = [*starts], set[FunctionType](), set[Named]()
        while waiting and len(visited) < MOST_FUNCTIONS:
            function = waiting.pop()
            if function not in visited:
                visited.add(function)
                calls = self._calls.get(function) or self._read(function)
                found |= calls.steps
                waiting += calls.functions
        return found

    def _read(self, function: FunctionType) -> _Calls:
        names = _names(function.__code__)
        methods = [self._methods[name] for name in names & self._methods.keys()]  # whose it is, only a run tells
        values = [*self._named(function, names)]
        parts = [part for value in values for part in (self._parts(value) if _is_task(value) else [value])]
        steps = {named for several in (*methods, *map(steps_on, parts)) for named in several}
        found = self._calls[function] = _Calls(steps, [each for part in parts for each in self._below(part)])
        return found

    def _named(self, function: FunctionType, names: set[str]) -> Iterator[Any]:
        """Yield what names stand for: in the function's module and class, around it, and in what they name there."""
        spaces = [function.__globals__, _around(function), *self._spaces_of(_owner(function))]
        found = [space[name] for space in spaces for name in names if name in space]
        yield from found
        package = str(function.__globals__.get("__package__") or "")
        imported = [sys.modules.get(each) for name in names for each in (name, f"{package}.{name}")]
        for value in (*found, *imported):
            for space in self._spaces_of(value):
                yield from (space[name] for name in names if name in space)

    def _spaces_of(self, value: Any) -> Iterator[Space]:
        kind = type(value)
        if issubclass(kind, ModuleType):
            yield vars(value)
        elif kind not in CALLABLE_TYPES or kind is type:
            yield from self._spaces(value if issubclass(kind, type) else kind)


class _Calls(NamedTuple):
    """The steps and the functions of the application that a function may call."""

    steps: set[Named]
    functions: list[FunctionType]


MOST_STATES = 16
_known: dict[object, Reach] = {}
"""The last ones that were asked for, the latest at the end."""


def reach(replaced: Mapping[str, frozenset[str]] | None = None) -> Reach:
    """Return what looks through the application; what it has read holds until more is imported or declared.

    Args:
        replaced: The steps that are replaced already, by flow. They hide what they lead to.
    """
    marks, state = _registry.marks(), (len(sys.modules), frozenset((replaced or {}).items()))
    found = _known.pop(state, None)
    if found is None or found.marks != marks:
        found = Reach(marks)
    _known[state] = found
    if len(_known) > MOST_STATES:
        del _known[next(iter(_known))]
    return found


def forget() -> None:
    """Let go of all functions."""
    _known.clear()


def steps_on(value: Any) -> Iterator[Named]:
    """Yield the steps that a value itself is."""
    for group in marks_on(value):
        for mark in group:
            yield from ((flow, mark.step_name) for flow in mark.flows)


def _by_flow(steps: Iterable[Named]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for flow, step in steps:
        found.setdefault(flow, set()).add(step)
    return {flow: frozenset(names) for flow, names in found.items()}


def _items(container: Any) -> Iterable[Any]:
    return chain(container, container.values()) if type(container) is dict else container


def _is_task(value: Any) -> bool:
    """Tell whether something is Celery's; what it runs is an attribute of its class."""
    return type(value).__module__.startswith("celery.")


def _file(function: FunctionType) -> str:
    return function.__code__.co_filename


def _names(code: CodeType) -> set[str]:
    """Return the names of all that code does not have in variables of its own."""
    found = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if type(constant) is CodeType:
            found |= _names(constant)
    return found


def _around(function: FunctionType) -> dict[str, Any]:
    """Return the variables of the functions around, as far as they have values yet."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def _owner(function: FunctionType) -> Any:
    """Return the class that a method is written in, or its module."""
    value: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split(".")[:-1]:
        value = vars(value).get(name) if issubclass(type(value), (ModuleType, type)) else None
    return value
