"""Traces whose spans name functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otlp import request, span
from penstock.discover.others.otlp import read_otlp
from penstock.discover.proposal import Choice
from penstock.discover.propose import propose
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

SPANS = (
    span("server.", 0, 100, http_method="POST", http_route="/orders"),
    span("place.", 1, 99, "server.", code_function="place", code_namespace="shop.views"),
    span(
        "pay.", 2, 50, "place.", **{"code_function.name": "shop.views.Desk.pay", "code_file.path": "/app/shop/views.py"}
    ),
    span("sql.", 3, 4, "pay.", **{"db_system.name": "postgresql", "db_query.text": "UPDATE orders SET a = 1"}),
    span("pack.", 10, 60, "place.", **{"code_function.name": "shop.store.pack"}),
    span("send.", 70, 80, "place.", **{"code_function.name": "shop.store.send"}),
    span("topic.", 71, 72, "send.", **{"messaging_system": "kafka", "messaging_destination.name": "orders"}),
)
KINDS = {"server.": 2, "sql.": 3, "topic.": 4}


def test_traces_are_a_recording(tmp_path: Path) -> None:
    """Spans with functions are calls; those of servers, clients and producers say what started them and what they touched."""
    names = ("server.", "place.", "pay.", "sql.", "pack.", "send.", "topic.")
    spans = [{**each, "kind": KINDS.get(name, 1)} for name, each in zip(names, SPANS, strict=True)]
    file = tmp_path / "traces.jsonl"
    file.write_text(request(*spans))
    flow = propose(read_otlp([file]), "place", Choice(), tmp_path)
    steps = {step.function.address: ([*step.after], step.effects, step.trigger) for step in flow.steps}
    assert {
        "shop.views:place": ([], (), "POST /orders"),
        "shop.views:Desk.pay": (["place"], ("postgres:orders",), ""),
        "shop.store:pack": (["place"], (), ""),
        "shop.store:send": (["pay", "pack"], ("kafka:orders",), ""),
    } == steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (request(span("a.", 0, 1)), "no span names its function"),
        ("no JSON", "skipped 1 malformed line or span"),
    ],
)
def test_traces_without_functions_are_refused(text: str, message: str, tmp_path: Path) -> None:
    """The error says what is missing, or what could not be read."""
    (tmp_path / "traces.jsonl").write_text(text)
    with pytest.raises(EvidenceError, match=message):
        read_otlp([tmp_path / "traces.jsonl"])
