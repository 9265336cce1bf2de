"""Errors and durations of recorded steps, whatever kind of callable they are."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from observed_steps import declare
from penstock import carry, flow, flow_context, observing
from penstock.check.evidence import Fact, Orphan, load
from penstock.observers.evidence import EvidenceObserver
from recorded_runs import evidence, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from penstock.check.evidence import Evidence, Timing


@pytest.fixture
def measured() -> Iterator[EvidenceObserver]:
    """A recorder that observes, and measures."""
    observer = EvidenceObserver(times=True)
    with observing(observer):
        yield observer


def timings(found: Evidence, source: str = "production") -> dict[str, Timing]:
    """Return the timings by row: ``parent>step`` of a fact, ``step`` of a run, ``>step`` of an orphan."""

    def name(row: Any) -> str:
        if isinstance(row, Fact):
            return f"{row.parent.step}>{row.step.step}"
        return f">{row.step.step}" if isinstance(row, Orphan) else row[1].step

    return {name(row): timing for row, timing in dict(found.measurements).get(source, {}).items()}


def calls(found: Evidence, source: str = "production") -> dict[str, tuple[int, int]]:
    """Return how many calls were measured in each row, and how many of them failed."""
    return {name: (timing.durations.count, timing.errors) for name, timing in timings(found, source).items()}


def test_each_call_is_in_one_row(measured: EvidenceObserver) -> None:
    """An entrypoint is in the row of its run, a step in that of its fact, and one that was called alone in its own."""
    go, a, b = declare("a", "b")
    go(a, a, lambda: b(a))
    b()
    with flow_context("f"):
        a()
    found = measured.evidence()
    assert {"go", "go>a", "go>b", "b>a", ">b", ">a"} == calls(found).keys()
    rows = found.measurements["production"]
    assert {**found.facts, **found.orphans, **found.runs} == {row: rows[row].durations.count for row in rows}


def test_a_step_takes_no_less_than_what_it_calls(measured: EvidenceObserver) -> None:
    """Durations go from the beginning of a call to its end, in seconds."""
    go, a, b = declare("a", "b")
    go(lambda: a(b))
    medians = {name: timing.durations.quantile(0.5) for name, timing in timings(measured.evidence()).items()}
    assert 60 > medians["go"] >= medians["go>a"] >= medians["a>b"] > 0


def fail() -> None:
    """Raise."""
    raise ZeroDivisionError


def test_exceptions_are_errors_of_all_steps_that_they_leave(measured: EvidenceObserver) -> None:
    """A step that catches the exception has none."""
    go, a, b = declare("a", "b")

    def catch() -> None:
        with suppress(ZeroDivisionError):
            a(fail)

    go(lambda: b(catch))
    assert {"go": (1, 0), "go>b": (1, 0), "b>a": (1, 1)} == calls(measured.evidence())


def test_a_step_of_several_flows_is_measured_in_each(measured: EvidenceObserver) -> None:
    """Each flow has its own row."""
    go, _ = declare("a")
    step = flow("g").entrypoint(flow("f").step(after="go", name="both")(fail))
    with suppress(ZeroDivisionError):
        go(step)
    found = measured.evidence()
    assert {"go": (1, 1), "go>both": (1, 1)} == calls(found.of("f"))
    assert {"fail": (1, 1)} == calls(found.of("g"))


@pytest.mark.parametrize("way", ["exhausted", "closed", "failed"])
def test_a_generator_is_measured_from_its_first_item_to_its_end(way: str, measured: EvidenceObserver) -> None:
    """What consumes the items runs meanwhile, and counts; to stop early is no error."""
    go, b = declare("b")

    @flow("f").step(after="go")
    def rows() -> Iterator[int]:
        yield 1
        if way == "failed":
            fail()

    def consume() -> None:
        items = rows()
        next(items)
        b()
        assert "go>rows" not in calls(measured.evidence())
        with suppress(StopIteration, ZeroDivisionError):
            items.close() if way == "closed" else next(items)

    go(consume)
    by_name = timings(measured.evidence())
    assert (1, int(way == "failed")) == calls(measured.evidence())["go>rows"]
    assert by_name["go>rows"].durations.quantile(1) >= by_name["go>b"].durations.quantile(1)


def test_asynchronous_steps_are_measured(measured: EvidenceObserver) -> None:
    """A coroutine is measured until it returns, an asynchronous generator until it is exhausted."""
    handle = flow("f")

    @handle.step(after="go")
    async def rows() -> AsyncIterator[int]:
        yield 1

    @handle.step(after="rows")
    async def check() -> None:
        await asyncio.sleep(0)

    @handle.entrypoint
    async def go() -> None:
        async for _ in rows():
            await check()

    asyncio.run(go())
    assert {"go": (1, 0), "go>rows": (1, 0), "go>check": (1, 0)} == calls(measured.evidence())


def test_a_cancelled_step_has_failed(measured: EvidenceObserver) -> None:
    """A coroutine that is cancelled has not done its work; the span of OpenTelemetry has an error, too."""

    @flow("f").entrypoint
    async def go() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(go())
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert {"go": (1, 1)} == calls(measured.evidence())


def test_threads_are_measured(measured: EvidenceObserver) -> None:
    """Steps in several threads lose no call."""
    go, a = declare("a")

    def work() -> None:
        for _ in range(700):
            a()

    def start() -> None:
        threads = [threading.Thread(target=carry(work)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    go(start)
    assert {"go": 1, "go>a": 2800} == _count_by_name(measured.evidence())


def _count_by_name(found: Evidence) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row, timing in found.measurements["production"].items():
        name = f"{row.parent.step}>{row.step.step}" if isinstance(row, Fact) else row[1].step
        counts[name] = counts.get(name, 0) + timing.durations.count
    return counts


def test_what_runs_without_a_replaced_step_is_not_measured(app: Any, measured: EvidenceObserver) -> None:
    """It would be faster than in reality, however the step is replaced."""
    with mock.patch("app.charge"):
        app.lend()
    charge, app.charge = app.charge, lambda: None
    app.lend()
    app.charge = charge
    assert {} == calls(measured.evidence())
    app.lend()
    assert (1, 0) == calls(measured.evidence())["lend"]


def test_a_fact_that_is_doubted_later_stays_one_row(measured: EvidenceObserver) -> None:
    """A generator that begins later adds circumstances to facts, and measurements have none."""
    go, a = declare("a")

    @flow("f").step(after="go")
    def rows() -> Iterator[int]:
        yield 1

    go(a, lambda: list(rows()), a)
    assert 2 == _count_by_name(measured.evidence())["go>a"]
    assert all(not any(row.circumstances) for row in _fact_rows(measured.evidence()))


def _fact_rows(found: Evidence) -> list[Fact]:
    return [row for row in found.measurements["production"] if isinstance(row, Fact)]


def test_nothing_is_measured_unless_asked_for() -> None:
    """Evidence has the period of its runs, and the same bytes for the same runs of a day."""
    go, a = declare("a")
    with observing(EvidenceObserver(source="tests")) as observer:
        assert isinstance(observer, EvidenceObserver)
        go(a)
    found = observer.evidence()
    assert ({}, {"tests"}) == (found.measurements, {*found.periods})
    assert found.periods["tests"].last in found.commits.values()
    assert {} == EvidenceObserver(times=True).evidence().periods


def test_a_frozen_clock_does_not_stop_the_measurement(measured: EvidenceObserver) -> None:
    """Tests that freeze the time change the clock of all modules; a duration is what really passed."""
    go, a = declare("a")
    with mock.patch("time.perf_counter_ns", return_value=0):
        go(lambda: a(lambda: sum(range(1000))))
    assert timings(measured.evidence())["go>a"].durations.quantile(0.5) > 2e-9


def test_durations_alone_do_not_write_the_file(tmp_path: Path) -> None:
    """A file is written for a new observation, not for each run; to write it by hand writes all."""
    go, a = declare("a")
    file = tmp_path / "evidence.json"
    observer = EvidenceObserver(file, times=True)
    with observing(observer):
        go(a)
        go(a)
    assert {"go": (1, 0), "go>a": (1, 0)} == calls(load(file))
    observer.write()
    assert {"go": (2, 0), "go>a": (2, 0)} == calls(load(file))


TEST = """
import subprocess, sys, shop
def test_it():
    subprocess.run([sys.executable, "-c", "import shop; shop.handle()"], check=True)
    shop.handle()
"""


@pytest.mark.parametrize("way", ["option", "setting"])
def test_tests_are_measured_in_all_processes(way: str, folder: Path) -> None:
    """The option, or pytest's setting, measures what tests and the processes below them run."""
    if way == "setting":
        (folder / "pytest.ini").write_text("[pytest]\npenstock_times = true\n")
    run(folder, TEST, "--penstock" if way == "setting" else "--penstock-times")
    assert {"handle": (2, 0), "handle>validate": (2, 0), "handle>charge": (2, 0)} == calls(evidence(folder), "tests")
