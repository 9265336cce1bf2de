"""Reads which tables an SQL statement writes and reads: names only, never a literal.

A plain reader of words: it knows where the name of a table can stand, and no dialect's grammar. What it cannot follow, it
leaves out. A statement that writes joined tables, or one by an alias, is read with sqlglot if that is installed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from penstock.effects.parsed_sql import parse_tables
from penstock.effects.rows import Touch
from penstock.effects.sql_tables import TableReader, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.effects.rows import Verb

MAX_STATEMENT = 10_000
"""Maximum number of characters that are read of a statement: the names stand in front, lists of values behind."""

_STRING = r"'(?:[^']|'')*(?:'|\Z)"
_MYSQL_STRING = r"""'(?:[^'\\]|''|\\.)*(?:'|\Z) | "(?:[^"\\]|""|\\.)*(?:"|\Z)"""
_SYNTAX = r"""
    (?P<comment>--[^\n]* | /\*.*?(?:\*/|\Z))      # what is not closed ends with the text, so the time is linear
  | (?P<value>
        [eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)
      | STRING
      | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
      | [:@][A-Za-z_]\w* | %\([^)]{0,128}\)s | %s | \$\d+ | \?
      | \d[\w.]*
    )
  | "(?P<double>(?:[^"]|"")*)"
  | `(?P<back>[^`]*)`
  | \[(?P<bracket>[A-Za-z_][^\]\n]{0,128})\]
  | (?P<word>[^\W\d][\w$\#]*)
  | (?P<mark>[().,;])
"""
_PATTERN = re.compile(_SYNTAX.replace("STRING", _STRING), re.VERBOSE | re.DOTALL)
_MYSQL_PATTERN = re.compile(_SYNTAX.replace("STRING", _MYSQL_STRING), re.VERBOSE | re.DOTALL)
_JOINED = re.compile(r"\s*UPDATE\s[^()';]{1,200}\sJOIN\s", re.IGNORECASE)
"""An update of joined tables: the columns say which of them it writes."""
_VERBS: tuple[Verb, ...] = ("writes", "reads")
_SYSTEMS = {"postgresql": "postgres", "mariadb": "mysql"}
_OWN_TABLES = re.compile(r"(?:sqlite|pg|pragma)_\w*|dual", re.IGNORECASE)
_OWN_SCHEMAS = frozenset({"information_schema", "pg_catalog", "performance_schema", "sys"})
_USUAL_SCHEMAS = frozenset({"public", "main", "dbo", "temp"})
"""Schemas in which a table lies that was created without one."""


def read_sql(system: str, statement: object) -> tuple[Touch, ...]:
    """Return the tables that a statement touches.

    Args:
        system: The kind of database, as the library calls it.
        statement: A text, bytes, or an object with ``as_string``, as of psycopg.
    """
    if isinstance(statement, bytes):
        text = statement[:MAX_STATEMENT].decode("utf-8", "replace")
    elif isinstance(statement, str):
        text = statement[:MAX_STATEMENT]
    else:
        text = str(statement.as_string(None))[:MAX_STATEMENT] if hasattr(statement, "as_string") else ""
    return _read(name_system(system), text)


def name_system(system: str) -> str:
    """Return the usual name of a kind of database."""
    return _SYSTEMS.get(system, system)


@lru_cache(maxsize=512)
def _read(system: str, text: str) -> tuple[Touch, ...]:
    reader = TableReader(list(_split(text, _MYSQL_PATTERN if system == "mysql" else _PATTERN)))
    writes = reader.writes
    reads = {parts for parts in reader.reads if parts[-1] not in reader.own_names}
    if aliases := {parts for parts in writes if reads and _is_alias(parts, text)} or _JOINED.match(text):
        parsed_tables = parse_tables(system, text)
        if parsed_tables is not None:
            writes, reads = parsed_tables
        elif isinstance(aliases, set):
            writes = writes - aliases
    names = [sorted({name for parts in tables if (name := _name_table(parts))}) for tables in (writes, reads)]
    return tuple(Touch(verb, f"{system}:{name}") for verb, group in zip(_VERBS, names, strict=True) for name in group)


def _is_alias(parts: tuple[str, ...], text: str) -> bool:
    """Return whether the name of a written table is one that the statement gives to another table."""
    name = re.escape(parts[-1])
    pattern = rf"(?:\b(?:FROM|JOIN|USING)|,)\s+[\w.\"`\[\]]+\s+(?:AS\s+)?{name}\b"
    return len(parts) == 1 and re.search(pattern, text, re.IGNORECASE) is not None


def _split(text: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    for match in pattern.finditer(text):
        kind = match.lastgroup
        if kind in {"word", "mark"}:
            yield Token(match[0].lower(), match[0].upper())
        elif kind == "value":
            yield Token("", "?")
        elif kind != "comment":
            yield Token(match[kind or 0].replace('""', '"'), "")


def _name_table(parts: tuple[str, ...]) -> str:
    """Return the name of a table, with a schema that is not the usual one; empty for a table of the system."""
    *schemas, table = parts
    schema = schemas[-1] if schemas else ""
    if schema.lower() in _OWN_SCHEMAS or _OWN_TABLES.fullmatch(table):
        return ""
    return table if not schema or schema.lower() in _USUAL_SCHEMAS else f"{schema}.{table}"
