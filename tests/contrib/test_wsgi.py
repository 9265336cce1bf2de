"""Correlation IDs in WSGI applications."""

from __future__ import annotations

import asyncio

import pytest

from penstock import current_flow, current_flow_id, flow, flow_context, observing
from penstock._runtime.context import current_run
from penstock._runtime.evidence_header import _EvidenceSource
from penstock.contrib import asgi
from penstock.contrib.logging import flow_id_of_error
from penstock.contrib.wsgi import FlowMiddleware
from penstock.observers import track_steps

flask = pytest.importorskip("flask")

HEADER = "X-Correlation-ID"


def application(**options):
    """Return a Flask application with its test client."""
    app = flask.Flask("test")
    app.wsgi_app = FlowMiddleware(app.wsgi_app, **options)

    @app.get("/id")
    def show():
        return str(current_flow_id())

    @app.get("/stream")
    def stream():
        return flask.Response(f"{current_flow_id()} " for _ in range(3))

    @app.get("/fail")
    def fail():
        raise RuntimeError("on purpose")

    return app.test_client()


def test_views_are_in_the_run():
    """A view has the ID that the response tells, and every request its own."""
    responses = [application().get("/id") for _ in range(2)]

    assert [response.text for response in responses] == [response.headers[HEADER] for response in responses]
    assert 2 == len({response.text for response in responses})
    assert current_flow_id() is None


def test_streamed_bodies_are_in_the_run():
    """Each piece of a streamed body is made in the run, and the server's thread stays outside of it."""
    response = application().get("/stream", buffered=False)
    pieces = []
    for piece in response.response:
        assert current_flow_id() is None
        pieces.append(piece.decode().strip() if isinstance(piece, bytes) else piece.strip())

    assert [response.headers[HEADER]] * 3 == pieces


@pytest.mark.parametrize("url", ["/id", "/stream"])
def test_one_run_for_two_middlewares(url):
    """An application that is wrapped twice, as a mounted one may be, has one run and one header for a request."""
    client = application()
    inner, seen = client.application.wsgi_app, []

    def between(environ, start_response):
        seen.append(current_flow_id())
        return inner(environ, start_response)

    client.application.wsgi_app = FlowMiddleware(between)
    response = client.get(url)

    assert {response.headers[HEADER], *seen} == {*response.text.split()}
    assert 1 == len(response.headers.getlist(HEADER))


def test_a_request_inside_a_request_is_another_run():
    """What a view sends by a test client is a request of its own."""
    client = application()

    @client.application.get("/relay")
    def relay():
        inner = client.application.test_client().get("/id")
        return [current_flow_id(), inner.headers[HEADER], inner.text]

    response = client.get("/relay")
    outside, told, inside = response.json

    assert response.headers[HEADER] == outside != told == inside


def test_one_run_below_an_asgi_application():
    """A WSGI application that a2wsgi serves below an ASGI one joins the request's run, and the other way round."""
    with flow_context() as run:
        pass
    seen = []

    def app(environ, start_response):
        seen.append(current_flow_id())
        return []

    FlowMiddleware(app)({"asgi.scope": {"penstock.run": run}}, print)

    async def later(scope, receive, send):
        seen.append(current_flow_id())

    scope = {"type": "http", "headers": [], "wsgi_environ": {"penstock.run": run}}
    asyncio.run(asgi.FlowMiddleware(later)(scope, None, None))

    assert [run.id] * 2 == seen


def test_errors_tell_the_id():
    """The response of a crash has the header."""
    response = application().get("/fail")

    assert (500, 32) == (response.status_code, len(response.headers[HEADER]))


@pytest.mark.parametrize(("trust", "expected"), [(True, True), (["127.0.0.1"], True), (False, False)])
def test_inbound_ids(trust, expected):
    """An ID from outside is used where its sender is trusted."""
    response = application(trust=trust).get("/id", headers={HEADER: "order-17"})

    assert expected == (response.text == "order-17")


def test_evidence_arrives(monkeypatch):
    """While evidence is recorded, a request takes along what its sender tells of the steps around it."""
    monkeypatch.setattr(_EvidenceSource, "encode", staticmethod(str))
    seen = []

    def app(environ, start_response):
        seen.append(current_run.get().arrived.text)
        return []

    FlowMiddleware(app, trust=True)({"HTTP_X_CORRELATION_ID": "a", "HTTP_X_PENSTOCK_EVIDENCE": "1{}"}, print)

    assert ["1{}"] == seen


def test_bodies_are_closed_in_the_run():
    """A body that is not read to its end is closed in its run."""
    seen = []

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            yield str(current_flow_id()).encode()
            yield b"never"
        finally:
            seen.append(current_flow_id())

    body = FlowMiddleware(app)({}, lambda *_: None)
    first = next(iter(body)).decode()
    body.close()

    assert [first] == seen
    assert current_flow_id() is None


def test_a_failing_body_is_known_by_its_run():
    """What a body raises while it is sent, outside the application, is known by the request's run."""
    seen = []

    def app(environ, start_response):
        seen.append(current_flow_id())
        yield b"begun"
        raise RuntimeError

    body = FlowMiddleware(app)({}, lambda *_: None)
    with pytest.raises(RuntimeError) as caught:
        list(body)

    assert seen == [flow_id_of_error(caught.value)]


def test_a_crash_is_known_by_its_run():
    """What an application raises at once is known, too."""
    seen = []

    def app(environ, start_response):
        seen.append(current_flow_id())
        raise RuntimeError

    with pytest.raises(RuntimeError) as caught:
        FlowMiddleware(app)({}, lambda *_: None)

    assert seen == [flow_id_of_error(caught.value)]


def test_a_request_begins_with_nothing():
    """A request begins outside the run, and the step, that its thread may have kept; afterwards they are back."""
    seen = []

    @flow("orders").entrypoint(name="handle")
    def handle():
        seen.append((current_flow_id(), current_flow().step))
        FlowMiddleware(app)({}, lambda *_: None)
        seen.append((current_flow_id(), current_flow().step))

    def app(environ, start_response):
        seen.append((current_flow_id(), current_flow().step))
        return []

    with observing(track_steps):
        handle()
    before, inside, after = seen

    assert before == after
    assert before[0] != inside[0]
    assert ("handle", None) == (before[1], inside[1])
