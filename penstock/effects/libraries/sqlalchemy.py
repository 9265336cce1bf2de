"""SQLAlchemy: what its dialects hand to the cursors of drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction
from penstock.effects.sql import read_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Touch


def _read(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return read_sql(arguments["self"].name, arguments["statement"])


FUNCTIONS = (
    LibraryFunction("sqlalchemy.engine.default", "DefaultDialect.do_execute", _read),
    LibraryFunction("sqlalchemy.engine.default", "DefaultDialect.do_executemany", _read),
    LibraryFunction("sqlalchemy.engine.default", "DefaultDialect.do_execute_no_params", _read),
    LibraryFunction("sqlalchemy.dialects.postgresql.psycopg2", "PGDialect_psycopg2.do_executemany", _read),
    LibraryFunction("sqlalchemy.dialects.mysql.mysqldb", "MySQLDialect_mysqldb.do_executemany", _read),
)
