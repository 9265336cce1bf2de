"""Correlation IDs in ASGI applications, real ones, over httpx and a live server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import traceback
from contextlib import contextmanager

import pytest

from penstock import current_flow, current_flow_id, entrypoint, flow, get_flow, get_value, observing, set_value, step
from penstock.check.verdict.judgement import judge
from penstock.contrib.asgi import FlowMiddleware
from penstock.observers.evidence import EvidenceObserver

httpx = pytest.importorskip("httpx")
fastapi = pytest.importorskip("fastapi")
litestar = pytest.importorskip("litestar")
uvicorn = pytest.importorskip("uvicorn")
websockets = pytest.importorskip("websockets.sync.client")

from fastapi import BackgroundTasks, FastAPI, WebSocket  # noqa: E402
from fastapi.responses import JSONResponse, StreamingResponse  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.middleware.base import BaseHTTPMiddleware  # noqa: E402

HEADER = "X-Correlation-ID"
SEEN: list[str | None] = []


@flow("orders")
@step(after="handle")
def work() -> str | None:
    return current_flow_id()


def application(**options) -> FastAPI:
    """Return an application whose every part says which ID it sees."""
    app = FastAPI()

    @app.get("/async")
    @flow("orders")
    @entrypoint(name="handle")
    async def in_loop():
        await asyncio.sleep(0.001)
        return [current_flow_id(), work(), current_flow().flow]

    @app.get("/sync")
    def in_thread():
        return [current_flow_id(), work()]

    @app.get("/stream")
    def stream():
        def pieces():
            for _ in range(3):
                yield f"{current_flow_id()} "

        return StreamingResponse(pieces())

    @app.get("/background")
    async def background(tasks: BackgroundTasks):
        tasks.add_task(lambda: SEEN.append(current_flow_id()))

    @app.get("/fail")
    async def fail():
        raise RuntimeError("on purpose")

    @app.get("/missing")
    async def missing():
        raise fastapi.HTTPException(404)

    @app.websocket("/socket")
    async def talk(socket: WebSocket):
        await socket.accept()
        await socket.send_text(str(current_flow_id()))
        await socket.close()

    async def pass_on(request, call_next):
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    app.add_middleware(FlowMiddleware, **options)
    return app


def get(app, *paths, headers=None):
    """Send requests at once; return the responses."""

    async def send():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.get(path, headers=headers) for path in paths))

    return asyncio.run(send())


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_endpoints_are_in_the_run(path):
    """An endpoint, and the steps that it calls, have the ID that the response tells."""
    (response,) = get(application(), path)

    assert [response.headers[HEADER]] * 2 == response.json()[:2]
    assert current_flow_id() is None


def test_entrypoints_name_the_run():
    """The request's run has the flow of the first entrypoint in it."""
    assert "orders" == get(application(), "/async")[0].json()[2]


def test_requests_do_not_mix():
    """Requests that are served at once have IDs of their own."""
    responses = get(application(), *["/async", "/sync"] * 20)

    assert 40 == len({response.headers[HEADER] for response in responses})
    assert all(response.json()[1] == response.headers[HEADER] for response in responses)


def test_streamed_bodies_are_in_the_run():
    """Each piece of a streamed body is made in the request's run."""
    (response,) = get(application(), "/stream")

    assert [response.headers[HEADER]] * 3 == response.text.split()


def test_background_tasks_are_in_the_run():
    """What runs after the response still has its ID."""
    SEEN.clear()
    (response,) = get(application(), "/background")

    assert [response.headers[HEADER]] == SEEN


@pytest.mark.parametrize("path", ["/missing", "/nowhere", "/fail"])
def test_errors_tell_the_id(path):
    """Responses of errors have the header, that of a crash included."""
    (response,) = get(application(), path)

    assert 32 == len(response.headers[HEADER])
    assert {"/fail": 500}.get(path, 404) == response.status_code


def test_handlers_of_crashes_are_in_the_run():
    """The application's own handler of a crash answers, once, and sees the ID."""
    app = application()
    calls = []

    @app.exception_handler(Exception)
    async def show(_, error):
        calls.append(str(error))
        return JSONResponse({"flow_id": current_flow_id()}, status_code=500)

    (response,) = get(app, "/fail")

    assert {"flow_id": response.headers[HEADER]} == response.json()
    assert ["on purpose"] == calls


def test_handlers_of_late_crashes_are_in_the_run():
    """A handler is called once, in the run, also where the response has begun or another application is mounted."""
    app, below = application(), FastAPI()
    calls = []

    @app.get("/late")
    async def late():
        async def pieces():
            yield "begun"
            raise RuntimeError("on purpose")

        return StreamingResponse(pieces())

    @below.get("/fail")
    async def fail():
        raise RuntimeError("on purpose")

    @app.exception_handler(Exception)
    async def note(_, error):
        calls.append(current_flow_id())
        return JSONResponse(str(error), status_code=500)

    app.mount("/below", below)
    responses = [get(app, path)[0] for path in ("/late", "/below/fail")]

    assert [response.headers[HEADER] for response in responses] == calls
    assert ["begun", "Internal Server Error"] == [response.text for response in responses]


class Handler:
    """A handler of crashes that is an object."""

    async def __call__(self, _, error):
        return JSONResponse(str(error), status_code=500)


def test_handlers_of_crashes_may_be_objects():
    """An object with an `async` call is awaited, as Starlette does."""
    app = application()
    app.add_exception_handler(Exception, Handler())

    assert "on purpose" == get(app, "/fail")[0].json()


def test_an_error_that_is_raised_again():
    """One exception object that two requests raise is answered by the application's handler each time."""
    app = application()
    error, calls = ValueError("on purpose"), []

    @app.get("/again")
    async def again():
        raise error

    @app.exception_handler(Exception)
    async def show(_, error):
        calls.append(current_flow_id())
        return JSONResponse(str(error), status_code=500)

    responses = get(app, "/again", "/again")

    assert ["on purpose"] * 2 == [response.json() for response in responses]
    assert {response.headers[HEADER] for response in responses} == {*calls}
    assert 2 == len(calls)


def test_a_crash_keeps_its_traceback():
    """The server learns of a crash as it was: the answer that the middleware makes leaves no frames in it."""

    async def send():
        transport = httpx.ASGITransport(application())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/fail")

    with pytest.raises(RuntimeError, match="on purpose") as caught:
        asyncio.run(send())

    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "fail" == names[-1]
    assert {"_fail", "failed"}.isdisjoint(names)


def test_around_an_application():
    """The middleware may also stand around the application."""
    (response,) = get(FlowMiddleware(FastAPI()), "/nowhere")

    assert 32 == len(response.headers[HEADER])


def test_one_run_below_another_middleware():
    """An application with the middleware, mounted below another that has it, too, joins the request's run."""
    outer, inner = application(), application(trust=True, header="X-Request-ID")
    outer.mount("/below", inner)
    outer.mount("/same", application(trust=True))
    told = {HEADER: "order-17", "X-Request-ID": "order-18"}
    (below,) = get(outer, "/below/async", headers=told)
    (same,) = get(outer, "/same/async", headers=told)

    assert [below.headers[HEADER], below.headers["X-Request-ID"]] == [below.json()[0]] * 2
    assert [same.json()[0]] == same.headers.get_list(HEADER)
    assert {"order-17", "order-18"}.isdisjoint([below.json()[0], same.json()[0]])


def test_values_reach_an_application_below():
    """What the outer application puts into the run is there below the inner middleware."""
    inner = FastAPI()

    @inner.get("/")
    async def show():
        return get_value("tenant")

    async def note(request, call_next):
        set_value("tenant", "acme")
        return await call_next(request)

    inner.add_middleware(FlowMiddleware)
    inner.add_middleware(BaseHTTPMiddleware, dispatch=note)
    inner.add_middleware(FlowMiddleware)

    assert "acme" == get(inner, "/")[0].json()


@pytest.mark.parametrize("path", ["/below/fail", "/below/missing", "/below/stream", "/below/background"])
def test_every_part_of_an_application_below_is_in_the_one_run(path):
    """Below two middlewares, errors tell the one ID, and bodies and background tasks have it."""
    SEEN.clear()
    outer = application()
    outer.mount("/below", application())
    noted = []

    async def between(scope, receive, send):
        noted.append(current_flow_id())
        await outer(scope, receive, send)

    (response,) = get(FlowMiddleware(between), path)

    assert noted == response.headers.get_list(HEADER)
    assert {*noted} >= {*SEEN, *(response.text.split() if path == "/below/stream" else [])}
    assert (path == "/below/background") == bool(SEEN)


def test_handlers_of_crashes_below():
    """A crash below is shown to the handlers of both applications, each once and in the one run."""
    outer, inner = application(), application()
    calls = []

    async def show(_, error):
        calls.append(current_flow_id())
        return JSONResponse(str(error), status_code=500)

    inner.add_exception_handler(Exception, show)
    outer.add_exception_handler(Exception, show)
    outer.mount("/below", inner)
    (response,) = get(outer, "/below/fail")

    assert (500, "on purpose") == (response.status_code, response.json())
    assert [response.headers[HEADER]] * 2 == calls


def test_a_request_inside_a_request_is_another_run():
    """What a handler sends to an application by a client is a request of its own, with an ID of its own."""
    app = application()

    @app.get("/relay")
    async def relay():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            inner = await client.get("/async")
        return [current_flow_id(), inner.headers[HEADER], inner.json()[0]]

    (response,) = get(app, "/relay")
    outside, told, inside = response.json()

    assert response.headers[HEADER] == outside != told == inside


@pytest.mark.parametrize("value", ["-" * 5000, "a b", "\u0661".encode(), b"a\xff", "a;b", "x" * 65])
def test_hostile_ids_are_not_repeated(value, caplog):
    """An ID that is none is dropped, even from those who are trusted, and stands nowhere."""
    (response,) = get(application(trust=True), "/async", headers={HEADER: value})

    assert 32 == len(response.headers[HEADER])
    assert "" == caplog.text


@pytest.mark.parametrize(
    ("trust", "expected"), [(True, True), (["127.0.0.1"], True), (["10.0.0.0/8"], False), (False, False)]
)
def test_inbound_ids(trust, expected):
    """An ID from outside is used where its sender is trusted."""
    (response,) = get(application(trust=trust), "/async", headers={HEADER: "order-17"})

    assert expected == (response.json()[0] == "order-17" == response.headers[HEADER])


def test_parts_of_a_request_prove_their_order():
    """Dependencies, the endpoint, the streamed body and background tasks are comparable, and what comes last is last."""
    shop, app = flow("parts"), FastAPI()

    @shop.entrypoint
    def authorise():
        yield "somebody"

    @shop.step(after="stream")
    def notify(): ...

    @shop.step(after="answer")
    def stream():
        yield "a"

    @app.get("/")
    @shop.step(after="authorise")
    async def answer(tasks: BackgroundTasks, who=fastapi.Depends(authorise)):  # noqa: B008 - so FastAPI has it
        tasks.add_task(notify)
        return StreamingResponse(stream())

    app.add_middleware(FlowMiddleware)
    with observing(EvidenceObserver()) as observer:
        get(app, "/")
    found = judge(get_flow("parts"), observer.evidence())
    assert {"confirmed order"} == {f"{edge.state} {edge.witness}" for edge in found.flow.edges}


class Between:
    """A middleware that is not ours."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            SEEN.append(current_flow_id())
        await self.app(scope, receive, send)


def fastapi_with_it_last():
    app = FastAPI()
    app.add_middleware(Between)
    app.add_middleware(FlowMiddleware)
    return app


def starlette_with_it_first():
    return Starlette(middleware=[Middleware(FlowMiddleware), Middleware(Between)])


def litestar_with_it_first():
    @litestar.get("/nowhere", sync_to_thread=True)
    def nowhere() -> None: ...

    return litestar.Litestar([nowhere], middleware=[FlowMiddleware, Between])


@pytest.mark.parametrize("make", [fastapi_with_it_last, starlette_with_it_first, litestar_with_it_first])
def test_where_it_stands(make):
    """Added last, or first in a list, it stands around all other middleware."""
    SEEN.clear()
    (response,) = get(make(), "/nowhere")

    assert [response.headers[HEADER]] == SEEN


def test_unknown_paths_of_litestar():
    """Litestar answers unknown paths outside of its middleware, so there the middleware has to stand around it."""
    around, in_list = litestar.Litestar([]), litestar.Litestar([], middleware=[FlowMiddleware])
    (with_id,), (without,) = get(FlowMiddleware(around), "/nowhere"), get(in_list, "/nowhere")

    assert (404, 32) == (with_id.status_code, len(with_id.headers[HEADER]))
    assert (404, False) == (without.status_code, HEADER in without.headers)


def test_litestar_handlers_are_in_the_run():
    """Litestar's handlers are in the run, and its errors tell the ID."""

    @litestar.get("/", sync_to_thread=True)
    def show() -> str:
        return current_flow_id() or "none"

    @litestar.get("/fail", sync_to_thread=True)
    def fail() -> str:
        raise RuntimeError("on purpose")

    app = litestar.Litestar([show, fail], middleware=[FlowMiddleware])
    shown, failed = get(app, "/", "/fail")

    assert shown.text == shown.headers[HEADER]
    assert (500, 32) == (failed.status_code, len(failed.headers[HEADER]))


@contextmanager
def served(app):
    """Serve an application on a free port; give its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", ws="websockets-sansio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 600
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)


def test_a_live_server():
    """Behind a real server requests tell their ID, crashes included, and so does the handshake of a websocket."""
    with served(FlowMiddleware(application())) as address:
        ok = httpx.get(f"http://{address}/async", timeout=600)
        failed = httpx.get(f"http://{address}/fail", timeout=600)
        with websockets.connect(f"ws://{address}/socket") as connection:
            told = connection.response.headers[HEADER]
            said = connection.recv(60)

    assert ok.json()[0] == ok.headers[HEADER]
    assert (500, 32) == (failed.status_code, len(failed.headers[HEADER]))
    assert told == said
    assert 3 == len({ok.headers[HEADER], failed.headers[HEADER], told})
