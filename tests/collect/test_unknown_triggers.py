"""Triggers that the application's frameworks do not know."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.collect.routes import mark_unknown_triggers
from penstock.collect.routes.route_table import Route, RouteTable
from penstock.config import load
from penstock.model import Flow, Step
from penstock.model.resources import read_resource

STARLETTE = """
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
def view(request): ...
app = Starlette(routes=[
    Route("/orders/{id:int}", view, methods=["POST"]),
    Mount("/shop", routes=[Route("/parts", view)]),
    Mount("/files", app=view),
    WebSocketRoute("/live", view),
])
"""
FASTAPI = """
from fastapi import APIRouter, FastAPI
router, waiting = APIRouter(prefix="/v1"), APIRouter()
@router.post("/orders/{id}")
def order(id): ...
@waiting.get("/later")
def later(): ...
app = FastAPI()
app.include_router(router, prefix="/shop")
"""
FLASK = """
from flask import Blueprint, Flask
app = Flask("shop")
parts = Blueprint("parts", "shop")
@app.post("/orders/<int:id>")
def order(id): ...
@parts.get("/<name>")
def part(name): ...
app.register_blueprint(parts, url_prefix="/parts")
"""
CELERY = """
from celery import Celery
app = Celery("shop", broker="memory://", set_as_current=False)
@app.task(shared=False)
def ship(order): ...
"""


@pytest.fixture
def find_notes(monkeypatch):
    """Return a function that runs a module of the user's, and returns what is said of a trigger."""
    if "django.apps" in sys.modules:  # other tests may have set it up in this process
        monkeypatch.setattr(sys.modules["django.apps"].apps, "ready", False)

    def find(source, trigger):
        module = ModuleType("stand")
        module.__file__ = "/stand.py"
        exec(compile(source, module.__file__, "exec"), vars(module))
        monkeypatch.setitem(sys.modules, "stand", module)
        flow = Flow(name="orders", steps=(Step(name="place", entrypoint=True, trigger=trigger),))
        [marked] = mark_unknown_triggers([flow], lambda file: file == "/stand.py")
        assert {"route-unknown"} >= {use.state for use in marked.uses}
        return [use.note for use in marked.uses]

    return find


@pytest.mark.parametrize(
    ("source", "trigger"),
    [
        (STARLETTE, "POST /orders/{order}"),
        (STARLETTE, "/orders/17"),
        (STARLETTE, "GET /shop/parts/"),
        (STARLETTE, "GET /gateway/shop/parts"),
        (STARLETTE, "DELETE /files/anything/below"),
        (STARLETTE, "/live"),
        (STARLETTE, "OPTIONS /orders/{order}"),
        (STARLETTE, "kafka:orders"),
        (STARLETTE, "the shop's door"),
        (STARLETTE, "POST https://shop.example/oders"),
        (FASTAPI, "POST /shop/v1/orders/{id}"),
        (FASTAPI, "POST /v1/orders/{id}"),
        (FASTAPI, "GET /public/later"),
        (FLASK, "POST /orders/{id}"),
        (FLASK, "GET /parts/bolt"),
        (CELERY, "celery:stand.ship"),
        (CELERY, "celery:ship"),
        (CELERY, "celery:urgent"),
        (CELERY, "celery:other.tasks.ship"),
    ],
)
def test_known(find_notes, source, trigger):
    """Nothing is said of a trigger that the application has, or that may be known elsewhere."""
    pytest.importorskip(source.split("import ", 1)[0].split("from ", 1)[1].partition(".")[0].strip())
    assert [] == find_notes(source, trigger)


@pytest.mark.parametrize(
    ("source", "trigger", "note"),
    [
        (STARLETTE, "POST /oders/{id}", "The nearest that Starlette has: POST /orders/{id:int}."),
        (STARLETTE, "PUT /orders/{id}", "The nearest that Starlette has: POST /orders/{id:int}."),
        (STARLETTE, "/customers", "Starlette has 4 others, and none is like it."),
        (
            FASTAPI,
            "GET /shop/v1/orders/{id}",
            "The nearest that FastAPI has: POST /shop/v1/orders/{id}, POST /v1/orders/{id}.",
        ),
        (FLASK, "POST /order/{id}", "The nearest that Flask has: POST /orders/<int:id>."),
        (CELERY, "celery:stand.shipp", "The nearest that Celery has: celery:stand.ship."),
    ],
)
def test_unknown(find_notes, source, trigger, note):
    """A trigger that no route or task has is said to be unknown, with the nearest that there are."""
    pytest.importorskip(source.split("import ", 1)[0].split("from ", 1)[1].partition(".")[0].strip())
    assert [note] == find_notes(source, trigger)


@pytest.mark.parametrize(
    "more",
    [
        "def make_app():\n    return Starlette()\n",
        "class Factory:\n    def __call__(self): return Starlette()\n",
        "from aiohttp import web\n",
    ],
)
def test_in_doubt(find_notes, more):
    """Where the application may have other routes, made at run time or by another framework, nothing is said."""
    pytest.importorskip("starlette")
    if "aiohttp" in more:
        pytest.importorskip("aiohttp")
    assert [] == find_notes(f"{STARLETTE}\n{more}", "POST /oders")


def test_blueprint_that_waits(find_notes):
    """A blueprint that no imported application has may be registered with any prefix."""
    pytest.importorskip("flask")
    assert [] == find_notes(f"{FLASK}\nother = Blueprint('other', 'shop')\n", "POST /oders")


def test_without_application(find_notes):
    """Without an application, nothing is said."""
    assert [] == find_notes("", "POST /orders")


@pytest.mark.parametrize(
    ("path", "trigger", "known"),
    [
        ("/", "/", True),
        ("/", "/orders", False),
        ("orders/(?P<pk>\\d+)/", "/orders/17/lines", True),
        ("orders/(?P<pk>\\d+)/", "/bills/17", False),
        ("/orders/<path:rest>", "/orders/a/b", True),
        ("/redoc", "/orders/{id}", False),
        ("/orders/new", "/orders/{kind}", True),
        ("/or ders", "/anything", True),
        ("/<script>alert(1)</script>", "/orders", True),
    ],
)
def test_paths(path, trigger, known):
    """A parameter stands for anything, and so does what is not understood."""
    assert known is RouteTable("Django", (Route(path),)).has("", read_resource(trigger).path)


URLS = """
from django.urls import include, path, re_path
def view(request): ...
urlpatterns = [
    path("orders/<int:pk>/", view),
    path("shop/", include([re_path(r"^parts/(?P<name>[a-z]+)/$", view)])),
]
"""
FLOWS = """
from penstock import entrypoint, flow

@flow("known")
@entrypoint(trigger="POST /orders/{id}")
def known(request): ...

@flow("part")
@entrypoint(trigger="GET /shop/parts/{name}")
def part(request): ...

@flow("wrong")
@entrypoint(trigger="POST /oders/{id}")
def wrong(request): ...
"""
COMMAND = """
from django.core.management.base import BaseCommand
from penstock import entrypoint, flow

class Command(BaseCommand):
    @flow("imports")
    @entrypoint(trigger="command:import_part")
    def handle(self, *args, **options): ...
"""


def test_django(project):
    """The URL configuration of Django is asked, also if the flows do not import it; and the commands that there are."""
    pytest.importorskip("django")
    project.write("shop/settings.py", "INSTALLED_APPS = ['shop']\nSECRET_KEY = 'test'\nROOT_URLCONF = 'shop.urls'\n")
    project.write("shop/urls.py", URLS)
    project.write("shop/flows.py", FLOWS)
    for folder in ("shop/management", "shop/management/commands"):
        project.write(f"{folder}/__init__.py", "")
    project.write("shop/management/commands/import_parts.py", COMMAND)
    settings = {
        "modules": ["shop.flows", "shop.management.commands.import_parts"],
        "path": ["."],
        "setup": "django:setup",
        "env": {"DJANGO_SETTINGS_MODULE": "shop.settings"},
    }
    flows = collect(CollectPlan.of(load(project.folder, settings), calls=True)).flows
    assert {
        "imports": ["The nearest that Django has: command:import_parts."],
        "known": [],
        "part": [],
        "wrong": ["The nearest that Django has: /orders/<int:pk>/."],
    } == {flow.name: [use.note for use in flow.uses] for flow in flows}
