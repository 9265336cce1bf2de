"""What steps touch, and what starts runs, in traces of OpenTelemetry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from otlp import request, span, told
from penstock.check.traces.client_spans import read_notes
from penstock.check.traces.jaeger import JAEGER
from penstock.check.traces.reader import Damage, read

if TYPE_CHECKING:
    from pathlib import Path

GO = span("go", 0, 100, penstock_entrypoint=True)


def spans_of(kind: int, parent: str, name: str = "a.b", **attributes: str) -> dict[str, Any]:
    """Return a span with attributes, whose names have dots."""
    listed = [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
    return {**span(name, 10, 20, parent), "kind": kind, "attributes": listed}


CLIENTS = [
    ({"db.system.name": "postgresql", "db.query.text": "INSERT INTO public.parts SELECT ? FROM shelf"}, 3, "w postgres:parts, r postgres:shelf"),
    ({"db.system": "mysql", "db.statement": "UPDATE t SET a = 'secret'"}, 3, "w mysql:t"),
    ({"db.system.name": "mongodb", "db.collection.name": "parts", "db.operation.name": "find"}, 3, "r mongodb:parts"),
    ({"db.system": "postgresql", "db.sql.table": "parts", "db.operation": "INSERT"}, 3, "w postgres:parts"),
    ({"db.system": "redis", "db.statement": "SET cart:17 ?"}, 3, "w redis:cart:*"),
    ({"http.request.method": "POST", "url.full": "https://crm.example/orders/17?key=x"}, 3, "w https://crm.example/orders/*"),
    ({"http.method": "GET", "http.url": "https://crm.example/"}, "client", "r https://crm.example/"),
    ({"messaging.system": "kafka", "messaging.destination.name": "orders", "messaging.operation.type": "send"}, 4, "w kafka:orders"),
    ({"messaging.system": "kafka", "messaging.destination.name": "orders"}, 5, "r kafka:orders, t kafka:orders"),
    ({"messaging.system": "rabbitmq", "messaging.destination": "q", "messaging.operation": "receive"}, 3, "r rabbitmq:q, t rabbitmq:q"),
    ({"celery.action": "apply_async", "celery.task_name": "shop.ship", "messaging.destination": "celery"}, 4, "w celery:shop.ship"),
    ({"celery.action": "run", "celery.task_name": "shop.ship"}, 5, "t celery:shop.ship"),
    ({"http.request.method": "POST", "http.route": "orders/{id}"}, 2, "t POST /orders/{id}"),
    ({"http.request.method": "POST", "url.full": "https://shop.example/orders"}, 2, ""),
    ({"db.system": "postgresql", "db.statement": 5}, 3, ""),
    ({"http.method": "GET", "http.url": "https://[broken"}, 3, ""),
    ({"db.system": "postgresql", "db.statement": "DELETE FROM t"}, 1, ""),
    ({}, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "kind", "notes"), CLIENTS, ids=[str(row[0])[:60] for row in CLIENTS])
def test_attributes(attributes: dict[str, Any], kind: object, notes: str) -> None:
    """A span tells by its attributes what it touches or starts; damaged ones tell nothing."""
    words = [
        f"{note.verb[0]} {note.target}" if len(note) > 1 else f"t {note[0]}" for note in read_notes(attributes, kind)
    ]
    assert notes == ", ".join(words)


def test_client_below_a_step(tmp_path: Path) -> None:
    """A touch belongs to the nearest step around its span; a span sent twice counts once."""
    inner = span("pay", 5, 50, "go")
    query = spans_of(3, "x.y", db_system="postgresql", db_statement="DELETE FROM parts")
    around = {**span("x.y", 6, 40, "pay")}
    found = told(tmp_path / "a.json", request(GO, inner, around, query, query))
    assert {("pay", "writes", "postgres:parts"): 1} == {
        (touch.step.step, touch.verb, touch.target): count for touch, count in found.touches.items()
    }


def test_client_outside_of_steps(tmp_path: Path) -> None:
    """A touch with no step around it belongs to none."""
    query = spans_of(3, "", db_system="postgresql", db_statement="DELETE FROM parts")
    assert {} == told(tmp_path / "a.json", request(GO, query)).touches


def test_server_around_an_entrypoint(tmp_path: Path) -> None:
    """The span of a server around an entrypoint says what started the run; an entrypoint inside a step has none."""
    server = spans_of(2, "", "s.s", http_request_method="POST", http_route="/orders")
    go = span("go", 11, 19, "s.s", penstock_entrypoint=True)
    again = span("again", 12, 18, "go", penstock_entrypoint=True)
    listed = server["attributes"]
    listed[:] = [{"key": "http.request.method", "value": {"stringValue": "POST"}}, listed[1]]
    found = told(tmp_path / "a.json", request(server, go, again))
    assert {("go", "POST /orders"): 1} == {(row.step.step, row.trigger): count for row, count in found.triggers.items()}
    assert {} == found.watched


def test_jaeger(tmp_path: Path) -> None:
    """Spans of Jaeger tell the same."""

    def entry(name: str, parent: str, **tags: object) -> dict[str, object]:
        """Return a span."""
        references = [{"refType": "CHILD_OF", "traceID": "1", "spanID": parent}] if parent else []
        listed = [{"key": key.replace("_", "."), "value": value} for key, value in tags.items()]
        times = {"startTime": 1, "duration": 1}
        return {"traceID": "1", "spanID": name, "references": references, "tags": listed, **times}

    go = entry("1", "", penstock_step="go", penstock_flow="f", penstock_entrypoint=True)
    query = entry("2", "1", span_kind="client", db_system="sqlite", db_statement="DELETE FROM parts")
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"data": [{"spans": [go, query]}]}))
    assert ["sqlite:parts"] == [touch.target for touch in read([file], JAEGER, Damage()).touches]
