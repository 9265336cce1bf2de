"""Facts counted by DuckDB: the same as the reader of traces finds in the same spans."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otlp import told
from penstock import flow, get_flow, observing
from penstock.check.evidence.durations import DurationSketch
from penstock.check.verdict.judgement import judge
from penstock.errors import EvidenceError
from penstock.observers.otel import OpenTelemetryObserver
from penstock.stores.address import StoreAddress
from penstock.stores.connections import connect
from penstock.stores.reading import read_store
from penstock.stores.templates import find_schema
from span_rows import rows_of_evidence
from span_stores import fill_duckdb
from stored_spans import DAY, SECOND, StoredSpan, make_spans, otlp_lines, with_facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.stores.templates import Way


def read(path: Path | str, way: Way | None = None, since: int = 0, until: int = 2 * DAY) -> Evidence:
    """Return the evidence in a database or in Parquet files."""
    text = str(path)
    store = connect(StoreAddress.parse(text if text.endswith(".parquet") else f"duckdb:{text}", "test"))
    source = store.find_source(find_schema("collector", "duckdb"), "otel_traces")
    return read_store(store, source, since, until, way).evidence


def fill(path: Path, spans: list[StoredSpan]) -> Path:
    """Write spans to a database."""
    with duckdb.connect(str(path)) as connection:
        fill_duckdb(connection, spans)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all examples."""
    return tmp_path_factory.mktemp("stores")


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_any_traces_by_parents_and_times(seed: int, folder: Path) -> None:
    """Of parents and times, the store finds the same facts, runs and steps outside runs, however spans are mixed."""
    spans = make_spans(Random(seed), 60)
    expected, found = told(folder / "spans.jsonl", otlp_lines(spans)), read(fill(folder / "spans.db", spans), "parents")
    assert rows_of_evidence(expected) == rows_of_evidence(found)
    assert (expected.runs, expected.commits) == (found.runs, found.commits)
    assert expected.orphans == found.orphans
    assert (expected.measurements, expected.periods) == (found.measurements, found.periods)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_any_traces_by_attributes(seed: int, folder: Path) -> None:
    """The same by the attributes of spans, which name every step around and before."""
    spans = with_facts(make_spans(Random(seed), 60))
    expected, found = told(folder / "facts.jsonl", otlp_lines(spans)), read(fill(folder / "facts.db", spans))
    assert rows_of_evidence(expected) == rows_of_evidence(found)
    assert expected.runs == found.runs


def test_facts_accuse_no_more_than_the_reader_of_traces(folder: Path) -> None:
    """Generators and lost steps of a run are unknown to the store, so it assumes all of the flow's."""
    spans = make_spans(Random(7), 60)
    expected, found = told(folder / "more.jsonl", otlp_lines(spans)), read(fill(folder / "more.db", spans), "parents")
    wider = {(fact.flow, fact.step, fact.parent, fact.done, fact.outside): fact.circumstances for fact in found.facts}
    for fact in expected.facts:
        circumstances = wider[fact.flow, fact.step, fact.parent, fact.done, fact.outside]
        assert fact.circumstances.pending <= circumstances.pending
        assert fact.circumstances.lost <= circumstances.lost


def test_durations_and_errors(folder: Path) -> None:
    """Each call is measured: its duration in the bucket that the sketch has, and whether it failed."""
    spans = make_spans(Random(3), 40)
    lengths = [1, 2, 63, 64, 65, 127, 2**40 - 1, 2**40, 2**52 + 1, 2**53 - 1]
    spans = [span._replace(end=span.start + lengths[n % len(lengths)]) for n, span in enumerate(spans)]
    found = read(fill(folder / "times.db", spans), "parents", until=2**62).measurements["production"]
    counted = sum((Counter(timing.durations.buckets) for timing in found.values()), Counter())
    steps = [span for span in spans if "penstock.step" in span.attributes]
    flows = [
        span for span in steps for _ in {span.attributes["penstock.flow"], *span.attributes.get("penstock.flows", ())}
    ]
    assert {*counted} <= {*DurationSketch.of(lengths).buckets}
    assert sum(timing.errors for timing in found.values()) <= sum(span.is_error for span in flows)
    assert counted.total() > len(flows) / 2


def test_parquet_files(folder: Path) -> None:
    """Parquet files are read as one table, whatever they are called, and without links too."""
    spans = make_spans(Random(5), 40)
    with duckdb.connect(str(fill(folder / "source.db", spans))) as connection:
        connection.execute(f"""COPY otel_traces TO '{folder}/it''s 1.parquet'""")
        connection.execute(
            f"""COPY (SELECT * EXCLUDE ("Links.TraceId", "Links.SpanId") FROM otel_traces) TO '{folder}/2.parquet'"""
        )
    assert read(folder / "source.db", "parents") == read(folder / "it's*.parquet", "parents")
    assert read(folder / "2.parquet", "parents").facts


def test_days(folder: Path) -> None:
    """A trace belongs to the day on which it begins, also where it goes on the next day."""
    midnight = DAY + 86_400 * SECOND
    spans = make_spans(Random(11), 60)
    shift = midnight - spans[len(spans) // 2].start
    moved = [span._replace(start=span.start + shift, end=span.end + shift) for span in spans]
    expected = read(fill(folder / "day.db", spans), "parents")
    assert rows_of_evidence(expected) == rows_of_evidence(read(fill(folder / "days.db", moved), "parents"))


def test_a_window(folder: Path) -> None:
    """Only spans of the time that is asked for count; where there are none, the message says so."""
    path = fill(folder / "window.db", with_facts(make_spans(Random(11), 4)))
    assert read(path, since=DAY).facts
    with pytest.raises(EvidenceError, match="no span of this time belongs to a step"):
        read(path, since=DAY + 3600 * SECOND)


def test_the_verdict_of_real_spans(folder: Path) -> None:
    """Spans that the observer has made get the same verdict from the store as from their file, by either way."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    orders = flow("orders")
    names = {"check": "go", "charge": "check", "ship": "charge", "bill": "ship", "never": "go"}
    steps = {name: orders.step(after=after, name=name)(call) for name, after in names.items()}
    go = orders.entrypoint(name="go")(call)
    with observing(OpenTelemetryObserver(provider)):
        go(steps["check"], steps["charge"], lambda: steps["ship"](steps["ship"]))
        go(lambda: steps["check"](steps["charge"]), steps["bill"])
        steps["check"](steps["bill"])
    finished = exporter.get_finished_spans()
    begun = min(span.start_time for span in finished)
    spans = [as_stored_span(span, DAY - begun) for span in finished]
    provider.shutdown()
    fill(folder / "real.db", spans)
    expected = states(told(folder / "real.jsonl", otlp_lines(spans)))
    assert expected == states(read(folder / "real.db")) == states(read(folder / "real.db", "parents"))
    assert {"confirmed", "never-seen"} < {state for state, _ in expected.values()}


def call(*calls: Callable[[], object]) -> None:
    """Call functions, one after the other."""
    for function in calls:
        function()


def states(evidence: Evidence) -> dict[str, tuple[str, str]]:
    """Return the state and the witness of each arrow."""
    edges = judge(get_flow("orders"), evidence).flow.edges
    return {f"{edge.source}>{edge.target}": (edge.state, edge.witness) for edge in edges}


def as_stored_span(span: Any, shift: int) -> StoredSpan:
    """Return a span of the SDK in no format, at another time."""
    parent = f"{span.parent.span_id:016x}" if span.parent else ""
    ids = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
    told_of = {key: value for key, value in span.attributes.items() if isinstance(value, str | bool)}
    return StoredSpan(*ids, parent, None, span.start_time + shift, span.end_time + shift, False, told_of)
