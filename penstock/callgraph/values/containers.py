"""Containers that the analysed code creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.values.base import Value, ValueSet
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from penstock.callgraph.values.frame import Frame

_SHORT = 12
"""The longest sequence of functions that is followed item by item."""


class Container(Value):
    """A container: values under known keys or indices, and values at unknown places.

    Attributes:
        kind: ``list``, ``tuple``, ``dict`` or ``generator``.
        items: The values under known keys or indices.
        rest: The values at unknown places.
    """

    __slots__ = ("items", "kind", "rest")
    is_container = True

    def __init__(
        self, kind: str, where: Hashable, items: dict[Any, ValueSet] | None = None, rest: ValueSet | None = None
    ) -> None:
        self.kind = kind
        self.items: dict[Any, ValueSet] = items if items is not None else {}
        self.rest = ValueSet()
        if rest is not None:
            self.rest.update(rest)
        super().__init__("box", kind, where)

    @classmethod
    def at(cls, where: tuple[Any, ...], kind: str = "list", rest: ValueSet | None = None) -> Container:
        """Return a new container that a node creates; ``where`` identifies the node."""
        return cls(kind, (*where, kind), rest=rest)

    def contents(self) -> Iterable[ValueSet]:
        """Return the values at each place."""
        return (self.rest, *self.items.values())

    def everything(self) -> ValueSet:
        """Return all values that it may hold."""
        return ValueSet().update(self.rest, *self.items.values())

    def iterate(self, frame: Frame) -> ValueSet:  # noqa: ARG002
        """Return its items, or the keys of a dictionary."""
        if self.kind != "dict":
            return self.everything()
        return ValueSet(map(wrap, self.items), self.rest.tags)

    def length(self) -> int | None:
        """Return how many items a sequence has, or ``None`` if that is not known."""
        return len(self.items) if self.kind in ("list", "tuple") and not self.rest else None

    def item(self, frame: Frame, key: Any) -> ValueSet:  # noqa: ARG002
        """Return the values under a known key or index."""
        entry = self.items.get(self._position(key))
        return ValueSet().update(self.rest, *([entry] if entry is not None else []))

    def _position(self, key: Any) -> Any:
        return key + len(self.items) if isinstance(key, int) and key < 0 and self.kind != "dict" else key

    def set_item(self, frame: Frame, keys: list[Any], values: ValueSet) -> None:  # noqa: ARG002
        """Assign to an item; ``keys`` has its key, if that is known."""
        if keys and (self.kind == "dict" or keys[0] in self.items):
            self.items[keys[0]] = ValueSet().update(values)
        else:
            self.rest.update(values)

    def without_tags(self, tags: set[int]) -> Container:
        """Return the same container without the tags of these steps."""
        items = {key: ValueSet(values, values.tags - tags) for key, values in self.items.items()}
        rest = ValueSet(self.rest, self.rest.tags - tags)
        return Container(self.kind, ("shown", self.key, frozenset(tags)), items, rest)


def find_functions(frame: Frame, values: ValueSet) -> list[ValueSet]:
    """Return the items of a short sequence of functions, or of tuples with functions, in their order."""
    lone = values.lone
    length = lone.length() if lone is not None else None
    if lone is None or not length or length > _SHORT:
        return []
    items = [lone.item(frame, at) for at in range(length)]
    inside = (inner for item in items for value in item for inner in unpack(value))
    return items if any(value.is_function(frame) for value in inside) else []


def unpack(value: Value) -> Iterable[Value]:
    """Return the values in a container, or the value itself."""
    return value.everything() if isinstance(value, Container) else (value,)
