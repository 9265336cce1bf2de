"""Objects that can be called stay what they were as steps."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Iterator  # noqa: TC003 - typing.get_type_hints asks for them
from types import MethodType
from typing import TYPE_CHECKING, Any

from callable_steps import Adder
from penstock import current_flow_id, entrypoint, flow, get_flow, step

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_callable_object_in_a_class_stays_unbound() -> None:
    """An object that is no descriptor does not become a method."""

    class Holder:
        add = step(Adder(1))

    assert 3 == Holder().add(2)


def test_an_object_with_an_async_call_is_known_as_one() -> None:
    """Frameworks that look at __call__ see that it must be awaited, also where it is inherited."""

    class Base:
        async def __call__(self) -> str:
            return "awaited"

    class Derived(Base): ...

    task = step(Derived())
    assert inspect.iscoroutinefunction(task.__call__)
    assert "coroutine" == (flow("f")(task), get_flow("f"))[1].steps[0].kind


class Bound:
    """A decorator that binds what is below it itself and knows to what, as those of wrapt do."""

    def __init__(self, function: Any, instance: Any = None) -> None:
        self.function, self.instance = function, instance

    def __call__(self, *args: Any) -> tuple[Any, Any, str | None]:
        return self.instance, self.function(*args), current_flow_id()

    def __get__(self, instance: Any, owner: Any = None) -> Bound:
        return Bound(self.function.__get__(instance, owner), instance)


def test_an_object_in_a_class_binds_itself() -> None:
    """What a decorator of a library does when it becomes a method, it does below a mark, too."""

    class Shop:
        @entrypoint
        @Bound
        def sell(self, number: int) -> tuple[Shop, int]:
            return self, number

        @step
        @Bound
        @classmethod
        def open(cls) -> type[Shop]:
            return cls

        @step
        @Bound
        @staticmethod
        def count(number: int) -> int:
            return number

    shop: Any = Shop()
    assert (shop, (shop, 3)) == shop.sell(3)[:2]
    assert (None, (shop, 3)) == Shop.sell(shop, 3)[:2]
    assert None is not shop.sell(3)[2] != shop.sell(3)[2]
    assert [Shop, Shop] == [shop.open()[1], Shop.open()[1]]
    assert [3, 3] == [shop.count(3)[1], Shop.count(3)[1]]


class Compiled:
    """A function as Cython and mypyc make it: none of Python's, and only its code tells which kind it is."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__function = function
        functools.update_wrapper(self, function)
        del self.__wrapped__

    @property
    def __code__(self) -> Any:
        return self.__function.__code__

    def __call__(self, *args: Any) -> Any:
        result = self.__function(*args)
        return Awaited(result) if inspect.iscoroutine(result) else result

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class Awaited:
    """A coroutine that is none of Python's."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Any:
        return self._coroutine.__await__()


def test_compiled_functions_are_functions() -> None:
    """A compiled coroutine function or generator is in its run to the end, is known as what it is, and makes methods."""

    @Compiled
    async def pause() -> list[str | None]:
        return [current_flow_id(), await asyncio.sleep(0), current_flow_id()]

    @Compiled
    def count() -> Iterator[str | None]:
        yield current_flow_id()
        yield current_flow_id()

    class Shop:
        @step
        @Compiled
        async def sell(self) -> Shop:
            return self

    for first, last in (asyncio.run(entrypoint(pause)())[::2], entrypoint(count)()):
        assert first is not None
        assert first == last
    assert inspect.iscoroutinefunction(entrypoint(pause))
    assert inspect.isgeneratorfunction(entrypoint(count))
    shop = Shop()
    assert shop is asyncio.run(shop.sell())


def test_marks_pass_through_decorators_over_objects() -> None:
    """A third-party decorator over a cached step takes the mark along."""

    @step
    @functools.cache
    def cached() -> int:
        return 3

    @flow("f")
    @functools.wraps(cached)
    def wrapper() -> int:
        return cached()

    assert 3 == wrapper()
    assert ["cached"] == [step.name for step in get_flow("f").steps]
