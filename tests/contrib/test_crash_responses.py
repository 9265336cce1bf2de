"""Who answers for a crash is whoever would without the middleware; it only adds the ID, and the handlers see it."""

from __future__ import annotations

import asyncio

import pytest

from penstock import current_flow_id, set_value
from penstock.contrib.asgi import FlowMiddleware
from penstock.contrib.wsgi import FlowMiddleware as WsgiFlowMiddleware

httpx = pytest.importorskip("httpx")
fastapi = pytest.importorskip("fastapi")
flask = pytest.importorskip("flask")
litestar = pytest.importorskip("litestar")
sentry_asgi = pytest.importorskip("sentry_sdk.integrations.asgi")
sentry_wsgi = pytest.importorskip("sentry_sdk.integrations.wsgi")
otel_asgi = pytest.importorskip("opentelemetry.instrumentation.asgi")
otel_fastapi = pytest.importorskip("opentelemetry.instrumentation.fastapi")

from fastapi.responses import JSONResponse, StreamingResponse  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.middleware.base import BaseHTTPMiddleware  # noqa: E402
from starlette.routing import Mount  # noqa: E402

HEADER = "X-Correlation-ID"


def application(handles=True, middleware=True, **options):
    """Return an application that fails, and may have a handler of its own for that."""
    app = fastapi.FastAPI(**options)

    @app.get("/fail")
    async def fail():
        set_value("tenant", "acme")
        raise RuntimeError("on purpose")

    @app.get("/late")
    async def late():
        async def pieces():
            yield "begun"
            raise RuntimeError("on purpose")

        return StreamingResponse(pieces())

    if handles:

        @app.exception_handler(Exception)
        async def answer(request, error):
            async def pieces():
                yield f"sorry {current_flow_id()}"

            return StreamingResponse(pieces(), 500, {"X-Seen": str(current_flow_id())})

    if middleware:
        app.add_middleware(FlowMiddleware)
    return app


async def unavailable(request, call_next):
    """Answer for what fails below, as a middleware of an application may."""
    try:
        return await call_next(request)
    except RuntimeError:
        return JSONResponse({"error": "unavailable"}, 503)


async def pass_on(request, call_next):
    """Do nothing, in a task of its own."""
    return await call_next(request)


def instrumented(app):
    otel_fastapi.FastAPIInstrumentor.instrument_app(app)
    return app


def between(dispatch):
    """Return what puts a middleware between the one of Starlette and ours."""

    def add(app):
        app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
        return app

    return add


AROUND = {
    "nothing": lambda app: app,
    "instrumentation of FastAPI": instrumented,
    "instrumentation of ASGI": otel_asgi.OpenTelemetryMiddleware,
    "Sentry": sentry_asgi.SentryAsgiMiddleware,
    "a middleware": between(pass_on),
    "a middleware and the instrumentation": lambda app: instrumented(between(pass_on)(app)),
}


def get(app, path="/fail"):
    """Send a request."""

    async def send():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.get(path)
        assert current_flow_id() is None
        return response

    return asyncio.run(send())


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_the_handler_of_the_application_answers(around):
    """The application's own answer arrives, whatever stands around; it was made, and streamed, in the request's run."""
    response = get(around(application()))
    flow_id = response.headers[HEADER]

    assert (500, f"sorry {flow_id}", flow_id) == (response.status_code, response.text, response.headers["X-Seen"])
    assert [flow_id] == response.headers.get_list(HEADER)


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("debug", [False, True])
def test_the_framework_answers(around, debug):
    """Where the application has no handler, the framework's answer is as it would be without the middleware."""
    expected = get(around(application(handles=False, middleware=False, debug=debug)))
    response = get(around(application(handles=False, debug=debug)))

    assert (500, 32) == (response.status_code, len(response.headers[HEADER]))
    assert expected.text.splitlines()[0] == response.text.splitlines()[0]


@pytest.mark.parametrize("handles", [False, True])
@pytest.mark.parametrize("around", [lambda app: app, instrumented], ids=["plain", "instrumented"])
def test_a_middleware_in_between_answers(around, handles):
    """A middleware that answers for what fails below has its answer sent, with the ID."""
    response = get(around(between(unavailable)(application(handles))))

    assert (503, {"error": "unavailable"}, 32) == (
        response.status_code,
        response.json(),
        len(response.headers[HEADER]),
    )


def test_a_middleware_around_a_plain_application_answers():
    """Nothing is sent in place of what stands around the middleware."""

    async def crash(*_):
        raise RuntimeError("on purpose")

    app = Starlette(routes=[Mount("/", FlowMiddleware(crash))])
    response = get(between(unavailable)(app), "/")

    assert (503, {"error": "unavailable"}) == (response.status_code, response.json())


def test_nothing_answers_where_nothing_would():
    """A plain application that fails sends nothing, and the server learns of it."""
    sent = []

    async def crash(*_):
        raise RuntimeError("on purpose")

    async def send(message):
        sent.append(message)

    with pytest.raises(RuntimeError, match="on purpose"):
        asyncio.run(FlowMiddleware(crash)({"type": "http", "headers": []}, None, send))

    assert [] == sent


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_an_answer_that_has_begun(around):
    """An answer that fails while it is sent is not begun again."""
    response = get(around(application()), "/late")

    assert (200, "begun") == (response.status_code, response.text)


def test_an_application_below_answers():
    """Below an application with the middleware, the mounted one's own handler answers, in the one run."""
    outer = application()
    outer.mount("/below", application())
    response = get(outer, "/below/fail")

    assert f"sorry {response.headers[HEADER]}" == response.text
    assert 1 == len(response.headers.get_list(HEADER))


def test_an_application_without_the_middleware_is_left_alone():
    """Other applications of the process answer as ever."""
    application()
    response = get(application(middleware=False))

    assert ("sorry None", None) == (response.text, response.headers.get(HEADER))


def test_a_lifespan_is_outside_every_run():
    """What starts with an application belongs to no run, also where a run starts the application."""
    from penstock import flow_context

    seen = []

    async def app(scope, receive, send):
        seen.append(current_flow_id())

    async def run():
        with flow_context():
            await FlowMiddleware(app)({"type": "lifespan"}, None, None)
            seen.append(current_flow_id())

    asyncio.run(run())

    assert [None, 32] == [seen[0], len(seen[1])]


def test_litestar_answers():
    """An exception handler of Litestar's is in the run, and its answer has the ID."""

    def answer(request, error):
        return litestar.Response(f"sorry {current_flow_id()}", status_code=503)

    @litestar.get("/fail", sync_to_thread=False)
    def fail() -> str:
        raise RuntimeError("on purpose")

    for around in (FlowMiddleware, lambda app: app):
        middleware = [FlowMiddleware] if around is not FlowMiddleware else []
        app = litestar.Litestar([fail], middleware=middleware, exception_handlers={RuntimeError: answer})
        response = get(around(app))

        assert (503, f"sorry {response.headers[HEADER]}") == (response.status_code, response.text)


@pytest.mark.parametrize("around", [lambda app: app, sentry_wsgi.SentryWsgiMiddleware], ids=["plain", "Sentry"])
def test_flask_answers(around):
    """An error handler of Flask's is in the run, and its answer has the ID."""
    app = flask.Flask("test")
    app.wsgi_app = around(WsgiFlowMiddleware(app.wsgi_app))

    @app.get("/fail")
    def fail():
        raise RuntimeError("on purpose")

    @app.errorhandler(Exception)
    def answer(error):
        return f"sorry {current_flow_id()}", 503

    response = app.test_client().get("/fail")

    assert (503, f"sorry {response.headers[HEADER]}") == (response.status_code, response.text)


def test_a_middleware_around_a_wsgi_application_answers():
    """What stands around the middleware of WSGI answers for what fails below."""

    def crash(environ, start_response):
        raise RuntimeError("on purpose")

    def catch(environ, start_response):
        try:
            return WsgiFlowMiddleware(crash)(environ, start_response)
        except RuntimeError:
            start_response("503 Service Unavailable", [])
            return [b"unavailable"]

    sent = []

    assert [b"unavailable"] == catch({}, lambda *answer: sent.append(answer))
    assert [("503 Service Unavailable", [])] == sent
