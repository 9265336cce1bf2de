"""Correlation IDs in Django, with its own test clients."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import weakref

import pytest

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="test")
    django.setup()

from django.core.exceptions import BadRequest, ImproperlyConfigured, SuspiciousOperation  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import BaseCommand, call_command  # noqa: E402
from django.http import HttpResponse, HttpResponseBadRequest, StreamingHttpResponse  # noqa: E402
from django.test import AsyncClient, Client, RequestFactory, override_settings  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.decorators import method_decorator  # noqa: E402
from django.views import View  # noqa: E402

from penstock import current_flow, current_flow_id, entrypoint, flow, flow_context, observing  # noqa: E402
from penstock.contrib import asgi, wsgi  # noqa: E402
from penstock.contrib.django import FlowCommand, FlowMiddleware  # noqa: E402
from penstock.contrib.logging import FlowFilter, flow_id_of_error  # noqa: E402
from penstock.errors import DeclarationError  # noqa: E402
from penstock.observers import track_steps  # noqa: E402

HEADER = "X-Correlation-ID"
SEEN: list[str | None] = []
WITH = {"MIDDLEWARE": ["penstock.contrib.django.FlowMiddleware"], "ROOT_URLCONF": __name__}


def show(request):
    return HttpResponse(str(current_flow_id()))


async def show_later(request):
    await asyncio.sleep(0)
    return HttpResponse(str(current_flow_id()))


def crash(request):
    SEEN.append(current_flow_id())
    raise RuntimeError("on purpose")


def stream(request):
    return StreamingHttpResponse(f"{current_flow_id()} " for _ in range(3))


async def stream_later(request):
    async def pieces():
        for _ in range(3):
            yield f"{current_flow_id()} "

    return StreamingHttpResponse(pieces())


def fail(request):
    raise RuntimeError("on purpose")


def refuse(request):
    return HttpResponseBadRequest()


async def refuse_later(request):
    return HttpResponseBadRequest()


def suspect(request):
    raise SuspiciousOperation("on purpose")


def reject(request):
    raise BadRequest("on purpose")


urlpatterns = [
    path("crash", crash),
    path("show", show),
    path("show-later", show_later),
    path("stream", stream),
    path("stream-later", stream_later),
    path("fail", fail),
    path("refuse", refuse),
    path("refuse-later", refuse_later),
    path("suspect", suspect),
    path("reject", reject),
]


def text_of(response):
    """Return the body, collected outside of the request."""
    if not response.streaming:
        return response.content.decode()
    if not response.is_async:
        pieces = []
        for piece in response.streaming_content:
            assert current_flow_id() is None
            pieces.append(piece)
        return b"".join(pieces).decode()

    async def collect():
        return b"".join([piece async for piece in response.streaming_content]).decode()

    return asyncio.run(collect())


def get(kind, url, **headers):
    """Send a request with Django's sync or async client."""
    with override_settings(**WITH):
        if kind == "sync":
            return Client(raise_request_exception=False).get(url, headers=headers)
        return asyncio.run(AsyncClient(raise_request_exception=False).get(url, headers=headers))


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("url", ["/show", "/show-later", "/stream", "/stream-later"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_views_are_in_the_run(kind, url):
    """A view, sync or async, streaming or not, has the ID that the response tells."""
    response = get(kind, url)

    assert {response.headers[HEADER]} == {*text_of(response).split()}
    assert "X-Correlation-ID" == response.headers["Access-Control-Expose-Headers"]
    assert current_flow_id() is None


def test_streams_are_closed_in_the_run():
    """A body that is not sent to its end, because the client is gone, is closed in its run, and freed at once."""
    seen = []

    def pieces():
        try:
            yield "first"
            yield "never"
        finally:
            seen.append(current_flow_id())

    response = FlowMiddleware(lambda _: StreamingHttpResponse(pieces()))(RequestFactory().get("/"))
    next(iter(response))
    response.close()

    assert [response.headers[HEADER]] == seen
    assert current_flow_id() is None

    gone = weakref.ref(response)
    gc.disable()
    try:
        del response
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("url", "status"), [("/fail", 500), ("/nowhere", 404)])
def test_errors_tell_the_id(kind, url, status):
    """Responses of errors have the header."""
    response = get(kind, url)

    assert (status, 32) == (response.status_code, len(response.headers[HEADER]))


@pytest.mark.parametrize("url", ["/show", "/show-later", "/stream"])
def test_one_run_below_the_middleware_of_the_server(url):
    """Where WSGI's middleware stands around Django, Django's own joins the run that it has begun."""
    told, seen = [], []

    def between(environ, start_response):
        seen.append(current_flow_id())
        return WSGIHandler()(environ, start_response)

    with override_settings(**WITH):
        environ = RequestFactory().get(url).environ
        body = wsgi.FlowMiddleware(between)(environ, lambda status, headers: told.extend(headers))
        text = b"".join(body).decode()
        body.close()

    assert seen == [value for name, value in told if name == HEADER]
    assert {*seen} == {*text.split()}


@pytest.mark.parametrize("url", ["/show", "/show-later", "/stream-later"])
def test_one_run_below_the_middleware_of_an_asgi_server(url):
    """Where ASGI's middleware stands around Django, Django's own joins the run that it has begun."""
    httpx = pytest.importorskip("httpx")
    seen = []

    async def between(scope, receive, send):
        seen.append(current_flow_id())
        await ASGIHandler()(scope, receive, send)

    async def send():
        transport = httpx.ASGITransport(asgi.FlowMiddleware(between))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(url)

    with override_settings(**WITH):
        response = asyncio.run(send())

    assert seen == response.headers.get_list(HEADER)
    assert {*seen} == {*response.text.split()}


def test_the_middleware_twice():
    """The middleware that is there twice makes one run."""
    seen = []
    inner = FlowMiddleware(show)

    def between(request):
        seen.append(current_flow_id())
        return inner(request)

    response = FlowMiddleware(between)(RequestFactory().get("/"))

    assert seen == [response.headers[HEADER]] == [response.content.decode()]


class Records(logging.Handler):
    """Keeps what Django logs, with what a filter says of it."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.addFilter(FlowFilter())

    def emit(self, record):
        self.seen.append((record.flow_id, record.name, record.status_code))


@pytest.fixture
def records():
    """What Django logs of requests while the test runs."""
    handler = Records()
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    yield handler.seen
    logger.removeHandler(handler)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("url", "status", "name"),
    [
        ("/refuse", 400, "django.request"),
        ("/refuse-later", 400, "django.request"),
        ("/suspect", 400, "django.security.SuspiciousOperation"),
        ("/reject", 400, "django.request"),
        ("/nowhere", 404, "django.request"),
        ("/fail", 500, "django.request"),
    ],
)
def test_what_django_logs_of_an_error_has_the_id(records, kind, url, status, name):
    """Django logs a bad response once, with the ID that it tells, whether a view answers it or raises an exception."""
    response = get(kind, url)

    assert [(response.headers[HEADER], name, status)] == records


@pytest.mark.parametrize(("trust", "expected"), [(True, True), (["127.0.0.0/8"], True), (False, False)])
def test_inbound_ids(trust, expected):
    """An ID from outside is used where the setting trusts its sender."""
    with override_settings(PENSTOCK={"TRUST": trust}):
        response = get("sync", "/show", **{HEADER: "order-17"})

    assert expected == (response.content == b"order-17")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"TRSUT": True}, "PENSTOCK has no 'TRSUT'. Did you mean 'TRUST'?"),
        ({"TRUST": ["10.0.0.300"]}, "PENSTOCK: trust= takes networks such as '10.0.0.0/8' or '::1', not '10.0.0.300'"),
        ([], r"PENSTOCK is a dictionary of HEADER, TRACEPARENT, TRUST, EXPOSE, not \[\]"),
    ],
)
def test_wrong_settings_are_named(setting, message):
    """A wrong setting is an error at the start, which names it."""
    with override_settings(PENSTOCK=setting), pytest.raises(ImproperlyConfigured, match=message):
        FlowMiddleware(show)


class Plain(FlowCommand):
    def handle(self, **options):
        return f"{current_flow().flow} {current_flow_id()}"


def run(command):
    """Run a command; return what it printed."""
    out = io.StringIO()
    call_command(command, stdout=out, skip_checks=True)
    return out.getvalue().strip()


def test_commands_are_runs():
    """A FlowCommand is a run with the name of its module; inside a run it joins."""
    name, flow_id = run(Plain()).split()

    assert (__name__.rpartition(".")[2], 32) == (name, len(flow_id))
    with flow_context("import-17", flow="nightly"):
        assert "nightly import-17" == run(Plain())


def test_a_command_may_be_an_entrypoint():
    """A command whose handle is an entrypoint is a run of its flow."""

    class Command(BaseCommand):
        @flow("nightly_import")
        @entrypoint
        def handle(self, **options):
            return current_flow().flow

    assert "nightly_import" == run(Command())


@pytest.mark.parametrize("mark", [entrypoint, flow("views").step(after="get")])
def test_method_decorator_is_named(mark):
    """Django's method_decorator applies a decorator to each call, which would declare a step again for each request."""
    with pytest.raises(DeclarationError, match="right above the method"):
        method_decorator(mark)(lambda view, request: None)


def test_methods_of_views_are_marked_directly():
    """A method of a class-based view is an entrypoint without more ado."""

    class Orders(View):
        @flow("views")
        @entrypoint
        def get(self, request):
            return HttpResponse(current_flow_id())

    assert 32 == len(Orders.as_view()(RequestFactory().get("/")).content)


@pytest.mark.parametrize("handler", [Client, AsyncClient])
@override_settings(**WITH, DEBUG_PROPAGATE_EXCEPTIONS=True)
def test_a_crash_is_known_by_its_run(handler):
    """What Django passes on to its server, which logs it after the run, is known by the request's run."""
    SEEN.clear()
    client = handler()
    with pytest.raises(RuntimeError) as caught:
        asyncio.run(client.get("/crash")) if handler is AsyncClient else client.get("/crash")

    assert SEEN == [flow_id_of_error(caught.value)]


@override_settings(**WITH)
def test_a_failing_stream_is_known_by_its_run():
    """What a streaming response raises while it is sent is known, too."""

    def pieces():
        yield "begun"
        raise RuntimeError

    response = FlowMiddleware(lambda _: StreamingHttpResponse(pieces()))(RequestFactory().get("/"))
    with pytest.raises(RuntimeError) as caught:
        list(response)

    assert response.headers[HEADER] == flow_id_of_error(caught.value)


@override_settings(**WITH)
def test_a_request_begins_with_nothing():
    """A request begins outside the run, and the step, that its thread may have kept; afterwards they are back."""
    seen = []

    def note(*_):
        seen.append((current_flow_id(), current_flow().step))
        return HttpResponse()

    @flow("orders").entrypoint(name="handle")
    def handle():
        note()
        FlowMiddleware(note)(RequestFactory().get("/"))
        note()

    with observing(track_steps):
        handle()
    before, inside, after = seen

    assert before == after
    assert before[0] != inside[0]
    assert ("handle", None) == (before[1], inside[1])
