"""What the reading of the code knows of a value: the few things it may be, and the steps whose results went into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable, Iterable, Iterator

    from penstock.check.callgraph._bodies import Body
    from penstock.check.callgraph._ways import Reach

_CONSTANTS = frozenset(map(id, (str, int, bool, bytes, float, type(None))))
_MOST = 64
_MOST_HELD = 60


def is_constant(thing: Any) -> bool:
    """Tell whether an object is a text, a number or nothing; its class, which may be odd, is only looked at."""
    return id(type(thing)) in _CONSTANTS


class Value:
    """One thing that a variable may hold; its ``key`` is what makes two of them the same."""

    __slots__ = ("key",)
    holds = False
    """Whether there may be other values in it."""

    def __init__(self, *key: Hashable) -> None:
        self.key = key


class Real(Value):
    """An object that exists since the import."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        super().__init__(*(("constant", type(thing), thing) if is_constant(thing) else ("real", id(thing))))


class Shape(Value):
    """A text of which only the beginning and the end are known."""

    __slots__ = ("end", "start")

    def __init__(self, start: str, end: str) -> None:
        self.start, self.end = start, end
        super().__init__("shape", start, end)


class Inner(Value):
    """A function or lambda that only comes into being when the function around it runs."""

    __slots__ = ("body", "decorators")

    def __init__(self, body: Body, decorators: frozenset[str] = frozenset()) -> None:
        self.body = body
        self.decorators = decorators
        super().__init__("inner", body.key)


class Made(Value):
    """A class that only comes into being when the function around it runs."""

    __slots__ = ("attributes", "bases", "node")

    def __init__(self, node: ast.ClassDef, bases: list[Some], attributes: dict[str, Some]) -> None:
        self.node, self.bases, self.attributes = node, bases, attributes
        super().__init__("made", id(node))


class Instance(Value):
    """An instance of a class of the user's.

    Attributes:
        owner: The class.
        attributes: What was assigned to it.
        tags: The steps whose results it was made from.
        open: Whether it may be of a subclass too, since only an annotation speaks of it.
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
    """A function that gets its first argument from where it was found."""

    __slots__ = ("function", "receiver", "tags")

    def __init__(self, function: Value, receiver: Value, tags: Iterable[int] = ()) -> None:
        self.function, self.receiver, self.tags = function, receiver, frozenset(tags)
        super().__init__("method", function.key, receiver.key, self.tags)


class Partial(Value):
    """A callable with some arguments already given.

    Attributes:
        function: What is called.
        arguments: What is given already.
        fixed: Whether a chain gives it nothing more, as with Celery's ``.si``.
        signature: Whether it is a signature of Celery's.
    """

    __slots__ = ("arguments", "fixed", "function", "signature")
    holds = True

    def __init__(self, function: Value, arguments: Arguments, *, signature: bool = False, fixed: bool = False) -> None:
        self.function, self.arguments = function, arguments
        self.signature, self.fixed = signature, fixed
        super().__init__("partial", function.key, *(value.key for some in arguments.all() for value in some))


class Box(Value):
    """A container: what is known to be under which key or index, and what is somewhere in it."""

    __slots__ = ("items", "kind", "rest")
    holds = True

    def __init__(self, kind: str, where: Hashable, items: dict[Any, Some] | None = None) -> None:
        self.kind = kind
        self.items: dict[Any, Some] = items if items is not None else {}
        self.rest = Some()
        super().__init__("box", kind, where)

    def everything(self) -> Some:
        """Return all that it may hold."""
        return Some().update(self.rest, *self.items.values())


class Super(Value):
    """What ``super()`` returns."""

    __slots__ = ("owner", "receiver")

    def __init__(self, owner: Real | Made, receiver: Value) -> None:
        self.owner, self.receiver = owner, receiver
        super().__init__("super", owner.key, receiver.key)


class Job(Value):
    """Work that was started and of which nobody knows yet that it is done: a coroutine, a task, a future, a thread.

    Attributes:
        reach: The steps in it.
        result: What waiting for it gives.
    """

    __slots__ = ("reach", "result")
    holds = True

    def __init__(self, reach: Reach, result: Some, where: Hashable) -> None:
        self.reach, self.result = reach, result
        super().__init__("job", where, frozenset(reach))


class Riddle(Value):
    """What nobody can know without running the code.

    Attributes:
        reason: Why, to be told where it is called.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("riddle", reason)


FORGOTTEN = Riddle("a function is called with more different arguments than are told apart")
"""What stands for the arguments that are too many to be told apart; no table is searched for it."""


class Some:
    """A set of values, any of which a variable may hold, with the numbers of the steps whose results are in it."""

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
        """Add everything of others; return the set itself."""
        for other in others:
            self.tags |= other.tags
            for value in list(other._held.values()):
                self.add(value)
        return self

    def __iter__(self) -> Iterator[Value]:
        return iter(list(self._held.values()))

    def __len__(self) -> int:
        return len(self._held)

    @property
    def lone(self) -> Value | None:
        """The value, where there is only one."""
        return next(iter(self._held.values())) if len(self._held) == 1 else None

    def constants(self) -> list[Any]:
        """Return the texts and numbers in it."""
        return [value.thing for value in self if isinstance(value, Real) and is_constant(value.thing)]

    def deep_tags(self) -> set[int]:
        """Return the steps whose results are in it or in what it holds."""
        tags = set(self.tags)
        for value in self.holders():
            tags |= value.tags if isinstance(value, Instance) else set()
            for some in held_in(value):
                tags |= some.tags
        return tags

    def keys(self) -> frozenset[tuple[Hashable, ...]]:
        """Return what makes its values what they are."""
        return frozenset(self._held)

    def holders(self) -> Iterator[Value]:
        """Yield the values in it that hold others, and those in these, a limited number of them."""
        waiting = [value for value in self._held.values() if value.holds]
        seen = {id(value) for value in waiting}
        while waiting and len(seen) < _MOST_HELD:
            value = waiting.pop()
            yield value
            for some in held_in(value):
                for each in some._held.values():
                    if each.holds and id(each) not in seen:
                        seen.add(id(each))
                        waiting.append(each)


def held_in(value: Value) -> Iterable[Some]:
    """Return what a container, started work or a partial holds."""
    if isinstance(value, Box):
        return (value.rest, *value.items.values())
    if isinstance(value, Job):
        return (value.result,)
    return value.arguments.all() if isinstance(value, Partial) else ()


@dataclass(slots=True)
class Arguments:
    """What a call passes.

    Attributes:
        given: By position.
        named: By name.
        rest: What else there may be, from ``*args`` and ``**kwargs`` of unknown length.
    """

    given: list[Some] = field(default_factory=list)
    named: dict[str, Some] = field(default_factory=dict)
    rest: Some | None = None

    def all(self) -> Iterator[Some]:
        """Yield everything that is passed."""
        yield from self.given
        yield from self.named.values()
        if self.rest is not None:
            yield self.rest

    def after(self, *first: Some) -> Arguments:
        """Return the same with others in front."""
        return Arguments([*first, *self.given], self.named, self.rest)

    def tags(self) -> set[int]:
        """Return the steps whose results are passed."""
        return {tag for some in self.all() for tag in some.deep_tags()}

    def together(self, more: Arguments) -> Arguments:
        """Return these, followed by more."""
        rest = Some().update(*filter(None, (self.rest, more.rest))) if self.rest or more.rest else None
        return Arguments([*self.given, *more.given], {**self.named, **more.named}, rest)
