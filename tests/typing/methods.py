"""Methods and classes keep their exact type; mypy --strict reads this file."""

# ruff: noqa: D103 - the types are what these functions say

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache, cached_property
from typing import Self, assert_type

from penstock import entrypoint, flow, step


@flow("shop")
class Shop:
    """A class with every kind of method."""

    @entrypoint
    def method(self, item: str, count: int = 1) -> list[str]:
        return [item] * count

    @classmethod
    @step(after="method")
    def outer_class(cls, name: str) -> Self:
        return cls()

    @step(after="method")
    @classmethod
    def inner_class(cls, name: str) -> Self:
        return cls()

    @staticmethod
    @step(after="method")
    def outer_static(number: int) -> float:
        return number / 2

    @step(after="method")
    @staticmethod
    def inner_static(number: int) -> float:
        return number / 2

    @property
    @step(after="method")
    def price(self) -> int:
        return 1

    @price.setter
    @step(after="method")
    def price(self, value: int) -> None: ...

    @cached_property
    @step(after="method")
    def cost(self) -> int:
        return 1

    @step(after=["method", price])
    async def later(self) -> bytes:
        return b""


class Order(ABC):
    """A class with an abstract step."""

    @step
    @abstractmethod
    def place(self) -> int: ...


@flow("shop")
@step(after=[Shop.method, Shop.outer_static, Shop.inner_class])
class Receipt:
    """A class that is a step."""

    def __init__(self, number: int) -> None:
        self.number = number


@step
@cache
def cached(number: int) -> str:
    return str(number)


shop = Shop()
assert_type(shop, Shop)
assert_type(shop.method("tea", count=2), list[str])
assert_type(Shop.method(shop, "tea"), list[str])
assert_type(Shop.outer_class("x"), Shop)
assert_type(Shop.inner_class("x"), Shop)
assert_type(Shop.outer_static(1), float)
assert_type(shop.inner_static(1), float)
assert_type(shop.price, int)
assert_type(shop.cost, int)
assert_type(Receipt(1), Receipt)
assert_type(cached(1), str)
cached.cache_clear()
shop.price = 3
shop.method(3)  # type: ignore[arg-type]
shop.price = "x"  # type: ignore[assignment]
Order()  # type: ignore[abstract]
