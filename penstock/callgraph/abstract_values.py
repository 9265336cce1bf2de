"""Abstract values: the objects that a variable may hold, and the steps whose results they contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable, Iterable, Iterator

    from penstock.callgraph.call_paths import Reach

_CONSTANTS = frozenset(map(id, (str, int, bool, bytes, float, type(None))))
_MOST = 64
_MOST_HELD = 60


def is_constant(thing: Any) -> bool:
    """Return whether an object is a text, a number or ``None``, without running code of its class."""
    return id(type(thing)) in _CONSTANTS


class Value:
    """One value that a variable may hold; equal ``key`` means the same value."""

    __slots__ = ("key",)
    holds = False
    """Whether it may contain other values."""

    def __init__(self, *key: Hashable) -> None:
        self.key = key


class Real(Value):
    """An object that exists since the import."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        super().__init__(*(("constant", type(thing), thing) if is_constant(thing) else ("real", id(thing))))


class Shape(Value):
    """A text with a known prefix and suffix."""

    __slots__ = ("end", "start")

    def __init__(self, start: str, end: str) -> None:
        self.start, self.end = start, end
        super().__init__("shape", start, end)


class LocalFunction(Value):
    """A function or lambda defined inside another function."""

    __slots__ = ("body", "decorators")

    def __init__(self, body: Any, decorators: frozenset[str] = frozenset()) -> None:
        self.body = body
        self.decorators = decorators
        super().__init__("inner", body.key)


class Made(Value):
    """A class defined inside a function."""

    __slots__ = ("attributes", "bases", "node")

    def __init__(self, node: ast.ClassDef, bases: list[Some], attributes: dict[str, Some]) -> None:
        self.node, self.bases, self.attributes = node, bases, attributes
        super().__init__("made", id(node))


class Instance(Value):
    """An instance of a class of the user's.

    Attributes:
        owner: The class.
        attributes: The values assigned to its attributes.
        tags: The steps whose results it was made from.
        open: Whether it may be of a subclass too, since it is known only from an annotation.
    """

    __slots__ = ("attributes", "open", "owner", "tags")
    holds = True

    def __init__(self, owner: Real | Made, where: Hashable, *, open: bool = False) -> None:
        self.owner = owner
        self.attributes: dict[str, Some] = {}
        self.tags: set[int] = set()
        self.open = open
        super().__init__("instance", owner.key, where)


class Method(Value):
    """A function bound to the receiver that it was found on."""

    __slots__ = ("function", "receiver", "tags")

    def __init__(self, function: Value, receiver: Value, tags: Iterable[int] = ()) -> None:
        self.function, self.receiver, self.tags = function, receiver, frozenset(tags)
        super().__init__("method", function.key, receiver.key, self.tags)


class Partial(Value):
    """A callable with some arguments already given.

    Attributes:
        function: The callable.
        arguments: The arguments given already.
        fixed: Whether a chain passes no result to it, as with Celery's ``.si``.
        signature: Whether it is a signature of Celery's.
    """

    __slots__ = ("arguments", "fixed", "function", "signature")
    holds = True

    def __init__(self, function: Value, arguments: Arguments, *, signature: bool = False, fixed: bool = False) -> None:
        self.function, self.arguments = function, arguments
        self.signature, self.fixed = signature, fixed
        super().__init__("partial", function.key, *(value.key for some in arguments.all() for value in some))


class ContainerValue(Value):
    """A container: values under known keys or indices, and values at unknown places."""

    __slots__ = ("items", "kind", "rest")
    holds = True

    def __init__(self, kind: str, where: Hashable, items: dict[Any, Some] | None = None) -> None:
        self.kind = kind
        self.items: dict[Any, Some] = items if items is not None else {}
        self.rest = Some()
        super().__init__("box", kind, where)

    def everything(self) -> Some:
        """Return all values that it may hold."""
        return Some().update(self.rest, *self.items.values())


class Super(Value):
    """The object that ``super()`` returns."""

    __slots__ = ("owner", "receiver")

    def __init__(self, owner: Real | Made, receiver: Value) -> None:
        self.owner, self.receiver = owner, receiver
        super().__init__("super", owner.key, receiver.key)


class Job(Value):
    """Started work that may not have finished: a coroutine, a task, a future, a thread.

    Attributes:
        reach: The steps in it.
        result: The values that waiting for it returns.
    """

    __slots__ = ("reach", "result")
    holds = True

    def __init__(self, reach: Reach, result: Some, where: Hashable) -> None:
        self.reach, self.result = reach, result
        super().__init__("job", where, frozenset(reach))


class Riddle(Value):
    """A value that only running the code would reveal.

    Attributes:
        reason: Why, reported where it is called.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("riddle", reason)


class Some:
    """A set of values that a variable may hold, with the numbers of the steps whose results they contain."""

    __slots__ = ("_held", "tags")

    def __init__(self, values: Iterable[Value] = (), tags: Iterable[int] = ()) -> None:
        self._held: dict[tuple[Hashable, ...], Value] = {}
        self.tags = set(tags)
        for value in values:
            self.add(value)

    def add(self, value: Value) -> None:
        """Add a value, unless there are too many."""
        if len(self._held) < _MOST:
            self._held.setdefault(value.key, value)

    def update(self, *others: Some) -> Some:
        """Add the values and tags of other sets; return this set."""
        for some in others:
            self.tags |= some.tags
            for value in list(some._held.values()):
                self.add(value)
        return self

    def __iter__(self) -> Iterator[Value]:
        return iter(list(self._held.values()))

    def __len__(self) -> int:
        return len(self._held)

    @property
    def lone(self) -> Value | None:
        """The only value, or ``None``."""
        return next(iter(self._held.values())) if len(self._held) == 1 else None

    def constants(self) -> list[Any]:
        """Return the constants in it, such as texts and numbers."""
        return [value.thing for value in self if isinstance(value, Real) and is_constant(value.thing)]

    def deep_tags(self) -> set[int]:
        """Return the steps whose results are in it or in its contents."""
        tags = set(self.tags)
        for value in self.holders():
            tags |= value.tags if isinstance(value, Instance) else set()
            for some in held_in(value):
                tags |= some.tags
        return tags

    def keys(self) -> frozenset[tuple[Hashable, ...]]:
        """Return the keys of its values."""
        return frozenset(self._held)

    def holders(self) -> Iterator[Value]:
        """Yield the values in it that contain others, and nested ones, up to a limit."""
        waiting = [value for value in self._held.values() if value.holds]
        visited_ids = {id(value) for value in waiting}
        while waiting and len(visited_ids) < _MOST_HELD:
            value = waiting.pop()
            yield value
            for some in held_in(value):
                for inner_value in some._held.values():
                    if inner_value.holds and id(inner_value) not in visited_ids:
                        visited_ids.add(id(inner_value))
                        waiting.append(inner_value)


def held_in(value: Value) -> Iterable[Some]:
    """Return the contents of a container, started work or a partial."""
    if isinstance(value, ContainerValue):
        return (value.rest, *value.items.values())
    if isinstance(value, Job):
        return (value.result,)
    return value.arguments.all() if isinstance(value, Partial) else ()


@dataclass(slots=True)
class Arguments:
    """The arguments of a call.

    Attributes:
        given: The positional arguments.
        named: The keyword arguments.
        rest: Further possible values, from ``*args`` and ``**kwargs`` of unknown length.
    """

    given: list[Some] = field(default_factory=list)
    named: dict[str, Some] = field(default_factory=dict)
    rest: Some | None = None

    def all(self) -> Iterator[Some]:
        """Yield all arguments."""
        yield from self.given
        yield from self.named.values()
        if self.rest is not None:
            yield self.rest

    def after(self, *first: Some) -> Arguments:
        """Return the same arguments with others in front."""
        return Arguments([*first, *self.given], self.named, self.rest)

    def tags(self) -> set[int]:
        """Return the steps whose results are passed."""
        return {tag for some in self.all() for tag in some.deep_tags()}

    def together(self, more: Arguments) -> Arguments:
        """Return these arguments, followed by others."""
        rest = Some().update(*filter(None, (self.rest, more.rest))) if self.rest or more.rest else None
        return Arguments([*self.given, *more.given], {**self.named, **more.named}, rest)
