"""Tables of SQLAlchemy: statements made for a table or a mapped class, and objects that a session is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.live_objects import NOTHING, peek, raw
from penstock.callgraph.values.containers import unpack
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveObject
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.touches.plain_call import PlainCall
    from penstock.callgraph.values.base import ValueSet

_STATEMENTS = frozenset({"insert", "update", "delete"})
_CONSTRUCTORS = ("sqlalchemy.sql._dml_constructors.", "sqlalchemy.dialects.")
_TABLE = "sqlalchemy.sql.schema.Table"
_SESSIONS = frozenset(
    {
        "sqlalchemy.orm.session.Session",
        "sqlalchemy.orm.scoping.scoped_session",
        "sqlalchemy.ext.asyncio.session.AsyncSession",
        "sqlalchemy.ext.asyncio.scoping.async_scoped_session",
    }
)
_GIVEN = frozenset({"add", "add_all", "delete", "merge"})


def find_touches(call: PlainCall) -> Iterator[Touch]:
    """Yield the table that a call writes."""
    if call.name in _STATEMENTS and call.function.startswith(_CONSTRUCTORS):
        yield from _write(call.argument(0, "table"))
    elif call.name in _STATEMENTS and _TABLE in call.classes and isinstance(call.receiver, LiveObject):
        yield from _write_table(call.receiver.thing)
    elif call.name in _GIVEN and _is_session(call):
        yield from _write(call.argument(0, "instance", "instances"))


def _is_session(call: PlainCall) -> bool:
    return bool(call.classes & _SESSIONS) or (call.receiver is None and "session" in call.spoken)


def _write(values: ValueSet | None) -> Iterator[Touch]:
    """Yield the tables of the mapped classes, their instances and the tables among some values."""
    for value in (inner for outer in values or () for inner in unpack(outer)):
        owner = value.owner if isinstance(value, Instance) else value
        if isinstance(owner, LiveObject):
            yield from _write_table(owner.thing)


def _write_table(thing: Any) -> Iterator[Touch]:
    """Yield the table that an object is, or that its class is mapped to."""
    table = peek(thing, "__table__") if isinstance(thing, type) else thing
    if table is NOTHING or type(table).__module__ != "sqlalchemy.sql.schema":
        return
    name, schema = raw(table, "name"), raw(table, "schema")
    if isinstance(name, str):
        yield Touch("writes", f"db:{schema}.{name}" if isinstance(schema, str) else f"db:{name}")
