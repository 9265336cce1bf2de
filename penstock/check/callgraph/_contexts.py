"""With which arguments a function is read: with those of each call, until the calls are too many to be told apart.

What is read for one call holds for all that are alike. So where calls are no longer told apart by something, the
function is read without it: it must not seem to call what only another caller has handed to it.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.callgraph._values import Instance, Real, Riddle, Some, held_in

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from penstock.check.callgraph._bodies import Body
    from penstock.check.callgraph._values import Value

    Names = Mapping[str, Some]

_EXACT, _COARSE, _CLASSES, _FUNCTIONS = 6, 8, 12, 40
"""With how many different arguments a function is read exactly. Beyond, parameters that differ from call to call hold no
texts, numbers and containers; further on, only functions and instances of a known class; then only functions; then
nothing."""
_CALLED = frozenset({"inner", "method", "partial", "made"})
_DETAILS = frozenset({"constant", "box", "job"})

FORGOTTEN = Riddle("a function is called with more different arguments than are told apart")
"""What stands for what is left out of arguments; no table is searched for it."""


class Context(NamedTuple):
    """What a function is read with.

    Attributes:
        names: What each parameter is.
        signature: What tells it apart from other contexts of the function.
        lost: The steps whose results are in the arguments, but not in ``names``.
    """

    names: dict[str, Some]
    signature: Hashable
    lost: frozenset[int] = frozenset()


class Family:
    """With which arguments one function, or all that a definition inside another one makes, is called.

    Attributes:
        number: How often it was read so far.
    """

    __slots__ = ("_differing", "_first", "number")

    def __init__(self) -> None:
        self.number = 0
        self._differing: set[str] = set()
        self._first: dict[str, Hashable] = {}

    def context(
        self, names: Names, is_known: Callable[[Hashable], bool], typical: Callable[[type], Instance]
    ) -> Context:
        """Return what to read the function with.

        Args:
            names: What the parameters are in a call.
            is_known: Tells whether the function was read already in the context of a signature.
            typical: Returns the instance that stands for all of a class.
        """
        signatures = {name: signature_of(some) for name, some in names.items()}
        for name, signature in signatures.items():
            if self._first.setdefault(name, signature) != signature:
                self._differing.add(name)
        exact = frozenset(signatures.items())
        if self.number <= _EXACT or is_known(exact):
            return Context(dict(names), exact)
        wide = {name: self._widen(names[name], typical) for name in self._differing if name in names}
        lost = frozenset(tag for name, some in wide.items() for tag in names[name].deep_tags() - some.tags)
        signatures |= {name: signature_of(some) for name, some in wide.items()}
        return Context({**names, **wide}, frozenset(signatures.items()), lost)

    def _widen(self, some: Some, typical: Callable[[type], Instance]) -> Some:
        if self.number <= _COARSE:
            kept, tags = [value for value in some if value.key[0] not in _DETAILS], some.deep_tags()
        elif self.number <= _FUNCTIONS:
            callables = (value for value in some if self._is_callable(value))
            kept, tags = [_typical_of(value, typical) for value in callables], set()
        else:
            kept, tags = [], set()
        return Some(kept if len(kept) == len(some) else [*kept, FORGOTTEN], tags)

    def _is_callable(self, value: Value) -> bool:
        return _is_function(value) or (self.number <= _CLASSES and isinstance(value, Instance))


def family_of(body: Body) -> Hashable:
    """Return what counts as one function: one that exists, or all that a definition inside another one makes."""
    return body.key if body.keep is not None else ("inner", id(body.node))


def signature_of(some: Some) -> Hashable:
    """Return what tells arguments apart: what they are, and the functions and results in them."""
    tags = set(some.tags)
    functions: set[tuple[Hashable, ...]] = set()
    for value in some.holders():
        holdings = held_in(value)
        if isinstance(value, Instance):
            tags |= value.tags
            holdings = () if value.open else value.attributes.values()
        for held in holdings:
            tags |= held.tags
            functions.update(each.key for each in held if _is_function(each))
    return some.keys(), frozenset(tags), frozenset(functions)


def _is_function(value: Value) -> bool:
    return value.key[0] in _CALLED or (isinstance(value, Real) and type(value.thing) is FunctionType)


def _typical_of(value: Value, typical: Callable[[type], Instance]) -> Value:
    """Return what stands for a value where calls are told apart by classes only."""
    return typical(value.owner.thing) if isinstance(value, Instance) and isinstance(value.owner, Real) else value
