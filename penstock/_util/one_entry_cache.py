"""A cache of one value: the last one, for as long as it is asked for in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class OneEntryCache(Generic[Value]):
    """Keeps the last value that was made, with its key."""

    def __init__(self) -> None:
        self._entry: tuple[tuple[object, ...], Value] | None = None

    def get(self, key: tuple[object, ...], make: Callable[[], Value]) -> Value:
        """Return the value of a key, which is made if the last key is another one.

        Args:
            key: Parts that are the same or equal; one that is compared by identity alone is :class:`Identity`.
            make: Makes the value; if it raises, the last value stays.
        """
        entry = self._entry
        value = make() if entry is None or entry[0] != key else entry[1]
        self._entry = key, value  # also an equal key: its parts are compared by identity next time
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A part of a key that equals only itself, because comparing its content would cost too much."""

    value: object

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same object."""
        return isinstance(other, Identity) and self.value is other.value

    def __hash__(self) -> int:
        """Return the hash of the object's identity."""
        return id(self.value)
