"""A step has its function's own parameters, wherever a library looks for them."""

from __future__ import annotations

import functools
import inspect
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from penstock import entrypoint, flow, observing, step

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT = object()
KIND = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)
"""The flags of code that tell of parameters and of what a call gives."""


def nothing() -> Any:
    """Take nothing."""
    return {}


def positional(a: int, b: Any = DEFAULT, /) -> Any:
    """Take arguments by place only."""
    return {"a": a, "b": b}


def mixed(a: int, /, b: str = "b", *rest: float, key: bool, other: Any = DEFAULT, **more: object) -> Any:
    """Take arguments of every sort."""
    return {"a": a, "b": b, "rest": rest, "key": key, "other": other, **more}


def keywords(*, key: Any = DEFAULT, last: int) -> Any:
    """Take arguments by name only."""
    return {"key": key, "last": last}


def named_like_ours(target: int, mark: int, observers: int, args: int, kwargs: int, token: int, wrapper: int) -> Any:
    """Take arguments with names that wrappers have inside."""
    return dict(sorted(locals().items()))


def rest_only(*values: int) -> Any:
    """Take any number."""
    return {"values": values}


CALLS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (nothing, (), {}),
    (positional, (1,), {}),
    (positional, (1, 2), {}),
    (mixed, (1,), {"key": True}),
    (mixed, (1, "x", 2.0, 3.0), {"key": True, "other": 1, "a": 5, "z": 4}),
    (mixed, (1,), {"b": "y", "key": False}),
    (keywords, (), {"last": 1}),
    (keywords, (), {"last": 1, "key": 2}),
    (named_like_ours, (1, 2, 3), {"args": 4, "kwargs": 5, "token": 6, "wrapper": 7}),
    (rest_only, (1, 2), {}),
]
FUNCTIONS = [nothing, positional, mixed, keywords, named_like_ours, rest_only]


def as_coroutine(function: Callable[..., Any]) -> Any:
    """Return a coroutine function of the same parameters."""
    return compiled("async def", function, "return {}")


def as_generator(function: Callable[..., Any]) -> Any:
    """Return a generator function of the same parameters."""
    return compiled("def", function, "yield")


def as_async_generator(function: Callable[..., Any]) -> Any:
    """Return an asynchronous generator function of the same parameters."""
    return compiled("async def", function, "yield")


def compiled(what: str, function: Callable[..., Any], body: str) -> Any:
    """Return a function of another kind with a function's parameters."""
    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    text = str(inspect.Signature(parameters)).replace(repr(DEFAULT), "DEFAULT")
    space: dict[str, Any] = {"DEFAULT": DEFAULT}
    exec(f"{what} made{text}: {body}", space)
    return space["made"]


MARKS = [step, entrypoint, entrypoint(inherit=False), lambda function: flow("f")(entrypoint(step(function)))]


@pytest.mark.parametrize("mark", MARKS, ids=["step", "entrypoint", "apart", "both"])
@pytest.mark.parametrize("kind", [lambda function: function, as_coroutine, as_generator, as_async_generator])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_road_to_the_parameters(function: Any, kind: Any, mark: Any) -> None:
    """The specification, the code, the defaults and the signature are the function's own, followed or not."""
    function = kind(function)
    marked = mark(function)
    assert inspect.getfullargspec(function) == inspect.getfullargspec(marked)
    assert inspect.signature(function, follow_wrapped=False) == inspect.signature(marked, follow_wrapped=False)
    assert inspect.signature(function) == inspect.signature(marked)
    assert (function.__defaults__, function.__kwdefaults__) == (marked.__defaults__, marked.__kwdefaults__)
    code, made = function.__code__, marked.__code__
    for attribute in ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount"):
        assert getattr(code, attribute) == getattr(made, attribute)
    assert code.co_flags & KIND == made.co_flags & KIND
    count = len(inspect.signature(function).parameters)
    assert code.co_varnames[:count] == made.co_varnames[:count]


@pytest.mark.parametrize("observe", [False, True], ids=["nobody observes", "observed"])
@pytest.mark.parametrize("mark", MARKS, ids=["step", "entrypoint", "apart", "both"])
@pytest.mark.parametrize(("function", "args", "kwargs"), CALLS)
def test_arguments_arrive(function: Any, args: Any, kwargs: Any, mark: Any, observe: bool) -> None:
    """A call gives what the function gives, whatever its parameters are named."""
    marked = mark(function)
    with observing(lambda _: None) if observe else nullcontext():
        assert function(*args, **kwargs) == marked(*args, **kwargs)


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (nothing, (1,), {}),
        (positional, (), {}),
        (positional, (1,), {"b": 2}),
        (mixed, (1,), {}),
        (keywords, (1,), {}),
        (keywords, (), {"last": 1, "first": 2}),
    ],
)
def test_wrong_calls_say_what_the_function_says(function: Any, args: Any, kwargs: Any) -> None:
    """The message of Python names the function and its parameters."""
    with pytest.raises(TypeError) as plain:
        function(*args, **kwargs)
    with pytest.raises(TypeError) as marked:
        step(function)(*args, **kwargs)
    assert str(plain.value) == str(marked.value)


@pytest.mark.parametrize("kind", [as_coroutine, as_generator, as_async_generator])
def test_wrong_calls_are_told_at_once(kind: Any) -> None:
    """Also a coroutine function or generator tells of missing arguments when it is called, not when it runs."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        entrypoint(kind(positional))()


def test_a_decorator_that_gives_an_argument_is_below_no_other_signature() -> None:
    """What stands above a step and is asked for its own parameters does not answer with those of the step."""

    @step
    def save(connection: str, number: int) -> str:
        return f"{connection} {number}"

    @functools.wraps(save)
    def with_connection(*args: Any) -> str:
        return save("db", *args)

    assert (["args"], "db 1") == ([inspect.getfullargspec(with_connection).varargs], with_connection(1))


def test_changed_defaults_count() -> None:
    """Who changes the defaults of a step changes what it is called with."""

    @step
    def price(number: int = 1) -> int:
        return number

    price.__defaults__ = (2,)  # type: ignore[attr-defined]
    assert 2 == price()


def test_many_parameters() -> None:
    """There may be hundreds of them."""
    space: dict[str, Any] = {}
    exec(f"def many({', '.join(f'a{n}=0' for n in range(300))}, *, k=1): return a299 + k", space)
    assert 6 == step(space["many"])(a299=4, k=2)
