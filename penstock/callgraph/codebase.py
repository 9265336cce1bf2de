"""The user's code: its files, functions and classes, and which objects in it are steps."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.callgraph.live_objects import NOTHING, bottoms, held_by, peek

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FunctionType


class Codebase:
    """The user's code and the steps in it.

    Attributes:
        labels: Flow and name of each step, by its number.
        numbers: The number of each step, by flow and name.
    """

    def __init__(self, steps: Iterable[tuple[str, str, Any]], own: Callable[[str], bool]) -> None:
        self.labels: list[tuple[str, str]] = []
        self.numbers: dict[tuple[str, str], int] = {}
        self._is_own = own
        self._own_files: dict[str, bool] = {}
        self._steps: dict[int, tuple[int, ...]] = {}
        self._classes: list[type] | None = None
        self._live_objects: list[Any] = []
        for flow, name, thing in steps:
            self._add_step(flow, name, thing)

    def _add_step(self, flow: str, name: str, thing: Any) -> None:
        label = flow, name
        number = self.numbers.setdefault(label, len(self.labels))
        if number == len(self.labels):
            self.labels.append(label)
        objects = [thing, *bottoms(thing)]
        self._live_objects += objects  # their ids must not be reused
        for identity in dict.fromkeys(map(id, objects)):
            self._steps[identity] = tuple(dict.fromkeys((*self._steps.get(identity, ()), number)))

    def tags_of(self, thing: Any) -> tuple[int, ...]:
        """Return the numbers of the steps that an object is."""
        return self._steps.get(id(thing), ())

    def flows_of(self, tags: Iterable[int]) -> set[str]:
        """Return the flows of some steps."""
        return {self.labels[tag][0] for tag in tags}

    def owns_file(self, file: str) -> bool:
        """Return whether a file is the user's own code."""
        if file not in self._own_files:
            self._own_files[file] = self._is_own(file)
        return self._own_files[file]

    def owns(self, function: FunctionType) -> bool:
        """Return whether a function is the user's own code."""
        return self.owns_file(function.__code__.co_filename)

    def owns_class(self, kind: type) -> bool:
        """Return whether a class is the user's own code."""
        module = sys.modules.get(str(type.__getattribute__(kind, "__module__")))
        file = held_by(module).get("__file__") if module is not None else None
        return isinstance(file, str) and self.owns_file(file)

    def classes(self) -> list[type]:
        """Return the user's classes that modules hold."""
        if self._classes is None:
            values = (value for module in list(sys.modules.values()) for value in list(held_by(module).values()))
            classes = {id(value): value for value in values if issubclass(type(value), type)}
            self._classes = [kind for kind in classes.values() if self.owns_class(kind)]
        return self._classes

    def bases(self, kind: type) -> Iterator[type]:
        """Yield a class and its bases, as far as they are the user's own."""
        return (base for base in kind.__mro__ if self.owns_class(base))


def owner_of(function: FunctionType) -> type | None:
    """Return the class that a function is a method of, or ``None``."""
    *path, _ = function.__qualname__.split(".")
    if not path or path[-1] == "<locals>":
        return None
    owner: Any = function.__globals__.get(path[0], NOTHING)
    for name in path[1:]:
        owner = peek(owner, name) if name != "<locals>" else NOTHING
    return owner if issubclass(type(owner), type) else None


def subclasses(kind: type) -> Iterator[type]:
    """Yield the classes below a class."""
    visited_ids: set[int] = set()
    waiting: list[type] = [kind]
    while waiting:
        children: list[type] = type.__subclasses__(waiting.pop())
        for subclass in children:
            if id(subclass) not in visited_ids:
                visited_ids.add(id(subclass))
                waiting.append(subclass)
                yield subclass


def is_protocol(kind: type) -> bool:
    """Return whether a class is a protocol."""
    return kind.__dict__.get("_is_protocol", False) is True
