"""What a real server does around an application: connections that are kept, answers to crashes, and its log."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from penstock import add_observer, current_flow_id, flow, observing
from penstock.contrib.asgi import FlowMiddleware
from penstock.contrib.logging import FlowFilter

uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("httptools")
pytest.importorskip("opentelemetry.sdk")
pytest.importorskip("starlette")
pytest.importorskip("wsproto")
pytest.importorskip("websockets")

from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.background import BackgroundTask  # noqa: E402
from starlette.responses import JSONResponse  # noqa: E402
from starlette.routing import Mount, Route, WebSocketRoute  # noqa: E402
from websockets.client import ClientProtocol  # noqa: E402
from websockets.frames import Frame, Opcode  # noqa: E402
from websockets.uri import parse_uri  # noqa: E402

from penstock.observers.otel import OpenTelemetryObserver  # noqa: E402

HEADER = "X-Correlation-ID"
LATER: list[str | None] = []
READ = threading.Event()
MOST, REST = 900_000, 1000


@contextmanager
def served(app, **options):
    """Serve an application on a free port; give a connection that is kept."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, loop="asyncio", **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=60)
        try:
            deadline = time.monotonic() + 600
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield connection
        finally:
            connection.close()
            server.should_exit = True
            thread.join(60)


def application():
    """Return an application that reads bodies, and one whose entrypoints nothing else is around."""
    shop = flow("shop")

    @shop.entrypoint(name="upload")
    async def upload(request):
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size == MOST:
                READ.set()
        return JSONResponse(current_flow_id())

    @shop.entrypoint(name="look")
    async def look(request):
        return JSONResponse(current_flow_id())

    @shop.step(after="look", name="note")
    async def note():
        LATER.append(current_flow_id())

    async def show(request):
        return JSONResponse(current_flow_id(), background=BackgroundTask(note))

    async def fail(request):
        raise RuntimeError("on purpose")

    routes = [Route("/upload", upload, methods=["POST"])]

    @shop.entrypoint(name="talk")
    async def talk(websocket):
        await websocket.accept()
        await websocket.send_text(current_flow_id())
        await websocket.close()

    routes += [WebSocketRoute("/talk", talk)]
    routes += [Route("/look", look), Route("/show", show), Route("/fail", fail)]
    return Starlette(routes=routes)


def request(connection, path):
    """Return the answer's body, without quotes, and its correlation ID."""
    connection.request("GET", path)
    response = connection.getresponse()
    return response.read().decode().strip('"'), response.headers[HEADER]


def upload(connection, path="/upload"):
    """Send a body that is too long for a buffer, so that the server goes on reading when the application asks for more."""
    READ.clear()
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(MOST + REST))
    connection.endheaders()
    connection.send(b"x" * MOST)
    assert READ.wait(60)
    connection.send(b"x" * REST)
    return connection.getresponse().read().decode().strip('"')


def talk(connection):
    """Return what the application says over a WebSocket that takes the place of a kept connection."""
    handshake = ClientProtocol(parse_uri(f"ws://127.0.0.1:{connection.port}/talk"))
    handshake.send_request(handshake.connect())
    connection.sock.sendall(b"".join(handshake.data_to_send()))
    while True:
        handshake.receive_data(connection.sock.recv(65536))
        for event in handshake.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                return event.data.decode()


def skip_unless_it_leaks():
    """Skip a test that shows nothing: the server's tasks of later requests have no run, as Python may have it one day."""
    if not any(SEEN):
        pytest.skip("each task of this server begins outside every run")


SEEN: list[str | None] = []


class Outside:
    """An application around all, that notes what the server's task has."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        SEEN.append(current_flow_id())
        await self.app(scope, receive, send)


@pytest.fixture(params=["h11", "httptools"])
def protocol(request):
    SEEN.clear()
    LATER.clear()
    return request.param


@pytest.fixture(params=["nobody", "observer", "spans"])
def observers(request):
    """What is told of the steps."""
    if request.param == "spans":
        add_observer(OpenTelemetryObserver(TracerProvider(shutdown_on_exit=False)))
    elif request.param == "observer":
        add_observer(lambda event: None)


@pytest.mark.usefixtures("observers")
def test_requests_on_a_kept_connection_are_runs_of_their_own(protocol):
    """Behind the middleware, a request has its own ID after one that was reading its body."""
    with served(Outside(FlowMiddleware(application())), http=protocol) as connection:
        first = upload(connection)
        others = [request(connection, "/look") for _ in range(3)]

    assert [body for body, _ in others] == [header for _, header in others]
    assert 4 == len({first, *(body for body, _ in others)})
    skip_unless_it_leaks()


@pytest.mark.usefixtures("observers")
def test_entrypoints_on_a_kept_connection_are_runs_of_their_own(protocol):
    """The same holds for entrypoints without the middleware."""
    with served(Outside(application()), http=protocol) as connection:
        first = upload(connection)
        others = [request(connection, "/look")[0] for _ in range(3)]

    assert 4 == len({first, *others})
    skip_unless_it_leaks()


def test_steps_on_a_kept_connection_are_not_in_the_one_before(protocol):
    """No step is around the entrypoint of the next request, with the middleware and without."""
    for app in (application(), FlowMiddleware(application())):
        around = []
        with (
            observing(lambda event, around=around: around.append(event.parent and event.parent.step)),
            served(app, http=protocol) as connection,
        ):
            upload(connection)
            request(connection, "/look")

        assert [None, None] == around


def test_an_application_below_on_a_kept_connection(protocol):
    """A middleware that is only around a mounted application begins with nothing of the request before."""
    app = Starlette(routes=[Mount("/below", FlowMiddleware(application())), Mount("/", application())])
    with served(Outside(app), http=protocol) as connection:
        first = upload(connection)
        (body, header), (after, _) = request(connection, "/below/show"), request(connection, "/look")

    assert body == header
    assert 3 == len({first, body, after})


@pytest.mark.usefixtures("observers")
@pytest.mark.parametrize("behind_middleware", [True, False])
@pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])
def test_a_websocket_on_a_kept_connection_is_a_run_of_its_own(protocol, ws, behind_middleware):
    """A connection that has read a body and becomes a WebSocket has nothing of the request before."""
    app = FlowMiddleware(application()) if behind_middleware else application()
    with served(Outside(app), http=protocol, ws=ws) as connection:
        first = upload(connection)
        said = talk(connection)

    assert said
    assert first != said
    skip_unless_it_leaks()


def test_background_tasks_on_a_kept_connection(protocol):
    """What goes on after an answer is in the run of its own request."""
    with served(FlowMiddleware(application()), http=protocol) as connection:
        upload(connection)
        told = [request(connection, "/show")[0] for _ in range(2)]

    assert told == LATER


def test_the_servers_own_answer_tells_the_id(protocol):
    """Where only the server is left to answer for a crash, its answer has the ID, and the next one has its own."""

    async def crash(*_):
        raise RuntimeError("on purpose")

    with served(FlowMiddleware(crash), http=protocol, lifespan="off", log_level="critical") as connection:
        answers = [request(connection, "/") for _ in range(2)]

    assert ["Internal Server Error"] * 2 == [body for body, _ in answers]
    assert 2 == len({header for _, header in answers if header})


def test_the_line_with_the_traceback_has_the_id(protocol, caplog):
    """What the server logs of a crash has the ID of the answer, also on a connection that was kept."""
    caplog.handler.addFilter(FlowFilter())
    try:
        with served(FlowMiddleware(application()), http=protocol, log_level="error") as connection:
            upload(connection)
            connection.request("GET", "/fail")
            response = connection.getresponse()
            response.read()
    finally:
        caplog.handler.filters.clear()

    assert [response.headers[HEADER]] == [record.flow_id for record in caplog.records if record.exc_info]
    assert logging.ERROR == caplog.records[0].levelno
