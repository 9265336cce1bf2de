"""What spans of clients and servers touch and start, by OpenTelemetry's semantic conventions: the stable ones and their forerunners.

See https://opentelemetry.io/docs/specs/semconv/. Names only are read: the tables of a statement, the words of an address.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from penstock.effects.http_methods import read_request
from penstock.effects.libraries.redis import read_command
from penstock.effects.rows import Touch, Trigger
from penstock.effects.sql import name_system, read_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.effects.rows import Verb

Note = Touch | Trigger

CLIENT, PRODUCER = ("3", "client", "span_kind_client"), ("4", "producer", "span_kind_producer")
SERVER, CONSUMER = ("2", "server", "span_kind_server"), ("5", "consumer", "span_kind_consumer")

_READING = frozenset({"SELECT", "FIND", "GET", "COUNT", "AGGREGATE", "QUERY", "SCAN", "MGET", "SHOW"})
_RECEIVING = frozenset({"receive", "process", "settle", "poll"})


def read_notes(attributes: Mapping[str, Any], kind: object) -> tuple[Note, ...]:
    """Return what a span touches outside its process, or what starts work in it.

    Args:
        attributes: The span's attributes, by name.
        kind: The kind of the span, as its format writes it.
    """
    with suppress(ValueError, TypeError, AttributeError, IndexError):  # attributes of any kind, by any program
        word = str(kind).lower()
        if word in SERVER:
            return tuple(_read_route(attributes))
        if "celery.action" in attributes:
            return tuple(_read_task(attributes))
        if _get(attributes, "messaging.system"):
            return tuple(_read_message(attributes, word))
        if word in CLIENT:
            return (*_read_statement(attributes), *_read_request(attributes))
    return ()


def _get(attributes: Mapping[str, Any], *names: str) -> str:
    """Return the first of some attributes that is a text, or an empty one."""
    return next((value for name in names if isinstance(value := attributes.get(name), str) and value), "")


def _read_route(attributes: Mapping[str, Any]) -> Iterator[Trigger]:
    route, method = _get(attributes, "http.route"), _get(attributes, "http.request.method", "http.method")
    if route and method:
        yield Trigger(f"{method} /{route.removeprefix('/')}")


def _read_task(attributes: Mapping[str, Any]) -> Iterator[Note]:
    name = _get(attributes, "celery.task_name")
    if name:
        target = f"celery:{name}"
        yield Trigger(target) if attributes["celery.action"] == "run" else Touch("writes", target)


def _read_message(attributes: Mapping[str, Any], kind: str) -> Iterator[Note]:
    name = _get(attributes, "messaging.destination.name", "messaging.destination")
    operation = _get(attributes, "messaging.operation.type", "messaging.operation")
    if not name:
        return
    target = f"{_get(attributes, 'messaging.system')}:{name}"
    if kind in CONSUMER or operation in _RECEIVING:
        yield Touch("reads", target)
        yield Trigger(target)
    else:
        yield Touch("writes", target)


def _read_statement(attributes: Mapping[str, Any]) -> Iterator[Touch]:
    system = _get(attributes, "db.system.name", "db.system")
    statement = _get(attributes, "db.query.text", "db.statement")
    if system == "redis":
        yield from read_command(statement.split())
    elif system:
        touches = read_sql(system, statement)
        yield from touches or _read_collection(attributes, system)


def _read_collection(attributes: Mapping[str, Any], system: str) -> Iterator[Touch]:
    name = _get(attributes, "db.collection.name", "db.sql.table", "db.mongodb.collection")
    operation = _get(attributes, "db.operation.name", "db.operation").upper()
    if name and operation:
        verb: Verb = "reads" if operation in _READING else "writes"
        yield Touch(verb, f"{name_system(system)}:{name}")


def _read_request(attributes: Mapping[str, Any]) -> tuple[Touch, ...]:
    method = _get(attributes, "http.request.method", "http.method")
    return read_request(method, _get(attributes, "url.full", "http.url")) if method else ()
