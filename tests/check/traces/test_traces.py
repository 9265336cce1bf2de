"""Evidence from traces: the same verdict as the recorder's, from files as others write them."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from otlp import GO, exported, request, shown, span, told
from penstock import entrypoint, flow, get_flow, observing, step
from penstock.check.evidence import Fact, Orphan, Seen
from penstock.check.traces.otlp import OTLP
from penstock.check.traces.reader import Damage, read
from penstock.check.verdict.judgement import judge
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.evidence import Evidence


def test_a_trace(file: Path) -> None:
    """Parents may be further out, and what has ended before is done."""
    found = told(file, request(span("a", 10, 20, "go"), span("b", 20, 30, "x.y"), span("x.y", 15, 40, "go"), GO))
    go, a, b = Seen("go"), Seen("a"), Seen("b")
    expected = {Fact("f", a, go): 1, Fact("f", b, go, frozenset({a})): 1}
    assert (expected, {("f", go): 1}, {}) == (found.facts, found.runs, found.orphans)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((10, 20), (20, 30), "go>b after a"),
        ((10, 21), (20, 30), "go>b after "),
        ((10, 10), (10, 10), "go>b after a"),
        ((10, 20), (20, 20), "go>b after a"),
        ((5, 1), (6, 7), "go>b after a"),
    ],
    ids=["before", "overlapping", "a clock that stands still", "no time", "a clock that goes backwards"],
)
def test_a_step_is_done_before_what_begins_later(
    a: tuple[int, int], b: tuple[int, int], expected: str, file: Path
) -> None:
    """A step is done when it has ended before another begins; at one moment, in the order of the file."""
    assert expected in shown(told(file, request(span("a", *a, "go"), span("b", *b, "go"), GO)))


def test_spans_in_any_order_over_lines_and_files(tmp_path: Path) -> None:
    """Traces that interleave over lines and files are put together again."""
    traces = [f"{number:032x}" for number in range(1, 60)]
    spans = [
        {**each, "traceId": trace}
        for trace in traces
        for each in (span("a", 10, 20, "go"), span("b", 20, 30, "a"), span("c", 40, 50, "go"), GO)
    ]
    random.Random(17).shuffle(spans)
    files = [tmp_path / "1", tmp_path / "2"]
    for number, path in enumerate(files):
        path.write_text("\n".join(request(each) for each in spans[number::2]))
    found = read(files, OTLP, Damage())
    assert {"go>a after ", "a>b after ", "go>c after a,b"} == shown(found)
    assert ({59}, 59) == ({*found.facts.values()}, sum(found.runs.values()))


def test_a_span_that_was_sent_twice_counts_once(file: Path) -> None:
    """Exporters try again, and files may be given twice."""
    line = request(span("a", 10, 20, "go"), GO)
    assert told(file, line, line) == told(file, line)


@pytest.mark.parametrize("trace", ["1", "2"], ids=["in the same trace", "in another trace"])
def test_links_are_parents_where_there_is_no_other(trace: str, file: Path) -> None:
    """A message that begins a trace of its own belongs to the step that sent it."""
    sent = span("b", 200, 210, trace=trace, link="a", linked="1")
    found = told(
        file, request(sent), request(span("c", 201, 205, "b", trace=trace)), request(span("a", 1, 2, "go"), GO)
    )
    assert {"go>a after ", "a>b after ", "b>c after "} == shown(found)


def test_a_long_chain_of_links(file: Path) -> None:
    """Traces that are linked one to the other, without end, neither overflow nor take for ever."""
    chain = [span("a", n, n, trace=f"{n + 1:x}", step=f"a{n % 3}", link="a", linked=f"{n:x}") for n in range(3000)]
    assert {"a0>a1", "a1>a2", "a2>a0"} == {each.partition(" ")[0] for each in shown(told(file, request(*chain)))}


def test_a_step_of_several_flows(file: Path) -> None:
    """Each flow has its own facts."""
    found = told(file, request(span("a", 1, 2, "go", penstock_flows=["f", "g"]), {**GO}))
    assert {("f", "a", "go")} == {(fact.flow, fact.step.step, fact.parent.step) for fact in found.facts}
    assert {Orphan("g", Seen("a"), concurrent=False): 1} == found.orphans


def test_a_step_is_never_its_own_parent(file: Path) -> None:
    """Recursion and retries are not arrows."""
    spans = (span("a", 1, 9, "go"), span("a", 2, 8, "a", number="2"), span("b", 3, 4, "a2"), GO)
    assert {"go>a after ", "go>a after b".replace(" after b", " after "), "a>b after "} == shown(
        told(file, request(*spans))
    )


@pytest.mark.parametrize("spans", [[span("a", 1, 2, "b"), span("b", 1, 2, "a")], [span("a", 1, 2, "a")]])
def test_spans_around_each_other(spans: list[dict[str, Any]], file: Path) -> None:
    """Spans that are each other's parents, or their own, do not hang the reader."""
    assert sum(told(file, request(*spans)).orphans.values()) == 1


def test_steps_alone(file: Path) -> None:
    """A step whose parent is missing has lost its context, and so has one that began while its flow was running."""
    lost = span("lost", 10, 20, "gone", trace="2")
    beside, alone = span("beside", 50, 60, trace="3"), span("alone", 500, 600, trace="4")
    found = told(file, request(lost, beside, alone, GO))
    assert {("lost", True), ("beside", True), ("alone", False)} == {
        (each.step.step, each.concurrent) for each in found.orphans
    }


def test_a_generator_is_done_from_its_beginning(file: Path) -> None:
    """A generator counts as done from its beginning, for those who consume it, too."""
    spans = [
        span("rows", 20, 90, "load", penstock_lazy=True),
        span("save", 30, 40, "load"),
        span("load", 10, 95, "go"),
        GO,
    ]
    assert {"go>load after rows", "load>rows after go", "load>save after rows"} == shown(told(file, request(*spans)))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"vcs_ref.head.revision": "3f2a1c", "service_version": "1.2"}, {"3f2a1c": "2026-11-18"}),
        ({"service_version": "1.2"}, {"1.2": "2026-11-18"}),
        ({}, {"": "2026-11-18"}),
    ],
    ids=["commit", "version", "nothing"],
)
def test_what_was_deployed(resource: dict[str, str], expected: dict[str, str], file: Path) -> None:
    """The commit that the resource tells, else its version, is in the evidence, with the day of its last span."""
    assert expected == told(file, request(GO, **resource)).commits


@pytest.fixture
def both() -> Iterator[tuple[EvidenceObserver, Any]]:
    """A recorder and a real exporter, side by side."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from penstock.observers.otel import OpenTelemetryObserver

    exporter, recorder = InMemorySpanExporter(), EvidenceObserver(times=True)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with observing(OpenTelemetryObserver(provider)), observing(recorder):
        yield recorder, exporter
    provider.shutdown()


def states(name: str, evidence: Evidence) -> dict[str, tuple[str, str]]:
    """Return the state and the witness of each arrow."""
    edges = judge(get_flow(name), evidence).flow.edges
    return {f"{edge.source}>{edge.target}": (edge.state, edge.witness) for edge in edges}


def count_calls(evidence: Evidence) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many calls of each step in a run of its flow were measured, and how many of them failed."""
    calls: dict[tuple[str, str], tuple[int, int]] = {}
    for row, timing in evidence.measurements["production"].items():
        if isinstance(row, Orphan):
            continue
        step = row if isinstance(row, tuple) else (row.flow, row.step)
        count, errors = calls.get((step[0], step[1].step), (0, 0))
        calls[step[0], step[1].step] = count + timing.durations.count, errors + timing.errors
    return calls


def test_the_shop_by_spans_and_by_recorder(
    both: tuple[EvidenceObserver, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example shop gets the same verdict from its spans as from the recorder."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "docs/examples/shop")
    for module in [each for each in sys.modules if each.partition(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, module)
    from shop.__main__ import run

    recorder, exporter = both
    (file.parent / "shop").mkdir()
    run(file.parent / "shop")
    found = told(file, exported(exporter.get_finished_spans()))
    for name in ("order_processing", "shipping"):
        assert states(name, recorder.evidence()) == states(name, found)
        assert ("confirmed", "call") in states(name, found).values() or ("confirmed", "order") in states(
            name, found
        ).values()
    assert {(of, seen.step): count for (of, seen), count in recorder.evidence().runs.items()} == {
        (of, seen.step): count for (of, seen), count in found.runs.items()
    }


def test_generators_and_tasks_by_spans_and_by_recorder(both: tuple[EvidenceObserver, Any], file: Path) -> None:
    """The same for generators, tasks, recursion, and a step of two flows."""
    handle = flow("f")

    @handle.step(after="go")
    def rows() -> Iterator[int]:
        yield from range(3)

    @handle.step(after="rows")
    def clean(given: Iterable[int]) -> Iterator[int]:
        yield from given

    @flow("g")
    @step(after="h")
    @flow("f")
    @step(after="clean")
    async def save(number: int) -> None:
        await asyncio.sleep(0)
        if number:
            await save(0)
        if number > 2:
            raise ZeroDivisionError

    @flow("g")
    @entrypoint
    def h() -> None:
        asyncio.run(save(1))

    @handle.entrypoint
    async def go() -> None:
        for number in clean(rows()):
            await save(number)
        await asyncio.gather(save(1), save(3), return_exceptions=True)

    recorder, exporter = both
    asyncio.run(go())
    h()
    found = told(file, exported(exporter.get_finished_spans()))
    for name in ("f", "g"):
        assert states(name, recorder.evidence()) == states(name, found)
        assert {"confirmed"} == {state for state, _ in states(name, found).values()}
    calls = count_calls(found)
    assert (count_calls(recorder.evidence()), 1) == (calls, calls["f", "save"][1])
