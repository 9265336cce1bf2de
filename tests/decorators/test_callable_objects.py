"""Callable objects stay what they are under a mark: methods of every kind, operators, copies."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import operator
import pickle
from contextlib import nullcontext
from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any

import pytest
import wrapt
from asgiref.sync import async_to_sync, sync_to_async
from async_lru import alru_cache

from penstock import current_flow_id, entrypoint, flow, observing, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Self

Answer = tuple[Any, int, str | None]


def function(self: Any, number: int) -> list[Answer]:
    """Answer with the object, the argument and the run."""
    return [(self, number, current_flow_id())]


async def coroutine(self: Any, number: int) -> list[Answer]:
    """Do the same."""
    return [(self, number, current_flow_id())]


def generator(self: Any, number: int) -> Iterator[Answer]:
    """Do the same."""
    yield self, number, current_flow_id()


async def async_generator(self: Any, number: int) -> AsyncIterator[Answer]:
    """Do the same."""
    yield self, number, current_flow_id()


KINDS = [function, coroutine, generator, async_generator]


@wrapt.decorator
def by_wrapt(wrapped: Any, _: Any, args: Any, kwargs: Any) -> Any:
    """Pass a call on."""
    return wrapped(*args, **kwargs)


class Itself:
    """Becomes a method as functions do."""

    def __init__(self, function: Any) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class Partial(Itself):
    """Becomes a partial, as asgiref's objects do."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


class Another(Itself):
    """Becomes another object of its class, as wrapt's do."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return type(self)(self.function.__get__(instance, owner))


class Silent(Another):
    """Does not tell what it wraps."""

    def __init__(self, function: Any) -> None:
        self.function = function


DESCRIPTORS = [by_wrapt, Itself, Partial, Another, Silent]


def answer(result: Any) -> Answer:
    """Return what a call of any kind has answered."""

    async def take() -> Any:
        value = await result if inspect.isawaitable(result) else result
        return [item async for item in value] if hasattr(value, "__aiter__") else [*value]

    [answered] = asyncio.run(take())
    return answered


def above(decorator: Any, method: Any) -> Any:
    """Mark what a decorator makes."""
    return flow("f")(entrypoint(decorator(method)))


def below(decorator: Any, method: Any) -> Any:
    """Mark what is decorated."""
    return decorator(flow("f")(entrypoint(method)))


@pytest.mark.parametrize("observe", [False, True], ids=["nobody observes", "observed"])
@pytest.mark.parametrize("order", [above, below])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decorator", DESCRIPTORS, ids=lambda decorator: getattr(decorator, "__name__", ""))
def test_methods_below_any_decorator(decorator: Any, kind: Any, order: Any, observe: bool) -> None:
    """A method gets its object, inherited or not and through the class, too, and is in its run to the end."""

    class Base:
        method = order(decorator, kind)

    class Derived(Base): ...

    base, derived = Base(), Derived()
    with observing(lambda _: None) if observe else nullcontext():
        answers = [answer(base.method(1)), answer(derived.method(number=2)), answer(Base.method(base, 3))]
    assert [(base, 1), (derived, 2), (base, 3)] == [each[:2] for each in answers]
    assert None not in [each[2] for each in answers]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decorator", DESCRIPTORS, ids=lambda decorator: getattr(decorator, "__name__", ""))
def test_static_and_class_methods_below_any_decorator(decorator: Any, kind: Any) -> None:
    """Static and class methods stay what they are, with the mark inside or outside."""
    mark = flow("f").entrypoint

    class Shop:
        inner = staticmethod(mark(name="a")(decorator(kind)))
        outer = mark(name="b")(staticmethod(decorator(kind)))
        made = classmethod(mark(name="c")(decorator(kind)))
        made_outside = mark(name="d")(classmethod(decorator(kind)))

    answers = [answer(call) for call in (Shop.inner(0, 1), Shop().outer(0, 2), Shop.made(3), Shop().made_outside(4))]
    assert [(0, 1), (0, 2), (Shop, 3), (Shop, 4)] == [each[:2] for each in answers]
    assert None not in [each[2] for each in answers]


@pytest.mark.parametrize("predicate", ["iscoroutinefunction", "isgeneratorfunction", "isasyncgenfunction"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("decorator", DESCRIPTORS, ids=lambda decorator: getattr(decorator, "__name__", ""))
def test_methods_below_any_decorator_keep_their_kind(decorator: Any, kind: Any, predicate: str) -> None:
    """Frameworks that look before they call see of a method, and of its __call__, what they see without the mark."""

    class Shop:
        plain = decorator(kind)
        marked = step(decorator(kind))

    shop, ask = Shop(), getattr(inspect, predicate)
    assert ask(shop.plain) == ask(shop.marked)
    assert ask(shop.plain.__call__) == ask(shop.marked.__call__)


class OfFunction:
    """Is called as a function."""

    def __call__(self) -> int:
        return 1


class OfCoroutine:
    """Is called as a coroutine function."""

    async def __call__(self) -> int:
        return 1


class OfGenerator:
    """Is called as a generator function."""

    def __call__(self) -> Iterator[int]:
        yield 1


class OfAsyncGenerator:
    """Is called as an asynchronous generator function."""

    async def __call__(self) -> AsyncIterator[int]:
        yield 1


@pytest.mark.parametrize("predicate", ["iscoroutinefunction", "isgeneratorfunction", "isasyncgenfunction"])
@pytest.mark.parametrize("kind", [OfFunction, OfCoroutine, OfGenerator, OfAsyncGenerator])
def test_a_callable_object_keeps_the_kind_of_its_call(kind: type, predicate: str) -> None:
    """FastAPI, for one, looks at the __call__ of a dependency to know whether it is a generator."""
    target = kind()
    ask = getattr(inspect, predicate)
    assert ask(target.__call__) == ask(step(target).__call__)


class Orders:
    """Has methods below asgiref's and async_lru's decorators."""

    @entrypoint
    @sync_to_async
    def save(self, number: int) -> Answer:
        return self, number, current_flow_id()

    @entrypoint
    @async_to_sync
    async def load(self, number: int) -> Answer:
        return self, number, current_flow_id()

    @entrypoint
    @alru_cache
    async def look_up(self, number: int) -> Answer:
        return self, number, current_flow_id()


@pytest.mark.parametrize("method", ["save", "load", "look_up"])
def test_methods_of_asgiref_and_async_lru(method: str) -> None:
    """A method that runs in a thread, in a loop or once gets its object and is in its run."""
    orders = Orders()
    result = getattr(orders, method)(4)
    got = asyncio.run(result) if inspect.isawaitable(result) else result
    assert (orders, 4) == got[:2]
    assert got[2] is not None


def test_the_cache_of_a_method_can_be_looked_at() -> None:
    """What a decorator gives to a method is there: a cache is told of, and cleared."""

    class Shop:
        @step
        @functools.cache  # noqa: B019 - that is the question
        def price(self, number: int) -> int:
            return number

        @step
        @alru_cache
        async def stock(self, number: int) -> int:
            return number

    shop = Shop()
    assert [2, 2] == [shop.price(2), shop.price(2)]
    assert 1 == Shop.price.cache_info().hits
    asyncio.run(shop.stock(2))
    assert 1 == shop.stock.cache_info().misses
    Shop.price.cache_clear()
    assert 0 == Shop.price.cache_info().hits


def test_a_function_with_a_cache_is_a_function() -> None:
    """It costs no more than a wrapper, and goes past no cache for arguments that are given by name."""
    cached = step(functools.lru_cache(maxsize=3)(lambda number=1: number))
    assert [1, 1, 1] == [cached(), cached(1), cached(number=1)]
    assert (3, {"maxsize": 3, "typed": False}) == (cached.cache_info().misses, cached.cache_parameters())
    assert inspect.isfunction(cached)


@pytest.mark.parametrize(
    "unbound", [functools.partial(divmod, 7), [5].index, len], ids=["partial", "method", "builtin"]
)
def test_what_is_no_descriptor_stays_unbound_in_a_class(unbound: Callable[..., Any]) -> None:
    """Partials (before Python 3.14), bound methods and builtins do not become methods of the class that they stand in."""

    class Shop:
        plain = unbound
        marked = step(unbound)

    def outcome(call: Callable[..., Any], argument: Any) -> Any:
        try:
            return call(argument)
        except (TypeError, ValueError) as error:
            return type(error)

    for argument in (5, [1, 2]):
        assert outcome(Shop().plain, argument) == outcome(Shop().marked, argument)


class Money:
    """A callable object with operators of every sort."""

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self.log: list[str] = []

    def __call__(self, other: int) -> int:
        return self.amount + other

    def __eq__(self, other: object) -> bool:
        return other.amount == self.amount if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        return hash(self.amount)

    def __lt__(self, other: Money) -> bool:
        return self.amount < other.amount

    def __add__(self, other: Any) -> Any:
        return self.amount + (other.amount if isinstance(other, Money) else other)

    def __radd__(self, other: int) -> int:
        return other + self.amount

    def __iadd__(self, other: int) -> Self:
        self.amount += other
        return self

    def __or__(self, other: object) -> str:
        return "piped"

    def __rshift__(self, other: object) -> str:
        return "then"

    def __neg__(self) -> int:
        return -self.amount

    def __index__(self) -> int:
        return self.amount

    def __bool__(self) -> bool:
        return self.amount > 3

    def __len__(self) -> int:
        return self.amount

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.amount))

    def __contains__(self, item: object) -> bool:
        return item == self.amount

    def __getitem__(self, item: object) -> object:
        return item

    def __setitem__(self, item: object, value: object) -> None:
        self.log.append(f"{item} = {value}")

    def __delitem__(self, item: object) -> None:
        self.log.append(f"del {item}")

    def __enter__(self) -> Self:
        self.log.append("entered")
        return self

    def __exit__(self, *error: object) -> None:
        self.log.append("left")

    async def __aenter__(self) -> Self:
        self.log.append("entered")
        return self

    async def __aexit__(self, *error: object) -> None:
        self.log.append("left")

    def __format__(self, spec: str) -> str:
        return f"{self.amount}{spec}"

    def __str__(self) -> str:
        return f"{self.amount} €"


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "eq": lambda money: (money == Money(3), Money(3) == money, money == 3),
    "ne": lambda money: money != Money(3),
    "hash": lambda money: {Money(3): "three"}[money],
    "lt": lambda money: (money < Money(4), Money(4) > money, min(Money(4), money) is money),
    "add": lambda money: (money + 1, 1 + money, money + Money(1), sum([money, money])),
    "or": lambda money: money | 1,
    "rshift": lambda money: money >> 1,
    "neg": lambda money: -money,
    "index": lambda money: ([0, 1, 2, 3][money], hex(money), operator.index(money)),
    "bool": bool,
    "len": len,
    "iter": list,
    "contains": lambda money: (3 in money, 4 in money),
    "getitem": lambda money: (money["x"], money[1:2]),
    "format": lambda money: (f"{money}", f"{money: EUR}", str(money)),
    "dir": dir,
    "isinstance": lambda money: (isinstance(money, Money), issubclass(money.__class__, Money), callable(money)),
    "call": lambda money: (money(1), money(other=2)),
}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operators_are_those_of_the_object(operation: str, times: int) -> None:
    """What an operator or builtin function gives of an object, it gives of the step over it, also with two marks."""
    do = OPERATIONS[operation]
    marked: Any = Money(3)
    for _ in range(times):
        marked = step(marked)
    assert do(Money(3)) == do(marked)


def test_two_steps_over_equal_objects_are_equal() -> None:
    """Operators see through both sides, and an object that has no equality of its own is only equal to itself."""
    assert step(Money(3)) == step(Money(3))
    assert 6 == step(Money(3)) + step(Money(3))
    plain = step(OfFunction())
    assert plain == plain  # noqa: PLR0124 - that is the question
    assert plain != step(OfFunction())


def test_an_operator_that_returns_the_object_returns_the_step() -> None:
    """Blocks and assignments with operators do not lead past the step."""
    marked = original = step(Money(3))
    with marked as entered:
        assert entered is marked

    async def enter() -> Any:
        async with marked as entered:
            return entered

    assert marked is asyncio.run(enter())
    marked += 2
    marked["a"] = 1
    del marked["b"]
    assert (original, 5) == (marked, marked.amount)
    assert ["entered", "left", "entered", "left", "a = 1", "del b"] == marked.log


@dataclass
class Unhashable:
    """Compares by value, so it has no hash."""

    number: int

    def __call__(self) -> int:
        return self.number


def test_what_an_object_cannot_do_its_step_cannot() -> None:
    """A step over an object without a hash has none, and one over an object without a length has none."""
    flow("f")(entrypoint(unhashable := step(Unhashable(1))))
    assert Unhashable(1) == unhashable
    with pytest.raises(TypeError, match="unhashable"):
        hash(unhashable)
    with pytest.raises(TypeError, match="len"):
        len(unhashable)


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_compares_as_copies_of_the_object_do(twin_of: Callable[[Any], Any]) -> None:
    """A copy is equal to what it was copied from, and is another object."""
    marked = step(Money(3))
    twin = twin_of(marked)
    assert (marked, 4) == (twin, twin(1))
    twin.amount = 4
    assert 3 == marked.amount


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_step_is_a_step(twin_of: Callable[[Any], Any]) -> None:
    """As a copied function is the decorated function, so a copied object is seen by observers."""
    steps: list[str] = []
    marked = flow("f").entrypoint(name="counted")(Money(3))
    with observing(lambda event: steps.append(event.step)):
        twin_of(marked)(1)
        twin_of([marked])[0](1)
    assert ["counted", "counted"] == steps


def test_a_descriptor_knows_its_name() -> None:
    """A callable object in a class is told its name there, and what it binds may be no callable at all."""

    class Field:
        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: Any = None) -> str:
            return f"{owner.__name__}.{self.name}"

        def __call__(self) -> None: ...

    class Shop:
        number = step(Field())

    assert "Shop.number" == Shop().number


def test_a_mock_can_be_a_step() -> None:
    """An object whose special methods are made when they are asked for has them as a step, too."""
    from unittest.mock import MagicMock

    mock = MagicMock()
    mock.__len__.return_value = 4
    marked = step(mock)
    assert (4, mock.return_value) == (len(marked), marked(1))
    mock.__len__.assert_called_once_with()
