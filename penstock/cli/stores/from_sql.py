"""``penstock evidence from-sql``: the evidence of a store of traces, which counts the facts itself."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.cli.common_options import output_file
from penstock.cli.terminal import pluralize, tell
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from penstock.check.evidence import Evidence

WHERE = "penstock evidence from-sql"
SCHEMA_NAMES = "collector (the default), clickstack, signoz or jaeger"

_SECOND = 10**9
_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_span = re.compile(r"(\d{1,6})([mhdw])")


def add_from_sql(
    kinds: argparse._SubParsersAction[argparse.ArgumentParser], write: Callable[[Evidence, Path | None, str], int]
) -> None:
    """Add the command.

    Args:
        kinds: The commands of ``penstock evidence``.
        write: Writes evidence to a file, and says how it was found.
    """
    text = "count facts in ClickHouse, DuckDB or Parquet files"
    parser = kinds.add_parser("from-sql", help=text, description=f"{text[0].upper()}{text[1:]}.")
    address = "clickhouse://user@host:8123/database, duckdb:FILE, or a pattern such as 'traces/*.parquet'"
    parser.add_argument("address", metavar="STORE", help=address)
    since = "how far back: 90m, 12h, 7d, 4w, or a date such as 2026-11-20 (UTC); 7d by default"
    parser.add_argument("--since", default="7d", metavar="TIME", help=since)
    parser.add_argument("--until", default="", metavar="TIME", help="the same for the end; now by default")
    parser.add_argument("--schema", default="collector", metavar="NAME", help=f"who has made the table: {SCHEMA_NAMES}")
    parser.add_argument("--table", default="", metavar="NAME", help="the table; by default the schema's own")
    by = "find facts by the spans' attributes, or by parents and times; by default by attributes where spans have them"
    parser.add_argument("--by", choices=("attributes", "parents"), help=by)
    output = "the evidence file to write"
    parser.add_argument("-o", "--output", type=output_file, required=True, metavar="FILE", help=output)
    parser.set_defaults(action=lambda parsed: _read_store(parsed, write))


def _read_store(parsed: argparse.Namespace, write: Callable[[Evidence, Path | None, str], int]) -> int:
    from penstock.stores.address import StoreAddress  # noqa: PLC0415 - other commands do without
    from penstock.stores.connections import connect  # noqa: PLC0415 - the same
    from penstock.stores.reading import read_store  # noqa: PLC0415 - the same
    from penstock.stores.templates import find_schema, quote_table  # noqa: PLC0415 - the same

    now = time.time_ns()
    address = StoreAddress.parse(parsed.address, WHERE)
    schema = find_schema(parsed.schema, address.dialect)
    table = parsed.table or schema.table
    quote_table(table)
    since, until = read_time(parsed.since, now, "--since"), read_time(parsed.until, now, "--until")
    if since >= until:
        raise ConfigError("this is not before --until", where="--since")
    store = connect(address)
    reading = read_store(store, store.find_source(schema, table), since, until, parsed.by)
    if reading.without_fact:
        spans = pluralize(reading.without_fact, "span")
        tell("note", f"{spans} of steps without penstock.inside left out; --by parents counts all")
    return write(reading.evidence, parsed.output, f"facts by {reading.way}")


def read_time(text: str, now: int, where: str) -> int:
    """Return a moment in nanoseconds.

    Args:
        text: As in ``7d``, before now, or a date or time in ISO 8601; empty for now.
        now: Now.
        where: The option, for error messages.

    Raises:
        ConfigError: It is none.
    """
    if not text:
        return now
    if match := _span.fullmatch(text):
        return now - int(match[1]) * _UNITS[match[2]] * _SECOND
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r:.40} is no time. Write 12h, 7d or 2026-11-20", where=where) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * _SECOND
