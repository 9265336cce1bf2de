"""Queries, made of templates beside this module: one folder a dialect, and in it one file a part.

Names of tables are validated and quoted, values are quoted, and numbers are numbers: nothing else is put into a template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING, Literal

from penstock.errors import ConfigError, did_you_mean, near_names

if TYPE_CHECKING:
    from penstock.stores.address import Dialect

Way = Literal["attributes", "parents"]
"""How facts are found: by the attributes that the observer writes, or by parents and times."""

_part = re.compile(r"[\w$-]+", re.ASCII)


class _SqlTemplate(Template):
    delimiter = "@"


@dataclass(frozen=True, slots=True)
class Schema:
    """How a program stores spans.

    Attributes:
        name: As users write it.
        dialect: The dialect of SQL.
        template: The template of its spans.
        table: The table's usual name.
        weight: The column that says for how many spans a stored one stands, or ``1``.
    """

    name: str
    dialect: Dialect
    template: str
    table: str
    weight: str = "1"


SCHEMAS = (
    Schema("collector", "clickhouse", "collector", "otel_traces"),
    Schema("clickstack", "clickhouse", "collector", "otel_traces", weight="SampleRate"),
    Schema("signoz", "clickhouse", "signoz", "signoz_traces.distributed_signoz_index_v3"),
    Schema("jaeger", "clickhouse", "jaeger", "spans"),
    Schema("collector", "duckdb", "collector", "otel_traces"),
)


def find_schema(name: str, dialect: Dialect) -> Schema:
    """Return a schema by its name.

    Raises:
        ConfigError: The dialect has none of that name.
    """
    schemas = {schema.name: schema for schema in SCHEMAS if schema.dialect == dialect}
    if name not in schemas:
        near = did_you_mean(near_names(name, schemas))
        known = ", ".join(schemas)
        raise ConfigError(f"{dialect} has no schema {name!r:.40}.{near} There are: {known}", where="--schema")
    return schemas[name]


def quote_table(name: str) -> str:
    """Return the quoted name of a table, which may name its database.

    Raises:
        ConfigError: No table is called that.
    """
    parts = name.split(".")
    if len(parts) > 3 or not all(map(_part.fullmatch, parts)):
        raise ConfigError(f"{name!r:.80} cannot be the name of a table", where="--table")
    return ".".join(f'"{part}"' for part in parts)


def quote_text(text: str, dialect: Dialect) -> str:
    """Return a text as a literal on one line."""
    if dialect == "clickhouse":
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        return "'" + "".join(char if char.isprintable() else _escape_bytes(char) for char in escaped) + "'"
    parts = [_quote_run("".join(run), is_printable) for is_printable, run in groupby(text, str.isprintable)]
    return " || ".join(parts) if len(parts) == 1 else f"({' || '.join(parts)})" if parts else "''"


def _quote_run(text: str, is_printable: bool) -> str:
    """Return characters of DuckDB's; it has no escapes, so those that a terminal would obey are numbers."""
    if is_printable:
        return "'" + text.replace("'", "''") + "'"
    return " || ".join(f"chr({ord(char)})" for char in text)


def _escape_bytes(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "replace"))


def fill_template(dialect: Dialect, name: str, **values: object) -> str:
    """Return the text of a template in which each word after an ``@`` stands for a value."""
    return _SqlTemplate(_read_template(dialect, name)).substitute(values).rstrip()


@cache
def _read_template(dialect: Dialect, name: str) -> str:
    return files(__package__).joinpath("sql", dialect, f"{name}.sql").read_text(encoding="utf-8")
