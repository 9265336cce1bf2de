"""What starts calls: requests and signals, with real libraries."""

from __future__ import annotations

import sys

import pytest

from discoveries import draw_roots, record

FLASK = """
import flask
app = flask.Flask("shop")

@app.post("/orders/<int:number>")
def place_order(number):
    check()
    return "placed"

def check(): ...

def nothing(): ...

def call_client():
    app.test_client().post("/orders/7")

app.test_client().post("/orders/5")
check()
call_client()
"""

STARLETTE = """
import asyncio
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

def in_thread(request):
    check()
    return Response()

async def in_loop(request):
    check()
    return Response()

def check(): ...

app = Starlette(routes=[Route("/orders/{number}", in_thread), Route("/orders", in_loop, methods=["POST"])])
empty = {"type": "http.request", "body": b"", "more_body": False}

for method, path in (("GET", "/orders/5"), ("POST", "/orders")):
    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    asyncio.run(app(scope, lambda: asyncio.sleep(0, empty), lambda _: asyncio.sleep(0)))
check()
"""

DJANGO = """
from django.db.models.signals import post_save

def store():
    post_save.send(sender=object)
    check()

def send_mail(**_): ...
def check(): ...

post_save.connect(send_mail)
store()
"""


@pytest.mark.parametrize(
    ("library", "application", "expected"),
    [
        (
            "flask",
            FLASK,
            {
                "POST /orders/<int:number>: place_order(check)",
                "call_client(place_order(check))",
                "check",
            },
        ),
        ("starlette", STARLETTE, {"GET /orders/{number}: in_thread(check)", "POST /orders: in_loop(check)", "check"}),
        ("django", DJANGO, {"signal:post_save: send_mail", "store(send_mail, check)"}),
    ],
)  # fmt: skip
def test_triggers(tmp_path, library, application, expected):
    """A call inside a library's handling of a request or signal is started by it, wherever it stands; others are not."""
    pytest.importorskip(library)
    (tmp_path / "app.py").write_text(application)
    assert expected == set(draw_roots(record(tmp_path, sys.executable, str(tmp_path / "app.py"))))
