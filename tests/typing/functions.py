"""Decorated functions keep their exact type, whatever kind they are; mypy --strict reads this file."""

# ruff: noqa: D103 - the types are what these functions say

from __future__ import annotations

from collections.abc import (  # noqa: TC003 - as an application would
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
)
from functools import partial
from typing import Any, Protocol, TypeVar, assert_type, overload

from penstock import entrypoint, flow, step

T = TypeVar("T")
bom = flow("bom")


@flow("bom")
@entrypoint
def bare(a: int, /, b: str = "", *, c: bool = False) -> list[str]:
    return [str(a), b, str(c)]


@flow("bom")
@flow("orders")
@entrypoint(name="other", trigger="http", inherit=False)
def called(a: int) -> str:
    return str(a)


@bom.step
def by_handle(a: int) -> str:
    return str(a)


@bom.step(after=["bare", called, {by_handle: "if paid", "bare": None}], name="x", effects=["db"])
def by_called_handle(a: int) -> str:
    return str(a)


@bom.entrypoint(trigger="cron")
@step(after="bare")
def twice(*rest: int, **more: str) -> None: ...


class Exact(Protocol):
    """The type of the first function, keyword names included."""

    def __call__(self, a: int, /, b: str = "", *, c: bool = False) -> list[str]: ...


exact: Exact = bare
assert_type(bare(1, b="x", c=True), list[str])
assert_type(called(1), str)
assert_type(by_handle(a=1), str)
assert_type(by_called_handle(a=1), str)
bare("1")  # type: ignore[arg-type]
bare(1, d=2)  # type: ignore[call-arg]
twice("x")  # type: ignore[arg-type]


@step(after=bare)
async def coroutine(a: int) -> bytes:
    return bytes(a)


async def awaiting() -> None:
    assert_type(await coroutine(1), bytes)


result: Callable[[int], Coroutine[Any, Any, bytes]] = coroutine


@step(after=coroutine)
def generator(a: int) -> Generator[int, str, bytes]:
    sent = yield a
    return sent.encode()


@step(after=(generator, "x"))
def iterator() -> Iterator[int]:
    yield 1


@step(after={"x": "sometimes"})
async def async_generator() -> AsyncGenerator[int, str]:
    yield 1


@step
async def async_iterator() -> AsyncIterator[int]:
    yield 1


assert_type(generator(1), Generator[int, str, bytes])
assert_type(iterator(), Iterator[int])
assert_type(async_generator(), AsyncGenerator[int, str])
assert_type(async_iterator(), AsyncIterator[int])


@step
@overload
def overloaded(a: int) -> int: ...


@step
@overload
def overloaded(a: str) -> str: ...


@step
def overloaded(a: int | str) -> int | str:
    return a


assert_type(overloaded(1), int)
assert_type(overloaded("x"), str)


@step
def generic(value: T, *values: T) -> list[T]:
    return [value, *values]


assert_type(generic(1, 2), list[int])
assert_type(generic("a"), list[str])

assert_type(step(partial(called, 1))(), str)
assert_type(bom.entrypoint(called)(a=1), str)
step(after=3)  # type: ignore[call-overload]
step(effects=[3])  # type: ignore[list-item]
entrypoint(trigger=3)  # type: ignore[call-overload]
flow(3)  # type: ignore[arg-type]
flow("x", titel="X")  # type: ignore[call-arg]


def declared_from_outside() -> None:
    """Patch functions that are named, and undo it."""
    orders = flow("orders")
    with orders.entrypoint(trigger="POST /orders").patch("shop:receive") as patch:
        assert_type(patch.target, str)
    orders.step(after="receive").patch("shop:Till.pay").undo()
    orders.step(after="receive").patch(print)  # type: ignore[arg-type]
    assert_type(orders.step(after="receive")(len)([]), int)
