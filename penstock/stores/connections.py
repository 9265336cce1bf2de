"""Connections to stores, which run a query and say what is wrong in words that lead to a cure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from penstock.errors import EvidenceError
from penstock.stores.queries import SpanSource
from penstock.stores.templates import quote_table, quote_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.stores.address import StoreAddress
    from penstock.stores.templates import Schema

Row = dict[str, Any]


class Store(Protocol):
    """A store of spans."""

    def find_source(self, schema: Schema, table: str) -> SpanSource:
        """Return the spans in a table.

        Raises:
            EvidenceError: There are none.
        """

    def run_query(self, query: str) -> Iterator[Row]:
        """Yield the rows of a query, each by the names of its columns.

        Raises:
            EvidenceError: The store cannot be reached, or the query fails.
        """


def connect(address: StoreAddress) -> Store:
    """Return a connection.

    Raises:
        EvidenceError: There is no store at the address, or the package that connects to it is missing.
    """
    return ClickHouseStore(address) if address.dialect == "clickhouse" else DuckStore(address)


class ClickHouseStore:
    """ClickHouse, by its HTTP interface."""

    def __init__(self, address: StoreAddress) -> None:
        try:
            import clickhouse_connect  # noqa: PLC0415 - an extra
            from clickhouse_connect.driver.exceptions import ClickHouseError  # noqa: PLC0415 - the same
        except ModuleNotFoundError as error:
            raise _explain_missing(error, "clickhouse") from None
        self._address = address
        self._error: type[Exception] = ClickHouseError
        logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # the error says the same
        try:
            self._client = clickhouse_connect.get_client(
                host=address.host,
                port=address.port,
                username=address.user or None,
                password=address.password,
                database=address.database,
                secure=address.is_secure,
                autogenerate_session_id=False,
            )
        except ClickHouseError as error:
            raise self._explain(error) from None

    def find_source(self, schema: Schema, table: str) -> SpanSource:
        """Return the spans in a table; whether it exists is shown by the first query."""
        return SpanSource(schema, quote_table(table))

    def run_query(self, query: str) -> Iterator[Row]:
        """Yield the rows of a query, each by the names of its columns."""
        try:
            yield from self._client.query(query).named_results()
        except self._error as error:
            raise self._explain(error) from None

    def _explain(self, error: Exception) -> EvidenceError:
        text = " ".join(str(error).split())
        known = {
            "UNKNOWN_TABLE": "there is no such table. Name it: --table, or the schema that it has: --schema",
            "UNKNOWN_DATABASE": "there is no such database. Name it at the end of the address",
            "UNKNOWN_IDENTIFIER": "the table has other columns than its schema. Name the schema: --schema",
            "AUTHENTICATION_FAILED": "the user or the password is wrong; the password may be in CLICKHOUSE_PASSWORD",
            "ACCESS_DENIED": "the user may not read the table. Grant SELECT on it",
            "Connection refused": "it cannot be reached: the connection was refused. Is that the port of its HTTP interface?",
            "resolve": "it cannot be reached: there is no such host",
            "timed out": "it has not answered in time",
            "MEMORY_LIMIT_EXCEEDED": "the query needs more memory than it may have. Ask for fewer days: --since 1d",
        }
        cure = next((cure for name, cure in known.items() if name in text), "")
        return EvidenceError(f"{self._address}: {f'{cure} ({_shorten(text)})' if cure else _shorten(text)}")


class DuckStore:
    """DuckDB, in this process: a database, or Parquet files."""

    def __init__(self, address: StoreAddress) -> None:
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise _explain_missing(error, "duckdb") from None
        self._address = address
        self._duckdb = duckdb
        settings: dict[str, Any] = {"autoinstall_known_extensions": False, "enable_external_access": address.is_parquet}
        try:
            if address.is_parquet:
                self._connection = duckdb.connect(config=settings)
            else:
                self._connection = duckdb.connect(address.path, read_only=True, config=settings)
        except duckdb.Error as error:
            raise self._explain(error) from None

    def find_source(self, schema: Schema, table: str) -> SpanSource:
        """Return the spans in a table, or in the Parquet files."""
        relation = quote_table(table)
        if self._address.is_parquet:
            relation = f"read_parquet({quote_text(self._address.path, 'duckdb')}, union_by_name = true)"
        columns = [row["column_name"] for row in self.run_query(f"DESCRIBE SELECT * FROM {relation}")]  # noqa: S608 - quoted
        return SpanSource(schema, relation, find_optional_columns(columns))

    def run_query(self, query: str) -> Iterator[Row]:
        """Yield the rows of a query, each by the names of its columns."""
        try:
            cursor = self._connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            while rows := cursor.fetchmany(1000):
                yield from (dict(zip(names, row, strict=True)) for row in rows)
        except self._duckdb.Error as error:
            raise self._explain(error) from None

    def _explain(self, error: Exception) -> EvidenceError:
        kind, text = type(error).__name__, " ".join(str(error).partition("\nLINE ")[0].split())
        cures = {
            "CatalogException": "there is no such table. Name it: --table",
            "BinderException": "the columns are not those of the Collector's exporter for ClickHouse",
            "OutOfMemoryException": "the query needs more memory than there is. Ask for fewer days: --since 1d",
        }
        cure = cures.get(kind)
        return EvidenceError(f"{self._address}: {f'{cure} ({_shorten(text)})' if cure else _shorten(text)}")


def find_optional_columns(columns: list[str]) -> tuple[tuple[str, str], ...]:
    """Return expressions of the columns that a table may do without: links, and the share of spans that are stored."""
    if "Links.TraceId" in columns:
        links = '"Links.TraceId"[1]', '"Links.SpanId"[1]'
    elif "Links" in columns:
        links = "Links[1].TraceId", "Links[1].SpanId"
    else:
        links = "NULL", "NULL"
    weight = "SampleRate" if "SampleRate" in columns else "1"
    return (("link_trace", links[0]), ("link_span", links[1]), ("weight", weight))


def _explain_missing(error: ModuleNotFoundError, extra: str) -> EvidenceError:
    return EvidenceError(f'{error}. Install what is missing: pip install "penstock[{extra}]"')


def _shorten(text: str) -> str:
    """Return the beginning of a store's message."""
    return text if len(text) <= 300 else f"{text[:300]}…"
