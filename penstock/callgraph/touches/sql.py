"""SQL that the code hands to a cursor, a connection or a session as a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import raw
from penstock.callgraph.touches.plain_call import Text, read_text
from penstock.callgraph.values.live import LiveObject
from penstock.effects.sql import read_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall
    from penstock.callgraph.values.base import ValueSet
    from penstock.effects.rows import Touch

_EXECUTORS = frozenset({"execute", "executemany", "executescript", "scalar", "scalars", "exec_driver_sql", "fetchrow"})
"""Methods of cursors, connections and sessions that take a statement."""
_NAMES = ("query", "statement", "sql", "operation", "sql_script", "command")
_HELPERS = frozenset({"psycopg2.extras.execute_values", "psycopg2.extras.execute_batch"})
_TEXTS = frozenset({"sqlalchemy.sql._elements_constructors.text", "sqlalchemy.sql.expression.text"})
_STATEMENT = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|SELECT|WITH|TRUNCATE|COPY)\b", re.IGNORECASE)


def find_touches(call: PlainCall) -> Iterator[Touch]:
    """Yield the tables of a statement that is executed."""
    if call.function in _HELPERS:
        yield from _read_statement(call.text(1, *_NAMES))
    elif call.name in _EXECUTORS and not call.function:
        values = call.argument(0, *_NAMES)
        yield from _read_statement(read_text(values) or _read_clause(values)) if values is not None else ()
    elif call.function in _TEXTS:  # a statement is made where it is executed
        yield from _read_statement(call.text(0, "text"))


def _read_clause(values: ValueSet) -> Text | None:
    """Return the text of a clause that SQLAlchemy made of one during the import."""
    lone = values.lone
    if isinstance(lone, LiveObject) and type(lone.thing).__name__ == "TextClause":
        text = raw(lone.thing, "text")
        return Text(text) if type(text) is str else None
    return None


def _read_statement(text: Text | None) -> tuple[Touch, ...]:
    """Return the tables of a text; the last word of a beginning may go on, so it is left out."""
    if text is None or not _STATEMENT.match(text.start):
        return ()
    return read_sql("db", text.start if text.is_whole else re.sub(r"[^\s(]+\Z", "", text.start))
