"""A generator excuses only the runs in which it may have been handed on before it began."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from penstock import flow, flow_context
from verdicts import failures, states

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from penstock.observers.evidence import EvidenceObserver


def call_all(*calls: Callable[[], object]) -> None:
    """Call what is given."""
    for call in calls:
        call()


class Declared:
    """A flow in which a step comes after a generator only, and two entrypoints that are given what to call."""

    def __init__(self) -> None:
        handle = flow("f")
        self.go = handle.entrypoint(name="go")(call_all)
        self.other = handle.entrypoint(name="other")(call_all)
        self.helper = handle.step(after=["go", "other"], name="helper")(call_all)
        self.check = handle.step(after="rows", name="check")(call_all)

        @handle.step(after=["go", "other"])
        def rows() -> Iterator[int]:
            yield from range(2)

        @handle.step(after=["go", "other"])
        def load(items: Iterable[int]) -> None:
            self.check()
            list(items)

        self.rows, self.load = rows, load


OTHERS: dict[str, Callable[[Declared], object]] = {
    "handed on": lambda f: f.other(lambda: f.load(f.rows())),
    "consumed": lambda f: f.other(lambda: list(f.rows())),
    "consumed and then": lambda f: f.other(lambda: list(f.rows()), f.check),
    "alone": lambda f: list(f.rows()),
    "never begun": lambda f: f.rows(),
    "begun and left": lambda f: f.other(lambda: next(f.rows())),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_runs_without_the_generator_show_stands(other: str, observer: EvidenceObserver) -> None:
    """A run in which the generator does not begin has nothing to wait for, whatever other runs do."""
    declared = Declared()
    declared.go(declared.check)
    OTHERS[other](declared)
    assert "undeclared" == failures("f", observer.evidence())["go>check"]


def test_a_generator_that_is_handed_on_excuses_its_run(observer: EvidenceObserver) -> None:
    """What is called before it begins may be meant to come after it."""
    declared = Declared()
    declared.other(lambda: declared.load(declared.rows()))
    assert {} == failures("f", observer.evidence())
    assert "unexercised" == states("f", observer.evidence())["rows>check"]


def test_a_generator_that_has_ended_before_excuses_nothing(observer: EvidenceObserver) -> None:
    """Further out, and not pending any more: the arrow is indirect."""
    declared = Declared()
    declared.go(lambda: list(declared.rows()), lambda: declared.helper(declared.check))
    assert {"rows>check": "indirect", "helper>check": "undeclared"} == failures("f", observer.evidence())


def test_two_runs_inside_one(observer: EvidenceObserver) -> None:
    """A generator that begins in the second entrypoint of a run was not pending in the first."""
    declared = Declared()
    with flow_context():
        declared.go(declared.check)
        declared.other(lambda: list(declared.rows()))
    assert {"go>check": "undeclared"}.items() <= failures("f", observer.evidence()).items()


def test_a_generator_that_a_framework_consumes_after_the_entrypoint(observer: EvidenceObserver) -> None:
    """In a run that middleware began, it may have been handed on by what ran before."""
    declared = Declared()
    with flow_context():
        made: list[Any] = []
        declared.go(lambda: made.append(declared.rows()), declared.check)
        list(made[0])
    assert {} == failures("f", observer.evidence())


@pytest.mark.parametrize("begins", ["outside", "in another run"])
def test_a_generator_that_began_before_and_is_consumed_in_the_run(begins: str, observer: EvidenceObserver) -> None:
    """The run was handed it, so nothing is accused there."""
    declared = Declared()
    made = declared.rows()
    if begins == "outside":
        next(made)
    else:
        declared.other(lambda: next(made))
    declared.go(declared.check, lambda: [declared.check() for _ in made])
    assert "undeclared" not in failures("f", observer.evidence()).values()
    declared.go(declared.check)
    assert "undeclared" == failures("f", observer.evidence())["go>check"]


def test_an_entrypoint_that_is_a_generator_begins_its_own_run(observer: EvidenceObserver) -> None:
    """It was not waiting for anything in the run of another entrypoint."""
    handle = flow("f")

    @handle.step(after="stream")
    def build() -> None: ...

    @handle.entrypoint
    def stream() -> Iterator[None]:
        yield build()

    go = handle.entrypoint(name="go")(call_all)
    go(build)
    list(stream())
    assert {"stream>build": "confirmed", "go>build": "undeclared"} == states("f", observer.evidence())


def test_a_context_manager_below_excuses_no_other_caller(observer: EvidenceObserver) -> None:
    """A generator below @contextmanager comes before what the block does, and not before what others do."""
    handle = flow("f")

    @contextmanager
    @handle.step(after="go")
    def session() -> Iterator[None]:
        yield

    query = handle.step(after="session", name="query")(call_all)

    def use() -> None:
        with session():
            query()

    go = handle.entrypoint(name="go")(call_all)
    go(use)
    assert {"go>session": "confirmed", "session>query": "confirmed"} == states("f", observer.evidence())
    go(query)
    assert {"go>query": "undeclared"} == failures("f", observer.evidence())


def test_an_asynchronous_generator_excuses_no_other_caller(observer: EvidenceObserver) -> None:
    """The same with ``async for`` and ``async with``."""
    handle = flow("f")

    @handle.step(after="go")
    async def rows() -> AsyncIterator[int]:
        yield 1

    @asynccontextmanager
    @handle.step(after="go")
    async def session() -> AsyncIterator[None]:
        yield

    save = handle.step(after=["rows", "session"], name="save")(call_all)

    @handle.entrypoint
    async def go(*, alone: bool = False) -> None:
        if alone:
            return save()
        async for _ in rows():
            save()
        async with session():
            save()
        return None

    asyncio.run(go())
    assert {} == failures("f", observer.evidence())
    asyncio.run(go(alone=True))
    assert {"go>save": "undeclared"} == failures("f", observer.evidence())


def test_a_run_with_many_steps(observer: EvidenceObserver) -> None:
    """However many steps a run has, those before the generator are excused, and each is counted once."""
    declared = Declared()
    declared.go(*[declared.check] * 5000, lambda: list(declared.rows()), declared.check)
    counts = {(fact.step.step, *sorted(fact.circumstances.pending)): n for fact, n in observer.evidence().facts.items()}
    assert {("check", "rows"): 5000, ("check",): 1, ("rows",): 1} == counts
    assert {} == failures("f", observer.evidence())
