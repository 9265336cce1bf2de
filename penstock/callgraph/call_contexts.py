"""Contexts of a function: one for each distinct set of arguments, until there are too many to be told apart.

An analysis holds for all calls with equal arguments. Where calls are no longer distinguished by an argument, the
function is analysed without it: it must not seem to call a function that only another caller passes.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveClass, LiveObject
from penstock.callgraph.values.opaque import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.values.base import Value

    Names = Mapping[str, ValueSet]

_EXACT, _COARSE, _CLASSES, _FUNCTIONS = 6, 8, 12, 40
"""How many sets of arguments a function is analysed with exactly. Beyond, parameters that differ between calls
hold no texts, numbers and containers; further on, only functions and instances of known classes; then only functions;
then nothing."""
_CALLED = frozenset({"inner", "method", "partial", "made"})
_DETAILS = frozenset({"constant", "box", "job"})

FORGOTTEN = Unknown("a function is called with more different arguments than are told apart")
"""Stands for omitted argument values; containers are not searched for it."""


class CallContext(NamedTuple):
    """The arguments that a function is analysed with.

    Attributes:
        names: The values of each parameter.
        signature: Identifies the context among those of the function.
        dropped_steps: The steps whose results are in the arguments, but not in ``names``.
    """

    names: dict[str, ValueSet]
    signature: Hashable
    dropped_steps: frozenset[int] = frozenset()


class Family:
    """The sets of arguments that one function, or all functions made by one inner definition, is called with.

    Attributes:
        number: How often it was analysed so far.
    """

    __slots__ = ("_differing", "_first", "number")

    def __init__(self) -> None:
        self.number = 0
        self._differing: set[str] = set()
        self._first: dict[str, Hashable] = {}

    def context(
        self, names: Names, is_known: Callable[[Hashable], bool], typical: Callable[[type], Instance]
    ) -> CallContext:
        """Return the context to analyse the function in.

        Args:
            names: The values of the parameters in a call.
            is_known: Returns whether the function was already analysed in the context of a signature.
            typical: Returns the representative instance of a class.
        """
        signatures = {name: signature_of(values) for name, values in names.items()}
        for name, signature in signatures.items():
            if self._first.setdefault(name, signature) != signature:
                self._differing.add(name)
        exact = frozenset(signatures.items())
        if self.number <= _EXACT or is_known(exact):
            return CallContext(dict(names), exact)
        wide = {name: self._widen(names[name], typical) for name in self._differing if name in names}
        lost_tags = frozenset(tag for name, values in wide.items() for tag in names[name].deep_tags() - values.tags)
        signatures |= {name: signature_of(values) for name, values in wide.items()}
        return CallContext({**names, **wide}, frozenset(signatures.items()), lost_tags)

    def _widen(self, values: ValueSet, typical: Callable[[type], Instance]) -> ValueSet:
        tags: set[int] = set()
        kept_values: list[Value] = []
        if self.number <= _COARSE:
            kept_values, tags = [value for value in values if value.key[0] not in _DETAILS], values.deep_tags()
        elif self.number <= _FUNCTIONS:
            kept_values = [_typical_of(value, typical) for value in values if self._is_callable(value)]
        return ValueSet(kept_values if len(kept_values) == len(values) else [*kept_values, FORGOTTEN], tags)

    def _is_callable(self, value: Value) -> bool:
        return _is_function(value) or (self.number <= _CLASSES and isinstance(value, Instance))


def family_of(body: Body) -> Hashable:
    """Return the key of a family: one existing function, or all functions made by one inner definition."""
    return body.key if body.keep is not None else ("inner", id(body.node))


def signature_of(values: ValueSet) -> Hashable:
    """Return what distinguishes arguments: their values, and the functions and results in them."""
    tags = set(values.tags)
    functions: set[tuple[Hashable, ...]] = set()
    for value in values.holders():
        tags |= value.tags
        for held_values in _distinguishing_contents(value):
            tags |= held_values.tags
            functions.update(item.key for item in held_values if _is_function(item))
    return values.keys(), frozenset(tags), frozenset(functions)


def _distinguishing_contents(value: Value) -> Iterable[ValueSet]:
    if isinstance(value, Instance):
        return () if value.may_be_subclass else value.attributes.values()
    return value.contents()


def _is_function(value: Value) -> bool:
    return value.key[0] in _CALLED or (isinstance(value, LiveObject) and type(value.thing) is FunctionType)


def _typical_of(value: Value, typical: Callable[[type], Instance]) -> Value:
    """Return the representative of a value where calls are distinguished by classes only."""
    return typical(value.owner.thing) if isinstance(value, Instance) and isinstance(value.owner, LiveClass) else value
