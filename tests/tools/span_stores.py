"""Stores with spans: DuckDB, and ClickHouse in this process with its HTTP interface."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from stored_spans import collector_row, jaeger_row, signoz_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from duckdb import DuckDBPyConnection

    from stored_spans import StoredSpan

DUCK_TABLE = """
CREATE OR REPLACE TABLE otel_traces (
    "Timestamp" TIMESTAMP_NS, TraceId VARCHAR, SpanId VARCHAR, ParentSpanId VARCHAR,
    ResourceAttributes MAP(VARCHAR, VARCHAR), SpanAttributes MAP(VARCHAR, VARCHAR), Duration UBIGINT, StatusCode VARCHAR,
    "Links.TraceId" VARCHAR[], "Links.SpanId" VARCHAR[])
"""

CLICKHOUSE_TABLES = {
    "collector": """
        CREATE OR REPLACE TABLE otel_traces (
            Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String,
            ResourceAttributes Map(LowCardinality(String), String), SpanAttributes Map(LowCardinality(String), String),
            Duration UInt64, StatusCode LowCardinality(String), Links Nested (TraceId String, SpanId String)
        ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY toDateTime(Timestamp)""",
    "clickstack": """
        CREATE OR REPLACE TABLE otel_traces (
            Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String,
            ResourceAttributes Map(LowCardinality(String), String), SpanAttributes Map(LowCardinality(String), String),
            Duration UInt64, StatusCode LowCardinality(String), Links Nested (TraceId String, SpanId String),
            SampleRate UInt64 DEFAULT 1
        ) ENGINE = MergeTree ORDER BY toDateTime(Timestamp)""",
    "signoz": """
        CREATE OR REPLACE TABLE signoz_traces.distributed_signoz_index_v3 (
            ts_bucket_start UInt64, timestamp DateTime64(9), trace_id FixedString(32), span_id String,
            parent_span_id String, links String, duration_nano UInt64, has_error Bool,
            attributes_string Map(LowCardinality(String), String), attributes_bool Map(LowCardinality(String), Bool),
            resources_string Map(LowCardinality(String), String)
        ) ENGINE = MergeTree ORDER BY (ts_bucket_start, timestamp)""",
    "jaeger": """
        CREATE OR REPLACE TABLE spans (
            id String, trace_id String, parent_span_id String, start_time DateTime64(9), status_code String, duration Int64,
            bool_attributes Nested (key String, value Bool), str_attributes Nested (key String, value String),
            complex_attributes Nested (key String, value String), resource_str_attributes Nested (key String, value String),
            links Nested (trace_id String, span_id String)
        ) ENGINE = MergeTree ORDER BY start_time""",
}
CLICKHOUSE_ROWS = {
    "collector": ("otel_traces", collector_row),
    "clickstack": ("otel_traces", collector_row),
    "signoz": ("signoz_traces.distributed_signoz_index_v3", signoz_row),
    "jaeger": ("spans", jaeger_row),
}


def fill_duckdb(connection: DuckDBPyConnection, spans: Iterable[StoredSpan]) -> None:
    """Make a table with spans, as the Collector's exporter for ClickHouse has them."""
    connection.execute(DUCK_TABLE)
    columns = [*zip(*([span.start, *[*collector_row(span).values()][1:]] for span in spans), strict=True)]
    lists = ", ".join("unnest(?)" for _ in columns)  # row by row takes a hundred times as long
    insert = "INSERT INTO otel_traces SELECT make_timestamp_ns(moment), COLUMNS(* EXCLUDE (moment)) FROM"
    connection.execute(f"{insert} (SELECT {lists}) AS spans(moment)", [list(column) for column in columns])


class ClickHouse:
    """ClickHouse in this process."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._lock = threading.Lock()
        self.query("CREATE DATABASE IF NOT EXISTS signoz_traces")

    def query(self, sql: str, form: str = "JSONEachRow") -> bytes:
        """Return the answer to a query."""
        with self._lock:
            return bytes(self._session.query(sql, form).bytes())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return [json.loads(line) for line in self.query(sql).splitlines()]

    def fill(self, schema: str, spans: Iterable[StoredSpan]) -> None:
        """Make a table with spans."""
        self.query(CLICKHOUSE_TABLES[schema])
        if spans:
            self.insert(schema, spans)

    def insert(self, schema: str, spans: Iterable[StoredSpan]) -> None:
        """Add spans to a table."""
        table, describe = CLICKHOUSE_ROWS[schema]
        lines = "\n".join(json.dumps(describe(span)) for span in spans)
        self.query(f"INSERT INTO {table} FORMAT JSONEachRow {lines}")


@contextmanager
def serving(clickhouse: ClickHouse) -> Iterator[int]:
    """Serve the HTTP interface on a port of this machine; the user is ``user``, the password ``secret word``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            parameters = parse_qs(urlsplit(self.path).query)
            try:
                answer, status = clickhouse.query(parameters.get("query", [""])[0] + body, "Native"), 200
            except Exception as error:
                answer, status = str(error).encode(), 500
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
