"""The recorder: in which company each step began, whatever kind of callable it is."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import sys
import threading
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from observed_steps import declare, facts, orphans, runs
from penstock import CarryingExecutor, add_observer, carry, entrypoint, flow, flow_context, observing, set_value, step
from penstock._recording.process_recorder import Recorder
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def test_parents_and_order(recorded: EvidenceObserver) -> None:
    """A fact has the nearest step around, and what had finished inside that before."""
    go, a, b, c = declare("a", "b", "c")
    go(a, lambda: b(c), a)
    assert {"f/go": 1} == runs(recorded)
    assert {
        "go>a after  () []": 1,
        "go>b after a () []": 1,
        "b>c after  (go) [a]": 1,
        "go>a after b,c () []": 1,
    } == facts(recorded)


def test_a_step_that_is_called_again_knows_what_finished_meanwhile(recorded: EvidenceObserver) -> None:
    """Its fact is the same as before only as long as nothing else has finished, inside the step around or beside it."""
    go, a, b, c, p = declare("a", "b", "c", "p")

    def calls() -> None:
        beside = carry(c)
        p(a, a, a, beside, a, a, b, a)

    go(calls)
    assert {
        "go>p after  () []": 1,
        "p>a after  (go) []": 3,
        "go>c after a () []": 1,
        "p>a after  (go) [c]": 2,
        "p>b after a (go) [c]": 1,
        "p>a after b (go) [c]": 1,
    } == facts(recorded)


def test_threads_that_finish_the_first_steps_of_one_lose_none(recorded: EvidenceObserver) -> None:
    """What they have finished is known to the next step, however many are first."""
    names = [f"s{number}" for number in range(8)]
    go, last, *steps = declare("last", *names)

    def calls() -> None:
        barrier = threading.Barrier(len(steps))
        with CarryingExecutor(ThreadPoolExecutor(len(steps))) as pool:
            list(pool.map(lambda one: one(barrier.wait), steps))
        last()

    for _ in range(20):
        go(calls)
    assert {f"go>last after {','.join(names)} () []": 20} == {
        fact: count for fact, count in facts(recorded).items() if fact.startswith("go>last")
    }


def test_helpers_are_seen_through(recorded: EvidenceObserver) -> None:
    """What is no step of the flow is as if it were not there, also a step of another flow."""
    go, a = declare("a")
    _, other = declare("other", of="g")
    go(lambda: list(map(other, [a])))
    assert {"go>a after  () []": 1} == facts(recorded)


def test_two_flows_at_once(recorded: EvidenceObserver) -> None:
    """A step in two flows has a fact in each, with the steps of that flow only."""

    @flow("g")
    @step(after="only")
    @flow("f")
    @step(after="go")
    def both() -> None: ...

    @flow("g")
    @step(after="h")
    def only() -> None:
        both()

    flow("g").entrypoint(name="h")(flow("f").entrypoint(name="go")(only))()
    assert {"go>both after  () []": 1} == facts(recorded)
    assert {"h>only after  () []": 1, "only>both after  (h) []": 1} == facts(recorded, "g")


def test_memory_follows_contexts_not_calls(recorded: EvidenceObserver) -> None:
    """Four thousand runs of two steps leave as much as ten: the counts are higher, and that is all."""
    go, a, b = declare("a", "b")
    for _ in range(10):
        go(a, b)
    few = recorded.evidence()
    tracemalloc.start()
    for _ in range(3_990):
        go(a, b)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    many = recorded.evidence()
    assert (few.facts.keys(), few.runs.keys()) == (many.facts.keys(), many.runs.keys())
    assert {4_000} == {*many.facts.values(), *many.runs.values()}
    assert grown < 50_000


def planned(first: Callable[..., Any], *, rounds: int) -> None:
    """Run a step, and all that plan each other from there on, until no round is left."""
    loop = asyncio.new_event_loop()
    first(loop, rounds)
    loop.run_forever()
    loop.close()


def ping_pong(at_the_end: Callable[[], object]) -> Callable[..., Any]:
    """Declare an entrypoint that plans a step, and two steps that plan each other."""
    handle = flow("f")

    @handle.entrypoint
    def start(loop: asyncio.AbstractEventLoop, left: int) -> None:
        loop.call_soon(ping, loop, left)

    @handle.step(after="start")
    def ping(loop: asyncio.AbstractEventLoop, left: int) -> None:
        loop.call_soon(pong, loop, left)

    @handle.step(after="ping")
    def pong(loop: asyncio.AbstractEventLoop, left: int) -> None:
        if left:
            loop.call_soon(ping, loop, left - 1)
            return
        at_the_end()
        loop.stop()

    return start


def test_steps_that_plan_each_other_do_not_keep_their_calls(recorded: EvidenceObserver) -> None:
    """Memory does not follow the rounds of two steps that plan each other, and late rounds say what early ones do."""
    sizes: list[int] = []
    start = ping_pong(lambda: sizes.append(tracemalloc.get_traced_memory()[0]))
    planned(start, rounds=3)
    few = facts(recorded)
    tracemalloc.start()
    planned(start, rounds=1000)
    planned(start, rounds=3000)
    tracemalloc.stop()
    assert few.keys() == facts(recorded).keys()
    assert 4 + 1001 + 3001 == sum(count for each, count in facts(recorded).items() if each.startswith("ping>pong"))
    assert sizes[2] - sizes[1] < 250_000


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("inner", ["f", "g"])
def test_each_round_of_a_step_that_plans_itself_costs_the_same(inner: str) -> None:
    """A late round takes as many calls as an early one, also with a step of another flow in it."""
    calls: Counter[int] = Counter()

    @flow(inner).step(name="inner")
    def within() -> None: ...

    @flow("f").step
    def tick(loop: asyncio.AbstractEventLoop, left: int) -> None:
        within()
        sys.setprofile(lambda _frame, event, _: calls.update([left] if event == "call" else []))
        loop.call_soon(tick, loop, left - 1) if left else loop.stop()

    before = sys.getprofile()
    try:
        planned(tick, rounds=900)
    finally:
        sys.setprofile(before)
    late, early = (min(calls[left] for left in lefts) for lefts in (range(10, 20), range(880, 890)))
    assert 0 < late == early


def test_recursion_makes_no_step_its_own_parent(recorded: EvidenceObserver) -> None:
    """A step inside itself has the parent that the first one has, also through another step."""
    go, a, b = declare("a", "b")
    go(lambda: a(lambda: a(b), a))
    go(lambda: a(lambda: b(a)))
    assert {parent for parent, _ in (each.split(" ")[0].split(">") for each in facts(recorded))} == {"go", "a", "b"}
    assert not [each for each in facts(recorded) if each.startswith(("a>a", "b>b"))]


def test_deep_recursion(recorded: EvidenceObserver) -> None:
    """Steps that call each other a hundred times over do not disturb."""
    handle = flow("f")

    @handle.entrypoint
    def even(depth: int) -> int:
        return odd(depth - 1) if depth else 0

    @handle.step(after="even")
    def odd(depth: int) -> int:
        return even(depth - 1) if depth else 0

    even(100)
    assert 50 == sum(count for each, count in facts(recorded).items() if each.startswith("even>odd"))


def test_a_step_that_fails_has_ended(recorded: EvidenceObserver) -> None:
    """A step that fails has ended all the same, and comes before its own second try only in the eyes of others."""
    go, b = declare("b")

    @flow("f").step(after="go", name="a")
    def fail() -> None:
        raise ValueError

    def retry() -> None:
        for _ in range(3):
            with pytest.raises(ValueError):  # noqa: PT011 - it has no words
                fail()
        b()

    go(retry)
    assert {"go>a after  () []": 3, "go>b after a () []": 1} == facts(recorded)


def test_steps_that_are_called_alone(recorded: EvidenceObserver) -> None:
    """A step that a test calls directly has lost nothing, also in a run that has no flow."""
    _, a = declare("a")
    a()
    with flow_context():
        a()
    assert {("a", False): 2} == orphans(recorded)


def test_a_run_of_which_the_beginning_was_not_seen(recorded: EvidenceObserver) -> None:
    """A run that has begun has steps; if none is around, its context was lost."""
    _, a = declare("a")
    with flow_context(flow="f"):
        a()
    assert {("a", True): 1} == orphans(recorded)


def tops(observer: EvidenceObserver) -> dict[str, int]:
    """Return the steps that began in a run with none around them, as ``step after done``."""
    return {
        f"{each.step.step} after {','.join(sorted(seen.step for seen in each.done))}": count
        for each, count in observer.evidence().orphans.items()
        if each.done is not None
    }


def test_steps_of_one_run_with_none_around(recorded: EvidenceObserver) -> None:
    """In a run that middleware began, a step knows what has finished in it before, and in what ran inside that."""
    go, a, b = declare("a", "b")
    for _ in range(2):
        with flow_context():
            go(a)
            set_value("more", 1)
            b()
            a()
    assert {"b after a,go": 2, "a after b,go": 2} == tops(recorded)
    assert {"go>a after  () []": 2} == facts(recorded)


def test_a_run_that_went_through_threads(recorded: EvidenceObserver) -> None:
    """What takes the context along is in the run, whichever thread it runs in; a bare thread has lost it."""
    go, a, b, c = declare("a", "b", "c")

    def in_thread(call: Callable[[], object]) -> None:
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    with flow_context():
        go()
        in_thread(functools.partial(contextvars.copy_context().run, a))
        in_thread(c)
        in_thread(functools.partial(contextvars.copy_context().run, b))
    assert {"a after go": 1, "b after a,go": 1} == tops(recorded)
    assert {"c"} == {each.step.step for each in recorded.evidence().orphans if each.done is None and each.concurrent}


def test_generators_of_a_run_with_no_step_around(recorded: EvidenceObserver) -> None:
    """A generator is done from its first item on, and went before the step that consumes it, which knows it inside."""
    handle = flow("f")

    @handle.entrypoint
    def session() -> Iterator[int]:
        yield 1

    @handle.step(after="session")
    def rows() -> Iterator[int]:
        yield from range(2)

    @handle.step(after="rows")
    def send(made: Iterable[int]) -> None:
        list(made)

    with flow_context():
        kept = session()
        next(kept)
        stream = rows()
        next(stream)
        send(stream)
        kept.close()
    with flow_context():
        kept = session()
        next(kept)
        send(rows())
        kept.close()
    assert {"rows after session": 1, "send after rows,session": 2} == tops(recorded)
    assert {"send>rows after session () [session]": 1} == facts(recorded)


def test_what_a_run_has_finished_is_further_away_than_the_step_around(recorded: EvidenceObserver) -> None:
    """Inside a step, what had finished in the run before that step began is outside of it."""
    go, a, b = declare("a", "b")
    with flow_context():
        go()
        a(b)
    assert {"a after go": 1} == tops(recorded)
    assert {"a>b after  () [go]": 1} == facts(recorded)


def test_runs_do_not_mix(recorded: EvidenceObserver) -> None:
    """What finished in one run has not in another, which may be going on at the same time."""
    go, a = declare("a")
    with flow_context(flow="f"):
        go()
        with flow_context(flow="f"):
            a()
    assert {"a after ": 1} == tops(recorded)


def test_an_observer_that_is_added_late() -> None:
    """Steps that began before are unknown, and what they call is not judged by their absence."""
    go, a = declare("a")
    observer = EvidenceObserver()
    go(lambda: add_observer(observer), a)
    assert ({}, {}, {("a", True): 1}) == (runs(observer), facts(observer), orphans(observer))
    go(a)
    assert {"go>a after  () []": 1} == facts(observer)


def test_nested_entrypoints(recorded: EvidenceObserver) -> None:
    """An entrypoint that is called in its own flow is a step in it; in another flow, it begins a run there."""
    go, a = declare("a")
    other = declare(of="g")[0]
    inner = flow("f").entrypoint(name="inner")(a)
    go(inner, lambda: other(a))
    assert {"go>inner after  () []": 1, "inner>a after  (go) []": 1, "go>a after inner () []": 1} == facts(recorded)
    assert {"f/go": 1, "g/go": 1} == runs(recorded)


class Desk:
    """Methods of all kinds."""

    @entrypoint
    def go(self) -> None:
        """Call them."""
        self.check()
        self.open()
        self.close()

    @step(after="go")
    def check(self) -> None: ...

    @step(after="check")
    @classmethod
    def open(cls) -> None: ...

    @step(after="open")
    @staticmethod
    def close() -> None: ...


def test_methods_are_steps(recorded: EvidenceObserver) -> None:
    """Methods, class methods and static methods are steps as functions are."""
    desk = flow("f")(Desk)
    desk().go()
    assert {
        "go>check after  () []": 1,
        "go>open after check () []": 1,
        "go>close after check,open () []": 1,
    } == facts(recorded)


def test_a_partial_is_the_step_that_it_calls(recorded: EvidenceObserver) -> None:
    """A partial is the step that it calls."""
    go, a = declare("a")
    go(functools.partial(a, lambda: None))
    assert {"go>a after  () []": 1} == facts(recorded)


def test_each_step_has_the_hash_of_its_source(recorded: EvidenceObserver) -> None:
    """Steps that were defined in a file have one, so that a later change can be told."""

    @flow("f")
    @entrypoint
    def start() -> None: ...

    start()
    ((_, seen),) = recorded.evidence().runs
    assert 16 == len(seen.source)


def test_a_recorder_can_forget(recorded: EvidenceObserver) -> None:
    """A recorder can forget."""
    go, a = declare("a")
    go(a)
    recorded.clear()
    assert ({}, {}, {}) == (facts(recorded), runs(recorded), orphans(recorded))


def test_a_file_is_written_whenever_something_is_new(tmp_path: Path) -> None:
    """As soon as the outermost step has ended, the file tells of it."""
    file = tmp_path / "evidence.json"
    go, a = declare("a")
    with observing(EvidenceObserver(file)):
        go()
        first = file.read_text()
        go(a)
    assert ('"a"' in first, '"a"' in file.read_text()) == (False, True)


def test_a_file_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The application goes on, and the log says it once."""
    (tmp_path / "no").write_text("a file, not a folder")
    go, a = declare("a")
    with observing(EvidenceObserver(tmp_path / "no" / "evidence.json")):
        go()
        go(a)
    assert ["penstock"] == [record.name for record in caplog.records]
    assert "no/evidence.json" in str(caplog.records[0].exc_info)


def test_what_a_process_of_a_pool_forgets() -> None:
    """It is in none of the steps in which it was forked, also where a step of another flow has kept the answer."""
    recorder, f, g = Recorder(), flow("f"), flow("g")

    @f.step
    def inner() -> None: ...

    @g.step
    def between() -> None:
        inner()
        recorder.detach()
        inner()

    @f.entrypoint
    def go() -> None:
        between()

    with observing(recorder):
        go()
    assert ({"go>inner after  () []": 1}, {("inner", True): 1}) == (
        facts(recorder),
        {k: v for k, v in orphans(recorder).items() if k[0] == "inner"},
    )
