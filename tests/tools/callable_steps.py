"""Callable objects that are steps."""

from __future__ import annotations

import functools

from penstock import step


async def coroutine(a: int) -> int:
    """Await."""
    return a


class Adder:
    """Adds to a number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, other: int) -> int:
        """Add."""
        return self.number + other

    @classmethod
    @step
    def make(cls) -> Adder:
        return cls(1)

    @step
    def method(self) -> int:
        return self.number


@step
@functools.cache
def cached(a: int) -> int:
    """Remember."""
    return a
