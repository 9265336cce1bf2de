"""The vocabulary of the analysis: values, sets of them, arguments, and outcomes of calls.

These classes speak of each other, so they stand in one module. The kinds of values are in the modules beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from penstock.callgraph.call_paths import Reach

    Frame = Any
    """A :class:`penstock.callgraph.values.frame.Frame`, which is described in terms of the classes here."""

_MAX_VALUES = 64
_MAX_HOLDERS = 60


class Value:
    """One value that a variable may hold; equal ``key`` means the same value.

    What a kind of value does not override leads to nothing: no step is called, and no value is returned.

    Attributes:
        is_container: Whether it may contain other values.
        tags: The steps whose results it was made from.
        is_class: Whether it is a class.
        is_fixed: Whether a chain passes no result to it, as with Celery's ``.si``.
    """

    __slots__ = ("key",)
    is_container = False
    tags: AbstractSet[int] = frozenset()
    is_class = False
    is_fixed = False

    def __init__(self, *key: Hashable) -> None:
        self.key = key

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:  # noqa: ARG002
        """Return the outcome of calling it."""
        return Outcome.of()

    def call_method(self, frame: Frame, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a method that is not looked up as an attribute, or ``None``."""
        outcome: Outcome | None = frame.call_library_method(self, name, arguments, node)
        return outcome

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:  # noqa: ARG002
        """Return the values of an attribute; a property is called."""
        return ValueSet()

    def set_attribute(self, frame: Frame, name: str, values: ValueSet) -> None:
        """Assign to an attribute."""

    def iterate(self, frame: Frame) -> ValueSet:  # noqa: ARG002
        """Return the values that a loop over it yields."""
        return ValueSet()

    def item(self, frame: Frame, key: Any) -> ValueSet:  # noqa: ARG002
        """Return the values under a known key or index."""
        return ValueSet()

    def set_item(self, frame: Frame, keys: list[Any], values: ValueSet) -> None:
        """Assign to an item; ``keys`` has its key, if that is known."""

    def length(self) -> int | None:
        """Return how many items a sequence has, or ``None`` if that is not known."""

    def contents(self) -> Iterable[ValueSet]:
        """Return the sets of values that it contains."""
        return ()

    def everything(self) -> ValueSet:
        """Return all values that a container may hold."""
        return ValueSet()

    def constants(self) -> Iterable[Any]:
        """Return the text or number that it is, if any."""
        return ()

    def wait(self, frame: Frame) -> ValueSet:  # noqa: ARG002
        """Wait for it; return the results of started work, or the value itself."""
        return ValueSet([self])

    def result_values(self) -> ValueSet:
        """Return the results of started work, or the value itself."""
        return ValueSet([self])

    def bind(self, frame: Frame, receiver: Value | None, owner: Value | None, node: ast.AST) -> ValueSet:  # noqa: ARG002
        """Return a class attribute as ``receiver`` sees it, or the class ``owner`` itself if that is ``None``."""
        return ValueSet([self])

    def is_function(self, frame: Frame) -> bool:  # noqa: ARG002
        """Return whether it is a function of the user's, or a step."""
        return False

    def class_of(self) -> Value | None:
        """Return the class of an instance of the user's classes."""

    def find_in_class(self, frame: Frame, name: str) -> ValueSet | None:  # noqa: ARG002
        """Return the values that a class or its bases have under a name, or ``None``."""
        return None

    def find_on_instances(self, frame: Frame, instance: Value, name: str) -> ValueSet | None:  # noqa: ARG002
        """Return the values that ``__init__`` or an annotation of a class gives to an attribute, or ``None``."""
        return None

    def find_in_subclasses(self, frame: Frame, name: str) -> Iterable[ValueSet]:  # noqa: ARG002
        """Return the values that each subclass of a class has under a name."""
        return ()


class ValueSet:
    """The values that a variable may hold, with the numbers of the steps whose results they contain."""

    __slots__ = ("_values", "tags")

    def __init__(self, values: Iterable[Value] = (), tags: Iterable[int] = ()) -> None:
        self._values: dict[tuple[Hashable, ...], Value] = {}
        self.tags = set(tags)
        for value in values:
            self.add(value)

    def add(self, value: Value) -> None:
        """Add a value, unless there are too many."""
        if len(self._values) < _MAX_VALUES:
            self._values.setdefault(value.key, value)

    def update(self, *others: ValueSet) -> ValueSet:
        """Add the values and tags of other sets; return this set."""
        for values in others:
            self.tags |= values.tags
            for value in list(values._values.values()):
                self.add(value)
        return self

    def __iter__(self) -> Iterator[Value]:
        return iter(list(self._values.values()))

    def __len__(self) -> int:
        return len(self._values)

    @property
    def lone(self) -> Value | None:
        """The only value, or ``None``."""
        return next(iter(self._values.values())) if len(self._values) == 1 else None

    def keys(self) -> frozenset[tuple[Hashable, ...]]:
        """Return the keys of its values."""
        return frozenset(self._values)

    def constants(self) -> list[Any]:
        """Return the texts and numbers in it."""
        return [constant for value in self for constant in value.constants()]

    def holders(self) -> Iterator[Value]:
        """Yield the values in it that contain others, and nested ones, up to a limit."""
        waiting = [value for value in self._values.values() if value.is_container]
        visited_ids = {id(value) for value in waiting}
        while waiting and len(visited_ids) < _MAX_HOLDERS:
            value = waiting.pop()
            yield value
            for values in value.contents():
                for inner_value in values._values.values():
                    if inner_value.is_container and id(inner_value) not in visited_ids:
                        visited_ids.add(id(inner_value))
                        waiting.append(inner_value)

    def deep_tags(self) -> set[int]:
        """Return the steps whose results are in it or in its contents."""
        tags = set(self.tags)
        for value in self.holders():
            tags |= value.tags
            for values in value.contents():
                tags |= values.tags
        return tags

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of a call whose target may be any of these values."""
        outcome = Outcome.of()
        for value in self:
            outcome.merge(value.call(frame, arguments, node))
        return outcome

    def iterate(self, frame: Frame) -> ValueSet:
        """Return the values that a loop over any of these yields."""
        result = ValueSet(tags=self.tags)
        for value in self:
            result.update(value.iterate(frame))
        return result

    def bind(self, frame: Frame, receiver: Value | None, owner: Value | None, node: ast.AST) -> ValueSet:
        """Return class attributes as ``receiver`` sees them, or the class ``owner`` itself if that is ``None``."""
        result = ValueSet(tags=self.tags)
        for value in self:
            result.update(value.bind(frame, receiver, owner, node))
        return result

    def wait(self, frame: Frame) -> ValueSet:
        """Wait for started work among the values; return the results."""
        result = ValueSet(tags=self.tags)
        for value in self:
            result.update(value.wait(frame))
        return result

    def resolve(self) -> ValueSet:
        """Return the values, with started work replaced by its results."""
        result = ValueSet(tags=self.tags)
        for value in self:
            result.update(value.result_values())
        return result

    def functions(self, frame: Frame) -> ValueSet:
        """Return the user's functions and the steps in it."""
        return ValueSet(value for value in self if value.is_function(frame))


@dataclass(slots=True)
class Arguments:
    """The arguments of a call.

    Attributes:
        positional: The positional arguments.
        named: The keyword arguments.
        rest: Further possible values, from ``*args`` and ``**kwargs`` of unknown length.
    """

    positional: list[ValueSet] = field(default_factory=list)
    named: dict[str, ValueSet] = field(default_factory=dict)
    rest: ValueSet | None = None

    def all(self) -> Iterator[ValueSet]:
        """Yield all arguments."""
        yield from self.positional
        yield from self.named.values()
        if self.rest is not None:
            yield self.rest

    def after(self, *first: ValueSet) -> Arguments:
        """Return the same arguments with others in front."""
        return Arguments([*first, *self.positional], self.named, self.rest)

    def tags(self) -> set[int]:
        """Return the steps whose results are passed."""
        return {tag for values in self.all() for tag in values.deep_tags()}

    def together(self, more: Arguments) -> Arguments:
        """Return these arguments, followed by others."""
        rest = ValueSet().update(*filter(None, (self.rest, more.rest))) if self.rest or more.rest else None
        return Arguments([*self.positional, *more.positional], {**self.named, **more.named}, rest)


class Outcome(NamedTuple):
    """The outcome of a call.

    Attributes:
        result: The values that it returns.
        reach: The steps that have run when it returns.
        started: The steps that it only starts.
    """

    result: ValueSet
    reach: Reach
    started: Reach

    @classmethod
    def of(cls, result: ValueSet | None = None) -> Outcome:
        """Return an outcome that leads to no step."""
        return cls(ValueSet() if result is None else result, {}, {})

    def merge(self, other: Outcome) -> None:
        """Merge the outcome of another call."""
        self.result.update(other.result)
        for steps, other_steps in ((self.reach, other.reach), (self.started, other.started)):
            for tag, way in other_steps.items():
                steps.setdefault(tag, way)
