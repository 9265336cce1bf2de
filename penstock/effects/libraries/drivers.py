"""Drivers of databases: psycopg 2 and 3, asyncpg, aiosqlite and PyMySQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import BuiltinFunction, LibraryFunction, Touch
from penstock.effects.sql import read_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Reader


def _make_reader(system: str, *names: str) -> Reader:
    """Return a reader of the statement in the first argument of these names that is there."""

    def read(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
        """Return the tables of the statement."""
        return read_sql(system, next(arguments[name] for name in names if name in arguments))

    return read


def _read_copied(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    """Return the table that asyncpg fills from records, or copies; its name comes without a statement."""
    schema = arguments.get("schema_name") or "public"
    name = arguments["table_name"]
    return (Touch("writes", f"postgres:{name}" if schema == "public" else f"postgres:{schema}.{name}"),)


_POSTGRES = _make_reader("postgres", "query", "statement", "sql")
_SQLITE = _make_reader("sqlite", "sql", "sql_script")
_MYSQL = _make_reader("mysql", "query")


FUNCTIONS = (
    LibraryFunction("psycopg.cursor", "Cursor.execute", _POSTGRES),
    LibraryFunction("psycopg.cursor", "Cursor.executemany", _POSTGRES),
    LibraryFunction("psycopg.cursor", "Cursor.stream", _POSTGRES),
    LibraryFunction("psycopg.cursor", "Cursor.copy", _make_reader("postgres", "statement")),
    LibraryFunction("psycopg._server_cursor", "ServerCursor.execute", _POSTGRES),
    LibraryFunction("psycopg.server_cursor", "ServerCursor.execute", _POSTGRES),  # before 3.3
    LibraryFunction("psycopg.cursor_async", "AsyncCursor.execute", _POSTGRES),
    LibraryFunction("psycopg.cursor_async", "AsyncCursor.executemany", _POSTGRES),
    LibraryFunction("psycopg.cursor_async", "AsyncCursor.stream", _POSTGRES),
    LibraryFunction("psycopg.cursor_async", "AsyncCursor.copy", _make_reader("postgres", "statement")),
    LibraryFunction("psycopg._server_cursor_async", "AsyncServerCursor.execute", _POSTGRES),
    LibraryFunction("asyncpg.connection", "Connection.execute", _POSTGRES),
    LibraryFunction("asyncpg.connection", "Connection.executemany", _make_reader("postgres", "command")),
    LibraryFunction("asyncpg.connection", "Connection._execute", _POSTGRES),
    LibraryFunction("asyncpg.connection", "Connection.copy_records_to_table", _read_copied),
    LibraryFunction("asyncpg.connection", "Connection.copy_to_table", _read_copied),
    LibraryFunction("aiosqlite.core", "Connection.execute", _SQLITE),
    LibraryFunction("aiosqlite.core", "Connection.executemany", _SQLITE),
    LibraryFunction("aiosqlite.core", "Connection.executescript", _SQLITE),
    LibraryFunction("aiosqlite.cursor", "Cursor.execute", _SQLITE),
    LibraryFunction("aiosqlite.cursor", "Cursor.executemany", _SQLITE),
    LibraryFunction("pymysql.cursors", "Cursor.execute", _MYSQL),
    LibraryFunction("pymysql.cursors", "Cursor.executemany", _MYSQL),
    LibraryFunction("psycopg2.extras", "DictCursor.execute", _POSTGRES),
    LibraryFunction("psycopg2.extras", "RealDictCursor.execute", _POSTGRES),
    LibraryFunction("psycopg2.extras", "NamedTupleCursor.execute", _POSTGRES),
    LibraryFunction("psycopg2.extras", "NamedTupleCursor.executemany", _POSTGRES),
    LibraryFunction("psycopg2.extras", "execute_values", _make_reader("postgres", "sql")),
    LibraryFunction("psycopg2.extras", "execute_batch", _make_reader("postgres", "sql")),
)

BUILTINS = (
    BuiltinFunction("psycopg2.extensions.cursor", "execute", ("query",), _POSTGRES),
    BuiltinFunction("psycopg2.extensions.cursor", "executemany", ("query",), _POSTGRES),
    BuiltinFunction("psycopg2.extensions.cursor", "copy_expert", ("sql",), _POSTGRES),
)
