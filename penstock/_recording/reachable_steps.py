"""Finds the steps that a function, class, module or object may run, by the names in its code.

A test often replaces not a step itself, but an object that leads to one: a helper, the class of a client, a module.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._callables.unwrap import CALLABLE_TYPES, underlying
from penstock._declare import registry
from penstock._declare.marks import marks_on
from penstock._util.source_paths import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock._declare.marks import StepMark

    Space = Mapping[str, Any]
    """What names stand for."""

Named = tuple[str, str]
"""A flow, and a step of it."""

MOST_FUNCTIONS = 300
"""Maximum number of functions that are searched from one function on."""

MOST_ITEMS = 300
"""Maximum number of examined items in a replaced list or table."""

CONTAINERS = (list, tuple, set, frozenset, dict)

OURS = str(Path(__file__).parent.parent) + os.sep
"""The folder of penstock itself."""


class Reach:
    """Searches the application's functions in their current state.

    They are those outside folders of installed packages, and those of packages with steps, wherever they are.

    Attributes:
        marks: The known declarations.
    """

    def __init__(self, marks: tuple[StepMark, ...]) -> None:
        self.marks = marks
        self._own: dict[tuple[str, str], bool] = {}
        self._calls: dict[FunctionType, _ReachableCalls] = {}
        self._tops = {mark.key[0].partition(".")[0] for mark in marks if not mark.deferred}
        self._methods: dict[str, list[Named]] = {}
        for mark in marks:
            owner, _, name = ("" if mark.deferred else mark.key[1]).rpartition(".")
            if owner and not owner.endswith("<locals>"):
                self._methods.setdefault(name, []).extend((flow, mark.step_name) for flow in mark.flows)

    def steps(self, value: Any) -> dict[str, frozenset[str]]:
        """Return the steps that do not run if another object replaces a value, by flow.

        In flows where the value itself is a step, its further calls are ignored.
        """
        parts = [*self._parts(value)]
        direct_steps = _by_flow(pair for part in parts for pair in steps_on(part))
        return {
            **_by_flow(self._find_reachable_steps(function for part in parts for function in self._below(part))),
            **direct_steps,
        }

    def functions(self, value: Any) -> Iterator[FunctionType]:
        """Yield the application's functions that a value consists of, below all decorators that expose them."""
        for part in self._parts(value):
            yield from self._below(part)

    def is_own(self, module: str, file: str) -> bool:
        """Return whether a module or file belongs to the application, not to a library or penstock."""
        if (cached_answer := self._own.get((module, file))) is not None:
            return cached_answer
        top = module.partition(".")[0]
        library = file.startswith((OURS, "<")) or top in sys.stdlib_module_names
        own = self._own[module, file] = not library and (top in self._tops or not is_installed(file))
        return own

    def _below(self, part: Any) -> Iterator[FunctionType]:
        function = underlying(part)
        for _ in range(MOST_FUNCTIONS):  # a cycle would be endless
            if type(function) is not FunctionType:
                break
            if self.is_own(str(function.__module__), function.__code__.co_filename):
                yield function
            function = underlying(vars(function).get("__wrapped__"))
        yield from (mark.root for group in marks_on(part) for mark in group if type(mark.root) is FunctionType)

    def _parts(self, value: Any) -> Iterator[Any]:
        """Yield the callables in use of a value: itself, or the members of a class, an object, a module or a table."""
        kind = type(value)
        if kind in CONTAINERS:
            items = [item for item in islice(_items(value), MOST_ITEMS) if type(item) not in CONTAINERS]
            yield from (part for item in items for part in self._parts(item))
        elif issubclass(kind, ModuleType):
            for item in vars(value).values():
                plain = issubclass(type(item), (FunctionType, type))  # asked for its module, a lazy object would wake
                if (plain and item.__module__ == value.__name__) or marks_on(item):
                    yield from self._parts(item) if issubclass(type(item), type) else [item]
        elif issubclass(kind, type):
            yield value
            yield from (item for space in self._spaces(value) for item in space.values())
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

    def _find_reachable_steps(self, starts: Iterable[FunctionType]) -> set[Named]:
        """Return the steps that functions may call, directly or through others of the application."""
        waiting, visited_functions, steps = [*starts], set[FunctionType](), set[Named]()
        while waiting and len(visited_functions) < MOST_FUNCTIONS:
            function = waiting.pop()
            if function not in visited_functions:
                visited_functions.add(function)
                calls = self._calls.get(function) or self._read(function)
                steps |= calls.steps
                waiting += calls.functions
        return steps

    def _read(self, function: FunctionType) -> _ReachableCalls:
        names = _names(function.__code__)
        methods = [self._methods[name] for name in names & self._methods.keys()]  # the owner is known only at run time
        values = [*self._resolve_names(function, names)]
        parts = [part for value in values for part in (self._parts(value) if _is_task(value) else [value])]
        steps = {pair for several in (*methods, *map(steps_on, parts)) for pair in several}
        calls = self._calls[function] = _ReachableCalls(
            steps, [callee for part in parts for callee in self._below(part)]
        )
        return calls

    def _resolve_names(self, function: FunctionType, names: set[str]) -> Iterator[Any]:
        """Yield the objects behind names in the function's module, class and closure, and in the objects there."""
        spaces = [function.__globals__, _around(function), *self._spaces_of(_owner(function))]
        values = [space[name] for space in spaces for name in names if name in space]
        yield from values
        package = str(function.__globals__.get("__package__") or "")
        modules = [sys.modules.get(module_name) for name in names for module_name in (name, f"{package}.{name}")]
        for value in (*values, *modules):
            for space in self._spaces_of(value):
                yield from (space[name] for name in names if name in space)

    def _spaces_of(self, value: Any) -> Iterator[Space]:
        kind = type(value)
        if issubclass(kind, ModuleType):
            yield vars(value)
        elif kind not in CALLABLE_TYPES or kind is type:
            yield from self._spaces(value if issubclass(kind, type) else kind)


class _ReachableCalls(NamedTuple):
    """The steps and the functions of the application that a function may call."""

    steps: set[Named]
    functions: list[FunctionType]


MOST_STATES = 16
_known: dict[object, Reach] = {}
"""The most recently used indexes, the latest at the end."""


def reach(replaced: Mapping[str, frozenset[str]] | None = None) -> Reach:
    """Return the reachability index of the application, rebuilt after new imports or declarations.

    Args:
        replaced: The steps already replaced, by flow. They hide the steps behind them.
    """
    marks, state = registry.marks(), (len(sys.modules), frozenset((replaced or {}).items()))
    index = _known.pop(state, None)
    if index is None or index.marks != marks:
        index = Reach(marks)
    _known[state] = index
    if len(_known) > MOST_STATES:
        del _known[next(iter(_known))]
    return index


def forget() -> None:
    """Release all functions."""
    _known.clear()


def steps_on(value: Any) -> Iterator[Named]:
    """Yield the steps that a value itself represents."""
    for group in marks_on(value):
        for mark in group:
            yield from ((flow, mark.step_name) for flow in mark.flows)


def _by_flow(steps: Iterable[Named]) -> dict[str, frozenset[str]]:
    names_by_flow: dict[str, set[str]] = {}
    for flow, step in steps:
        names_by_flow.setdefault(flow, set()).add(step)
    return {flow: frozenset(names) for flow, names in names_by_flow.items()}


def _items(container: Any) -> Iterable[Any]:
    return chain(container, container.values()) if type(container) is dict else container


def _is_task(value: Any) -> bool:
    """Return whether an object is a Celery task; the function that it runs is an attribute of its class."""
    return type(value).__module__.startswith("celery.")


def _file(function: FunctionType) -> str:
    return function.__code__.co_filename


def _names(code: CodeType) -> set[str]:
    """Return all names in code other than its local variables."""
    names = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if type(constant) is CodeType:
            names |= _names(constant)
    return names


def _around(function: FunctionType) -> dict[str, Any]:
    """Return the variables of the enclosing functions, as far as they have values."""
    variables = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):
            variables[name] = cell.cell_contents
    return variables


def _owner(function: FunctionType) -> Any:
    """Return the class that defines a method, or its module."""
    value: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split(".")[:-1]:
        value = vars(value).get(name) if issubclass(type(value), (ModuleType, type)) else None
    return value
