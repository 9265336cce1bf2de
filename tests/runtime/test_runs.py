"""What a run is: one correlation ID from the entrypoint to its end, in whatever the entrypoint calls."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import re
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from penstock import add_observer, carry, current_flow_id, entrypoint, get_value, set_value, step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VALID = re.compile(r"(?!0{32})[0-9a-f]{32}")


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"], autouse=True)
def observed(request: pytest.FixtureRequest) -> bool:
    """Run every test on the fast path and on the slow one."""
    if request.param:
        add_observer(lambda event: lambda error: None)
    return bool(request.param)


@pytest.fixture(autouse=True)
def _no_run() -> Iterator[None]:
    """No test leaves a run behind."""
    assert current_flow_id() is None
    yield
    assert current_flow_id() is None


@step
def ask() -> str | None:
    """Return the ID that a step sees."""
    return current_flow_id()


@entrypoint
def twice() -> tuple[str | None, str | None]:
    """Return what the run's start and a step in it see."""
    return current_flow_id(), ask()


@step
async def ask_later() -> str | None:
    """Return the ID that a coroutine sees after it has waited."""
    await asyncio.sleep(0)
    return current_flow_id()


@entrypoint
async def twice_later() -> tuple[str | None, str | None]:
    """Return what a coroutine's run and a step in it see."""
    first = current_flow_id()
    await asyncio.sleep(0)
    return first, await ask_later()


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


def gathered(work: Callable[[], Any]) -> Any:
    """Return a coroutine function that runs some work five times at once."""

    async def main() -> list[Any]:
        return await asyncio.gather(*(work() for _ in range(5)))

    return main


def test_concurrent_runs_have_ids_of_their_own() -> None:
    """Runs that take turns in one event loop do not mix."""
    found = asyncio.run(gathered(twice_later)())
    assert all(first == second for first, second in found)
    assert 5 == len({first for first, _ in found})


def test_concurrent_steps_share_their_run() -> None:
    """What a run gathers, puts into task groups, tasks and threads has the run's ID."""

    @entrypoint
    async def start() -> set[str | None]:
        found = {*await gathered(ask_later)(), await asyncio.create_task(ask_later()), await asyncio.to_thread(ask)}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask_later()) for _ in range(3)]
        return {*found, *(task.result() for task in tasks), current_flow_id()}

    (only,) = asyncio.run(start())
    assert VALID.fullmatch(str(only))


def test_a_task_that_outlives_its_run_keeps_the_id() -> None:
    """A background task belongs to the run that started it, and nothing else does."""

    async def background() -> str | None:
        await asyncio.sleep(0.01)
        return ask()

    @entrypoint
    async def start() -> tuple[str | None, asyncio.Task[str | None]]:
        return current_flow_id(), asyncio.create_task(background())

    async def main() -> None:
        expected, task = await start()
        assert current_flow_id() is None
        assert expected == await task

    asyncio.run(main())


def test_a_cancelled_run_is_over() -> None:
    """Cancelling ends the run as any exception does, and the canceller sees no ID."""
    seen: list[str | None] = []

    @entrypoint
    async def wait() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            seen.append(current_flow_id())

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert current_flow_id() is None

    asyncio.run(main())
    assert VALID.fullmatch(str(seen[0]))


def test_a_coroutine_closed_in_another_context_does_no_harm() -> None:
    """Closing a coroutine where it never ran neither raises nor changes the run there."""

    @types.coroutine
    def pause() -> Iterator[None]:
        yield

    @entrypoint(inherit=False)
    async def wait() -> None:
        await pause()

    @entrypoint
    def outer() -> set[str | None]:
        before = current_flow_id()
        running = wait()
        contextvars.copy_context().run(running.send, None)
        running.close()
        return {before, current_flow_id()}

    assert 1 == len(outer())


def test_threads_that_ask_at_once_get_one_id() -> None:
    """Several threads of a run that ask for its ID for the first time agree."""
    together = threading.Barrier(8)

    def wait_and_ask() -> str | None:
        together.wait(600)
        return current_flow_id()

    @entrypoint
    def start() -> set[str | None]:
        with ThreadPoolExecutor(8) as pool:
            contexts = [contextvars.copy_context() for _ in range(8)]
            return {future.result(10) for future in [pool.submit(c.run, wait_and_ask) for c in contexts]}

    for _ in range(20):
        assert 1 == len(start())


def test_a_plain_thread_has_no_run_of_its_own_making() -> None:
    """Runs in different threads do not see each other."""

    @entrypoint
    def start() -> str | None:
        return ask()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: start(), range(40)))
    assert 40 == len(set(found))


def test_a_copied_context_carries_the_run() -> None:
    """Whatever runs in a copy of the context is in the run, also when the run is over."""

    @entrypoint
    def start() -> tuple[str | None, contextvars.Context]:
        return current_flow_id(), contextvars.copy_context()

    expected, context = start()
    assert expected == context.run(ask)
    assert ask() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_processes_make_ids_of_their_own() -> None:
    """Processes that share their beginning do not share the IDs of later runs, but that of a run under way."""

    @entrypoint
    def start() -> tuple[str, str]:
        mine = str(current_flow_id())
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, f"{current_flow_id()} {contextvars.Context().run(twice)[0]}".encode())
            os._exit(0)
        os.waitpid(child, 0)
        joined, new = os.read(read, 100).decode().split()
        os.close(read)
        os.close(write)
        assert mine == joined
        return new, str(contextvars.Context().run(twice)[0])

    childs, parents = start()
    assert childs != parents


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


def after_the_run(function: Callable[[], Any], value: str | None = None) -> tuple[str | None, Any]:
    """Return a run's ID, and what a function returns in a context that has outlived the run."""
    kept: list[contextvars.Context] = []

    @entrypoint
    def served() -> str | None:
        if value is not None:
            set_value("tenant", value)
        kept.append(contextvars.copy_context())
        return current_flow_id()

    return served(), kept[0].run(function)


@pytest.mark.parametrize("value", [None, "acme"])
@pytest.mark.parametrize("inherit", [True, False])
def test_what_goes_on_after_a_run_joins_it(inherit: bool, value: str | None) -> None:
    """An entrypoint in a context that has outlived a run joins that, unless it never joins one."""
    before, after = after_the_run(entrypoint(inherit=inherit)(current_flow_id), value)

    assert VALID.fullmatch(str(after))
    assert inherit == (before == after)


def test_a_coroutine_joins_the_run_that_it_outlives() -> None:
    """The same for coroutines."""

    @entrypoint
    async def later() -> str | None:
        return await ask_later()

    before, after = after_the_run(lambda: asyncio.run(later()))

    assert before == after


def test_a_generator_joins_the_run_that_it_outlives() -> None:
    """The same for generators."""

    @entrypoint
    def ids() -> Iterator[str | None]:
        yield current_flow_id()

    before, (after,) = after_the_run(lambda: list(ids()))

    assert before == after


def test_steps_stay_in_a_run_that_is_over() -> None:
    """A step in a task that goes on after the run still has its ID."""
    before, after = after_the_run(ask)

    assert before == after


def test_what_is_carried_joins_a_run_that_is_over() -> None:
    """A function that was bound to a run on purpose belongs to it, and so do the entrypoints that it calls."""
    carried: list[Callable[[], Any]] = []

    @entrypoint
    def start() -> str | None:
        carried.append(carry(twice))
        return current_flow_id()

    before = start()

    assert (before, before) == carried[0]()


def test_a_generator_that_joined_does_not_end_the_run() -> None:
    """A run that a generator has joined, and set a value in, goes on after the generator."""

    @entrypoint
    def items() -> Iterator[None]:
        set_value("tenant", "acme")
        yield

    @entrypoint
    def outer() -> list[str | None]:
        list(items())
        return [current_flow_id(), *twice()]

    assert 1 == len({*outer()})


def test_a_coroutine_that_was_returned_is_still_in_the_run() -> None:
    """A run lasts until the coroutine has ended that its entrypoint returned."""

    async def body() -> list[str | None]:
        return [current_flow_id(), *twice()]

    @entrypoint
    def start() -> Any:
        return body()

    assert 1 == len({*asyncio.run(start())})
