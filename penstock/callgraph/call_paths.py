"""Paths to steps: the place of each call, and the calls of other functions on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

Site = tuple[str, int]
"""File and line."""


class Activation(NamedTuple):
    """One call of a function that is no step, on the way to a step.

    Attributes:
        body: The function.
        steps: The steps that this call leads to, by their numbers.
        bodies: The function, and the functions on the way from the call to the steps.
        is_open: Whether the function is still being analysed, so that the call is recursion.
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

PastSteps = dict[int, tuple[frozenset[Activation], ...]]
"""The steps that have run, each with the calls that led to it, for each way in which it may have run."""
