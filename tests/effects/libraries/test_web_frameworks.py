"""The routes of frameworks that start work."""

from __future__ import annotations

import asyncio

import pytest

from effect_probe import probe_effects


def test_starlette():
    """A route of Starlette is told with its method and the path of its mount."""
    pytest.importorskip("httpx2")
    routing = pytest.importorskip("starlette.routing")
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.testclient import TestClient

    async def show(_request):
        return Response()

    routes = [routing.Mount("/shop", routes=[routing.Route("/orders/{id:int}", show, methods=["PUT"])])]
    with probe_effects() as probe:
        TestClient(Starlette(routes=routes)).put("/shop/orders/17")
    assert ["PUT /shop/orders/{id:int}"] == probe.triggers


def test_fastapi():
    """A route of FastAPI is told with the prefix of the router that includes it."""
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("httpx2")
    from fastapi.testclient import TestClient

    router = fastapi.APIRouter()
    router.add_api_route("/orders/{id}", lambda: None, methods=["POST"])
    app = fastapi.FastAPI()
    app.include_router(router, prefix="/shop")
    app.add_api_route("/ping", lambda: None)
    with probe_effects() as probe:
        client = TestClient(app)
        client.post("/shop/orders/17")
        client.get("/ping")
    assert ["POST /shop/orders/{id}", "GET /ping"] == probe.triggers


def test_websocket():
    """A websocket is told as such."""
    routing = pytest.importorskip("starlette.routing")
    pytest.importorskip("httpx2")
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    async def live(websocket):
        await websocket.accept()
        await websocket.close()

    app = Starlette(routes=[routing.WebSocketRoute("/live", live)])
    with probe_effects() as probe, TestClient(app).websocket_connect("/live"):
        pass
    assert ["WEBSOCKET /live"] == probe.triggers


def test_flask():
    """A rule of Flask is told with the method of the request."""
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    app.add_url_rule("/orders/<int:order>", "show", str, methods=["POST"])
    with probe_effects() as probe:
        app.test_client().post("/orders/17")
        app.test_client().get("/nowhere")
    assert ["POST /orders/<int:order>"] == probe.triggers


def test_aiohttp():
    """A route of aiohttp's server is told."""
    web = pytest.importorskip("aiohttp.web")
    from aiohttp.test_utils import TestClient, TestServer

    async def show(_request):
        return web.Response()

    async def main():
        app = web.Application()
        app.router.add_get("/orders/{id}", show)
        async with TestClient(TestServer(app)) as client:
            await client.get("/orders/17")

    with probe_effects() as probe:
        asyncio.run(main())
    assert ["GET /orders/{id}"] == probe.triggers


def test_litestar():
    """A route of Litestar is told."""
    litestar = pytest.importorskip("litestar")
    pytest.importorskip("httpx2")
    from litestar.params import FromPath  # noqa: TC002 - Litestar reads it
    from litestar.testing import TestClient

    @litestar.post("/orders/{order:int}")
    async def place(order: FromPath[int]) -> None:
        """Place an order."""

    with probe_effects() as probe, TestClient(litestar.Litestar([place])) as client:
        client.post("/orders/17")
    assert ["POST /orders/{order:int}"] == probe.triggers
