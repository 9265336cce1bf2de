"""Facts counted by ClickHouse itself, through its HTTP interface: the same as the reader of traces finds."""

from __future__ import annotations

import os
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from otlp import told
from penstock import flow, get_flow
from penstock.errors import EvidenceError
from penstock.stores.address import StoreAddress
from penstock.stores.alerts import write_alert, write_facts, write_view
from penstock.stores.connections import connect
from penstock.stores.queries import SpanSource
from penstock.stores.reading import read_store
from penstock.stores.templates import find_schema, quote_table
from span_rows import rows_of_evidence
from span_stores import ClickHouse, serving
from stored_spans import DAY, StoredSpan, make_spans, otlp_lines, with_facts

try:
    from chdb import session as chdb_session
except ModuleNotFoundError:
    if os.environ.get("CI"):
        raise
    pytest.skip("chdb is not installed: pip install --group stores", allow_module_level=True)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from penstock.check.evidence import Evidence
    from penstock.stores.templates import Way

SCHEMAS = ("collector", "clickstack", "signoz", "jaeger")


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """The engine."""
    session = chdb_session.Session(str(tmp_path_factory.mktemp("clickhouse")))
    yield ClickHouse(session)
    session.close()


@pytest.fixture(scope="module")
def address(clickhouse: ClickHouse) -> Iterator[str]:
    """The address of its HTTP interface."""
    with serving(clickhouse) as port:
        yield f"clickhouse://user:secret%20word@127.0.0.1:{port}/default"


def read(address: str, schema: str, way: Way | None = None) -> Evidence:
    """Return the evidence of all spans."""
    store = connect(StoreAddress.parse(address, "test"))
    found = find_schema(schema, "clickhouse")
    return read_store(store, store.find_source(found, found.table), 0, 2 * DAY, way).evidence


@pytest.mark.parametrize("schema", SCHEMAS)
def test_any_traces(schema: str, clickhouse: ClickHouse, address: str, tmp_path: Path) -> None:
    """Of attributes, or of parents and times, each schema shows the same facts, runs and steps outside runs."""
    spans = with_facts(make_spans(Random(SCHEMAS.index(schema)), 100))
    clickhouse.fill(schema, spans)
    expected = told(tmp_path / "spans.jsonl", otlp_lines(spans))
    by_attributes, by_parents = read(address, schema), read(address, schema, "parents")
    assert rows_of_evidence(expected) == rows_of_evidence(by_parents) == rows_of_evidence(by_attributes)
    assert expected.runs == by_parents.runs == by_attributes.runs
    assert (expected.orphans, expected.commits) == (by_parents.orphans, by_parents.commits)
    assert expected.measurements == by_parents.measurements


def test_durations_are_those_of_the_sketch(clickhouse: ClickHouse, address: str) -> None:
    """The engine puts each duration into the bucket that Python does."""
    from penstock.check.evidence.durations import find_bucket
    from penstock.stores.templates import fill_template

    lengths = [0, 1, 2, 3, 63, 64, 127, 2**40 - 1, 2**40, 2**52 + 1, 2**53 - 1, 2**53, 2**62]
    lengths += [Random(1).getrandbits(bits) for bits in range(1, 63)]
    table = f"(SELECT toUInt64(arrayJoin({lengths})) AS duration)"
    rows = clickhouse.rows(f"SELECT duration, {fill_template('clickhouse', 'bucket')} AS bucket FROM {table}")
    assert {number: find_bucket(number) for number in lengths} == {
        int(row["duration"]): int(row["bucket"]) for row in rows
    }


def test_the_view_and_the_alert(clickhouse: ClickHouse) -> None:
    """The printed view counts what arrives, and the printed alert finds the one way that no arrow declares."""
    orders = flow("f")

    @orders.entrypoint(name="go")
    def go() -> None: ...

    @orders.step(after="go", name="a,b")
    def first() -> None: ...

    @orders.step(after="a,b", name="a")
    def second() -> None: ...

    source = SpanSource(find_schema("collector", "clickhouse"), quote_table("otel_traces"))
    clickhouse.fill("collector", [])
    clickhouse.query("DROP TABLE IF EXISTS penstock_facts_view")
    clickhouse.query("DROP TABLE IF EXISTS penstock_facts")
    for statement in write_view(source).split(";"):
        clickhouse.query(statement)
    now = time.time_ns()
    for trace, done in ((1, "a%2Cb"), (2, ""), (3, "a%2Cb")):
        attributes = {"penstock.step": "a", "penstock.flow": "f", "penstock.inside": "go", "penstock.done": done}
        clickhouse.insert("collector", [StoredSpan(str(trace), "1", "", None, now - 9, now, False, attributes)])
    [found] = clickhouse.rows(write_alert([get_flow("f")], "clickhouse"))
    assert ("f", "a", "go", "", 1, "2") == (
        *(found[name] for name in ("flow", "step", "inside", "done")),
        int(found["number"]),
        found["trace"],
    )
    facts = clickhouse.rows(write_facts(source, days=7).rstrip(";"))
    assert {("a%2Cb", 2), ("", 1)} == {(row["done"], int(row["number"])) for row in facts}


def test_what_is_wrong_is_said_with_a_cure(clickhouse: ClickHouse, address: str) -> None:
    """A missing table, or one of another schema, is named with what to do; the password is in no message."""
    clickhouse.fill("collector", [])
    store = connect(StoreAddress.parse(address, "test"))
    schema = find_schema("collector", "clickhouse")
    for table, cure in (("nothing", "there is no such table"), ("system.one", "the table has other columns")):
        with pytest.raises(EvidenceError, match=cure) as raised:
            read_store(store, store.find_source(schema, table), 0, DAY)
        assert "secret" not in str(raised.value)
