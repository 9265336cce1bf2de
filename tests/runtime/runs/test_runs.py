"""What a run is: one correlation ID from the entrypoint to its end, in whatever the entrypoint calls."""

from __future__ import annotations

import asyncio
import functools
import re
import types
from typing import TYPE_CHECKING, Any

import pytest

from asking_steps import VALID, ask, ask_later, twice, twice_later
from penstock import current_flow_id, entrypoint, get_value, set_value, step

if TYPE_CHECKING:
    from collections.abc import Callable


def test_no_run_no_id() -> None:
    """A step outside a run just runs, and there is no ID."""
    assert current_flow_id() is None
    assert ask() is None


def test_a_run_has_one_valid_id() -> None:
    """Everything in a run sees the same 32 hex digits, a valid trace-id; another run has other ones."""
    first, second = twice(), twice()
    assert 1 == len(set(first)) == len(set(second))
    assert VALID.fullmatch(str(first[0]))
    assert first != second


def test_a_coroutine_runs_too() -> None:
    """The same holds for coroutines, also after they have waited."""

    async def main() -> list[tuple[str | None, str | None]]:
        found = [await twice_later(), await twice_later()]
        assert current_flow_id() is None
        return found

    first, second = asyncio.run(main())
    assert 1 == len(set(first)) == len(set(second))
    assert VALID.fullmatch(str(first[0]))
    assert first != second


def test_a_nested_entrypoint_joins_the_run() -> None:
    """An entrypoint that is called in a run has the run's ID and leaves it as it is."""

    @entrypoint
    def outer() -> list[str | None]:
        return [*twice(), current_flow_id()]

    assert 1 == len(set(outer()))


def test_an_entrypoint_may_insist_on_a_run_of_its_own() -> None:
    """With inherit=False an entrypoint has a new ID, and the outer run has its own back afterwards."""

    @entrypoint(inherit=False)
    def inner() -> str | None:
        return ask()

    @entrypoint
    def outer() -> list[str | None]:
        return [current_flow_id(), inner(), current_flow_id(), inner()]

    before, one, after, two = outer()
    assert before == after
    assert 3 == len({before, one, two})


def test_a_coroutine_may_insist_on_a_run_of_its_own() -> None:
    """The same for coroutines."""

    @entrypoint(inherit=False)
    async def inner() -> str | None:
        return await ask_later()

    @entrypoint
    async def outer() -> list[str | None]:
        return [current_flow_id(), await inner(), current_flow_id()]

    before, one, after = asyncio.run(outer())
    assert before == after != one


def test_an_id_that_nobody_asked_for_before_is_the_outer_ones() -> None:
    """The ID is made when it is first asked for, wherever in the run that is."""

    @entrypoint(inherit=False)
    def inner() -> str | None:
        return current_flow_id()

    @entrypoint
    def outer() -> tuple[str | None, str | None, str | None]:
        return inner(), ask(), current_flow_id()

    other, asked, own = outer()
    assert asked == own != other


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_a_run_ends_with_any_exception(error: type[BaseException]) -> None:
    """Whatever leaves the entrypoint, the run is over and the exception is the same."""
    raised = error("x")

    @entrypoint
    def fail() -> None:
        assert current_flow_id()
        raise raised

    with pytest.raises(error) as caught:
        fail()
    assert raised is caught.value
    assert current_flow_id() is None


def test_an_exception_in_a_nested_run_gives_the_outer_id_back() -> None:
    """After a failed inner run the outer one goes on."""

    @entrypoint(inherit=False)
    def fail() -> None:
        raise ValueError(current_flow_id())

    @entrypoint
    def outer() -> tuple[str | None, str, str | None]:
        before = current_flow_id()
        with pytest.raises(ValueError, match=VALID) as caught:
            fail()
        return before, str(caught.value), current_flow_id()

    before, inner, after = outer()
    assert before == after != inner


def test_recursion_is_one_run() -> None:
    """An entrypoint that calls itself stays in its run."""

    @entrypoint
    def down(depth: int) -> set[str | None]:
        return {current_flow_id()} | (down(depth - 1) if depth else set())

    assert 1 == len(down(20))


def test_a_run_without_inheritance_recurses_into_new_runs() -> None:
    """With inherit=False each call is a run, and all IDs come back in order."""

    @entrypoint(inherit=False)
    def down(depth: int) -> list[str | None]:
        before = current_flow_id()
        below = down(depth - 1) if depth else []
        return [before, *below, current_flow_id()]

    found = down(5)
    assert 6 == len(set(found))
    assert found == found[::-1]


class Called:
    """Callable in two ways."""

    def __call__(self) -> str | None:
        return current_flow_id()

    @entrypoint
    def method(self) -> str | None:
        return ask()

    @classmethod
    @entrypoint
    def klass(cls) -> str | None:
        return ask()

    @entrypoint
    @staticmethod
    def static() -> str | None:
        return ask()


STARTS: dict[str, Callable[[], str | None]] = {
    "method": Called().method,
    "class method": Called.klass,
    "static method": Called.static,
    "object": entrypoint(Called()),
    "lambda": entrypoint(lambda *_: ask()),
    "builtin": entrypoint(current_flow_id),
    "marked twice": entrypoint(step(current_flow_id)),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_every_kind_of_callable_starts_runs(start: Callable[[], str | None]) -> None:
    """Methods, objects, lambdas and builtins start runs as functions do."""
    assert VALID.fullmatch(str(start()))
    assert start() != start()


def test_an_object_with_an_inherited_async_call_starts_a_run() -> None:
    """The run lasts until the coroutine is done."""

    class Base:
        async def __call__(self) -> str | None:
            return await ask_later()

    class Derived(Base): ...

    start = entrypoint(Derived())

    async def main() -> list[str | None]:
        return [await start(), await start()]

    first, second = asyncio.run(main())
    assert VALID.fullmatch(str(first))
    assert first != second


def test_a_generator_based_coroutine_can_still_be_awaited() -> None:
    """``types.coroutine`` functions stay awaitable, and their run lasts until they end."""

    @entrypoint
    @types.coroutine
    def old() -> Any:
        yield from asyncio.sleep(0).__await__()
        return current_flow_id()

    async def main() -> str | None:
        return await old()

    assert re.fullmatch("[0-9a-f]{32}", asyncio.run(main()) or "")


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as one does who forgets that a function may be a coroutine function."""

    @functools.wraps(function)
    def wrapper(*args: object) -> object:
        return function(*args)

    return wrapper


async def _names(fails: bool = False) -> list[str | None]:
    first = current_flow_id()
    await asyncio.sleep(0)
    if fails:
        raise ValueError(current_flow_id())
    return [first, current_flow_id()]


def test_a_coroutine_that_a_plain_decorator_returns_is_in_the_run() -> None:
    """The run lasts until the coroutine ends, in the caller, in a task, and when it fails; afterwards there is none."""
    start = entrypoint(plain(_names))

    async def main() -> list[str | None]:
        (first, second), (third, fourth) = await start(), await asyncio.create_task(start())
        assert (first, third, None) == (second, fourth, current_flow_id())
        with pytest.raises(ValueError, match=VALID):
            await start(True)
        return [first, third, current_flow_id()]

    first, third, after = asyncio.run(main())
    assert (True, None) == (first is not None and third is not None and first != third, after)


def test_what_a_plain_function_sets_is_there_in_its_coroutine() -> None:
    """The coroutine is in the same run as the function that returned it, with its ID and its values."""

    async def later(first: str | None) -> bool:
        return (first, 3) == (current_flow_id(), get_value("n"))

    @entrypoint
    def start() -> Any:
        set_value("n", 3)
        return later(current_flow_id())

    assert asyncio.run(start())


def test_a_coroutine_that_is_returned_and_not_awaited() -> None:
    """Python warns of it once, by its name; and not when it is closed, as that of a task cancelled early is."""
    start = entrypoint(plain(_names))
    with pytest.warns(RuntimeWarning, match="coroutine '_names' was never awaited") as warned:
        start()
    assert 1 == len(warned)
    start().close()

    async def main() -> bool:
        task = asyncio.create_task(start())
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(main())
