"""A step that is called outside every run accuses nothing, and loses nothing: there is nothing to lose."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from penstock import carry, flow, flow_context
from verdicts import failures, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.observers.evidence import EvidenceObserver


def call_all(*calls: Callable[[], object]) -> None:
    """Call what is given."""
    for call in calls:
        call()


def orphans(observer: EvidenceObserver) -> dict[tuple[str, bool], int]:
    """Return the steps that began alone, and whether they seem to have lost their context."""
    return {(each.step.step, each.concurrent): count for each, count in observer.evidence().orphans.items()}


def runs(observer: EvidenceObserver) -> dict[str, int]:
    """Return how often each entrypoint began a run."""
    return {step.step: count for (_, step), count in observer.evidence().runs.items()}


def queue_in_immediate_mode(*, inherit: bool = True) -> Any:
    """Declare a queue that executes a task at once when it is enqueued, which a task may do, too."""
    handle = flow("f")

    @handle.entrypoint(inherit=inherit)
    def execute(left: int) -> None:
        work(left)
        if left:
            enqueue(left - 1)

    @handle.step(after="execute")
    def work(left: int) -> None: ...

    @handle.step(after="work")
    def enqueue(left: int) -> None:
        execute(left)

    return execute, work, enqueue


@pytest.mark.parametrize("inherit", [True, False])
@pytest.mark.parametrize("left", [0, 2])
def test_an_entrypoint_begins_its_run_wherever_it_is_called(
    left: int, inherit: bool, observer: EvidenceObserver
) -> None:
    """What calls an entrypoint outside of any run comes before the run, and not in it."""
    execute, _, enqueue = queue_in_immediate_mode(inherit=inherit)
    enqueue(left)
    assert {} == failures("f", observer.evidence())
    assert runs(observer)["execute"] == (1 if inherit else left + 1)
    execute(left)
    assert {} == failures("f", observer.evidence())


def test_what_is_around_a_run_explains_and_excuses_nothing_in_it(observer: EvidenceObserver) -> None:
    """A step that called an entrypoint outside of any run is none of the steps around in the run."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)
    before = handle.step(after="go", name="before")(call_all)
    late = handle.step(after="before", name="late")(call_all)
    go(before)
    before(lambda: go(late))
    assert {"go>late": "undeclared", "before>late": "never-seen"} == failures("f", observer.evidence())


def test_an_entrypoint_that_a_step_in_a_run_of_another_flow_calls(observer: EvidenceObserver) -> None:
    """It joins the run, and begins its own flow there."""
    web, batch = flow("web"), flow("batch")
    request = web.entrypoint(name="request")(call_all)
    build = web.step(after="request", name="build")(call_all)
    nightly = batch.entrypoint(name="nightly")(call_all)
    nightly(lambda: build(lambda: request(build)))
    assert ({"request>build": "confirmed"}, {"nightly": 1, "request": 1}) == (
        states("web", observer.evidence()),
        runs(observer),
    )


def test_an_entrypoint_with_a_run_of_its_own_inside_another_step(observer: EvidenceObserver) -> None:
    """With ``inherit=False`` it begins a run wherever it is called, and still comes before what follows."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)
    job = handle.entrypoint(name="job", inherit=False)(call_all)
    step = handle.step(after="go", name="step")(call_all)
    report = handle.step(after="job", name="report")(call_all)
    go(lambda: step(job, report))
    assert {"go>step": "confirmed", "job>report": "confirmed"} == states("f", observer.evidence())
    assert {"go": 1, "job": 1} == runs(observer)


def test_an_entrypoint_that_joins_a_run_has_to_be_explained(observer: EvidenceObserver) -> None:
    """In a run of its flow, an entrypoint that joins is a step like another."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)
    job = handle.entrypoint(name="job")(call_all)
    step = handle.step(after="go", name="step")(call_all)
    go(lambda: step(job))
    assert {"step>job": "undeclared"} == failures("f", observer.evidence())


@pytest.mark.parametrize("carried", [False, True])
def test_what_runs_in_a_step_that_is_called_alone(carried: bool, observer: EvidenceObserver) -> None:
    """It may confirm an arrow, and accuses none."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)
    a = handle.step(after="go", name="a")(call_all)
    b = handle.step(after="go", name="b")(call_all)
    c = handle.step(after="a", name="c")(call_all)
    thread = threading.Thread(target=carry(lambda: a(b, c)) if carried else lambda: a(b, c))
    thread.start()
    thread.join()
    a(b, c)
    assert {"go>a", "go>b", "a>c"} == states("f", observer.evidence()).keys()
    assert "confirmed" == states("f", observer.evidence())["a>c"]
    go(lambda: a(b))
    assert {"a>b": "undeclared"} == {
        arrow: state for arrow, state in failures("f", observer.evidence()).items() if state == "undeclared"
    }


def recursive() -> Any:
    """Declare a flow with a step that calls itself, and an arrow that is wrong."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)

    @handle.step(after="go")
    def walk(tree: list[Any]) -> None:
        for each in tree:
            walk(each)

    second = handle.entrypoint(name="second")(call_all)
    leaf = handle.step(after="walk", name="leaf")(call_all)
    go(lambda: walk([[]]))
    second(leaf)
    return walk


@pytest.mark.parametrize("way", ["plain", "thread", "two threads", "tasks", "generator", "in a run"])
def test_a_recursive_step_that_is_called_alone(way: str, observer: EvidenceObserver) -> None:
    """It has lost nothing when it calls itself, and silences nothing."""
    walk, tree = recursive(), [[[]], []]
    if way == "plain":
        walk(tree)
        assert {("walk", False): 1} == orphans(observer)
    elif way == "in a run":
        with flow_context():
            walk(tree)
    elif way == "tasks":

        async def main() -> None:
            await asyncio.gather(asyncio.to_thread(walk, tree), asyncio.to_thread(walk, tree))

        asyncio.run(main())
    else:
        threads = [threading.Thread(target=walk, args=(tree,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {"second>leaf": "undeclared", "walk>leaf": "never-seen"} == failures("f", observer.evidence())


def test_a_recursive_generator_that_is_called_alone(observer: EvidenceObserver) -> None:
    """The inner generators are the same step."""
    handle = flow("f")

    @handle.step(after="go")
    def walk(tree: list[Any]) -> Iterator[int]:
        yield 1
        for each in tree:
            yield from walk(each)

    list(walk([[[]], []]))
    assert {("walk", False): 1} == orphans(observer)


def test_two_steps_that_call_each_other_alone(observer: EvidenceObserver) -> None:
    """Neither the one nor the other has lost its context, and neither is accused."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)

    @handle.step(after="go")
    def expression(depth: int) -> None:
        if depth:
            factor(depth - 1)

    @handle.step(after="expression")
    def factor(depth: int) -> None:
        if depth:
            expression(depth - 1)

    factor(4)
    expression(4)
    assert ({("factor", False): 1, ("expression", False): 1}, {}) == (
        orphans(observer),
        failures("f", observer.evidence()),
    )
    go(lambda: expression(4))
    assert {"go>expression": "confirmed", "expression>factor": "confirmed"} == states("f", observer.evidence())


def test_a_step_that_runs_alone_twice_at_once(observer: EvidenceObserver) -> None:
    """A step that is called alone has lost nothing when the other one that is running is alone, too."""
    handle = flow("f")

    @handle.step(after="go")
    async def load() -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(load(), load())

    asyncio.run(main())
    assert {("load", False): 2} == orphans(observer)


def test_what_ran_in_a_call_of_the_same_step_has_run_in_it(observer: EvidenceObserver) -> None:
    """A step that comes after what a recursive step has done inside its own inner call is explained."""
    handle = flow("f")
    go = handle.entrypoint(name="go")(call_all)
    leaf = handle.step(after="walk", name="leaf")(call_all)
    close = handle.step(after="leaf", name="close")(call_all)

    @handle.step(after="go")
    def walk(depth: int) -> None:
        if depth:
            walk(depth - 1)
            close()
        else:
            leaf()

    go(lambda: walk(2))
    assert {"go>walk", "walk>leaf", "leaf>close"} == states("f", observer.evidence()).keys()
    assert {} == failures("f", observer.evidence())


def blocks() -> Any:
    """Declare a context manager and a function, both of which begin a run."""
    client = flow("f")

    @client.entrypoint
    def request() -> None:
        build()

    @client.entrypoint
    @contextmanager
    def stream(*, own: bool = False) -> Iterator[None]:
        build()
        if own:
            request()
        yield

    @client.step(after=["request", "stream"])
    def build() -> None: ...

    @client.entrypoint
    def job() -> None:
        build()
        with stream():
            request()

    return request, stream, job


def test_a_block_is_no_code_of_its_context_manager(observer: EvidenceObserver) -> None:
    """An entrypoint that is called in a block begins there, as if nothing were around it."""
    request, stream, _ = blocks()
    with stream(), stream():
        request()
    assert ({}, {"stream": 2, "request": 1}) == (failures("f", observer.evidence()), runs(observer))


@pytest.mark.parametrize("call", ["own", "job"])
def test_code_of_a_step_that_calls_an_entrypoint(call: str, observer: EvidenceObserver) -> None:
    """What a context manager calls itself, or a step in a block of its own, is called by a step."""
    _, stream, job = blocks()
    if call == "job":
        job()
    else:
        with stream(own=True):
            pass
    assert "undeclared" == failures("f", observer.evidence())["stream>request"]
