"""How long stores take to count the facts of two million spans: ``python tests/benchmarks/stores.py [TRACES]``.

ClickHouse runs in this process, as the package chdb: ``make stores`` installs it. Prints a table in Markdown. Exits with 1 if a
figure is over its limit, which is for 200,000 traces on two processors.
"""

from __future__ import annotations

import sys
import tempfile
import time
from typing import TYPE_CHECKING

from chdb.session import Session

from penstock.stores.alerts import write_view
from penstock.stores.queries import SpanSource
from penstock.stores.templates import find_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = """
CREATE TABLE otel_traces (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)), TraceId String CODEC(ZSTD(1)), SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)), SpanName LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)), Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)), Links Nested (TraceId String, SpanId String) CODEC(ZSTD(1)),
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
"""

# Each trace has ten spans, four of them of steps: number, parent, name, start and length in microseconds, step, inside, done.
SPANS = [
    (1, 0, "POST /orders", 0, 9000, "", "", ""),
    (2, 1, "receive", 100, 8800, "receive", "", ""),
    (3, 2, "SELECT", 200, 300, "", "", ""),
    (4, 2, "check", 600, 1000, "check", "receive", ""),
    (5, 4, "SELECT stock", 700, 200, "", "", ""),
    (6, 2, "charge", 1700, 3000, "charge", "receive", "check"),
    (7, 6, "POST bank", 1800, 2500, "", "", ""),
    (8, 2, "orders publish", 4800, 100, "", "", ""),
    (9, 8, "orders process", 9500, 5000, "", "", ""),
    (10, 9, "ship", 9600, 4000, "ship", "receive", "charge,check"),
]

FILL = """
INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, ServiceName, ResourceAttributes, SpanAttributes,
    Duration, StatusCode)
WITH arrayJoin({spans}) AS s
SELECT fromUnixTimestamp64Nano(toInt64(1795132800000000000 + number * 400000 + s.4 * 1000)), lower(hex(sipHash128(number))),
    lower(hex(toUInt64(number * 16 + s.1))), if(s.2 = 0, '', lower(hex(toUInt64(number * 16 + s.2)))), s.3, 'shop',
    map('service.name', 'shop', 'service.version', '1.4'),
    if(s.6 = '', map('http.request.method', 'POST'), mapConcat(
        map('penstock.step', s.6, 'penstock.flow', 'orders', 'penstock.inside', s.7, 'penstock.done', s.8),
        if(s.6 = 'receive', map('penstock.entrypoint', 'true'), map()))),
    toUInt64(s.5 * 500 * (1 + (sipHash64(number, s.1) % 1000) / 1000)), if(s.1 = 6 AND number % 100 = 0, 'Error', 'Unset')
FROM numbers({traces})
"""


def measure(session: Session, query: str) -> tuple[float, int]:
    """Return the seconds that a query takes, and how many rows it has."""
    start = time.perf_counter()
    answer = session.query(f"{query} SETTINGS max_threads = 2", "TSV")
    return time.perf_counter() - start, str(answer).count("\n")


def measure_queries(session: Session) -> Iterator[tuple[str, float, int, float]]:
    """Yield each figure: its name, seconds, rows and the limit."""
    source = SpanSource(find_schema("collector", "clickhouse"), '"otel_traces"')
    window = ("0", "9000000000000000000")
    for way, limit in (("attributes", 6.0), ("parents", 60.0)):
        yield f"facts by {way}", *measure(session, source.count_facts(way, *window)), limit
    create, view, fill, _ = write_view(source).split(";")
    session.query(create)
    session.query(view)
    yield "filling the view", *measure(session, fill), 60.0
    columns = "flow, step, inside, done, sum(number), sum(errors), sumMap(buckets), argMinMerge(first_trace)"
    read = f"SELECT {columns} FROM penstock_facts GROUP BY flow, step, inside, done"
    yield "reading the view", *measure(session, read), 0.05


def main() -> int:
    """Print the table; return 1 if a figure is over its limit."""
    traces = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        session = Session(folder)
        session.query(TABLE)
        session.query(FILL.format(spans=SPANS, traces=traces))
        print(f"{traces * len(SPANS):,} spans\n\n| What | seconds | rows | limit |\n| --- | --: | --: | --: |")
        is_over = False
        for name, seconds, rows, limit in measure_queries(session):
            print(f"| {name} | {seconds:.2f} | {rows} | {limit:g} |", flush=True)
            is_over |= seconds > limit
        session.close()
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
