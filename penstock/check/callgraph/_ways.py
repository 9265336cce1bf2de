"""How steps are reached: where each is called, and through which calls of other functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

Site = tuple[str, int]
"""File and line."""


class Activation(NamedTuple):
    """One call of a function that is no step itself, on the way to a step.

    Attributes:
        body: The function.
        steps: The steps that this call leads to, by their numbers.
        bodies: The function, and those that the call leads to the steps through.
        is_open: Whether the function is being read itself: the call is recursion.
    """

    body: Hashable
    steps: frozenset[int]
    bodies: frozenset[Hashable]
    is_open: bool = False


class Way(NamedTuple):
    """How a step is reached.

    Attributes:
        file: The file of the call.
        line: The line of it.
        through: The calls of other functions that lead there.
    """

    file: str
    line: int
    through: frozenset[Activation] = frozenset()


Reach = dict[int, Way]
"""The steps that something leads to, by their numbers, and how each is reached."""
