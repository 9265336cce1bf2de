"""Correlation IDs in Kafka messages and in requests to other services."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from penstock import current_flow, current_flow_id, entrypoint, flow, flow_context, inject
from penstock._runtime.evidence_header import _EvidenceSource
from penstock.contrib.kafka import flow_headers, flow_id_of, message_context

HEADER = "X-Correlation-ID"


@flow("shipping")
@entrypoint
def handle_message():
    return current_flow_id(), current_flow().flow


def test_kafka_with_a_broker():
    """A message that is produced in a run is consumed in the same run."""
    confluent_kafka = pytest.importorskip("confluent_kafka")
    producer = confluent_kafka.Producer({"test.mock.num.brokers": 2})
    ids = []
    for _ in range(3):
        with flow_context() as run:
            producer.produce("orders", b"17", headers=flow_headers([("a", b"b")]))
            ids.append(run.id)
    assert 0 == producer.flush(60)
    brokers = ",".join(f"{each.host}:{each.port}" for each in producer.list_topics(timeout=600).brokers.values())
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": brokers, "group.id": "shop", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["orders"])
    seen = []
    for _ in range(600):
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            with message_context(message):
                seen.append(handle_message())
            assert current_flow_id() is None
        if len(seen) == 3:
            break
    consumer.close()

    assert sorted((each, "shipping") for each in ids) == sorted(seen)


@pytest.mark.parametrize(
    "headers", [None, [], (("a", b"b"),), (("X-Correlation-ID", None),), [("X-Correlation-ID", b"\xff")]]
)
def test_messages_without_an_id(headers):
    """A message without an ID, or with what is none, is a run of its own."""
    message = SimpleNamespace(headers=headers)

    assert flow_id_of(message) is None
    with message_context(message):
        assert 32 == len(current_flow_id())


def test_messages_of_aiokafka():
    """The records of aiokafka, whose headers are no method, are read as well."""
    record_type = pytest.importorskip("aiokafka").ConsumerRecord
    with flow_context("order-17"):
        headers = flow_headers()
    fields = dict.fromkeys(record_type.__dataclass_fields__)
    message = record_type(**{**fields, "headers": tuple(headers)})

    with message_context(message, flow="orders") as run:
        assert ("order-17", "orders") == (current_flow_id(), run.flow)


def test_flow_headers_replace_an_older_id():
    """What is forwarded with the headers of another message has the current run's ID, once."""
    with flow_context("new"):
        assert [("a", b"b"), (HEADER, b"new")] == flow_headers([("x-correlation-id", b"old"), ("a", b"b")])
    assert [("a", b"b")] == flow_headers({"a": b"b"})


def test_what_is_forwarded_tells_the_evidence_once(monkeypatch):
    """While evidence is recorded, headers of another message give way to what the current run tells."""
    monkeypatch.setattr(_EvidenceSource, "encode", staticmethod(lambda: "now"))
    with flow_context("new"):
        headers = flow_headers([("X-Penstock-Evidence", b"before")])

    assert [("X-Penstock-Evidence", b"now")] == [pair for pair in headers if pair[0] == "X-Penstock-Evidence"]


def test_headers_are_lower_case_where_the_id_is(monkeypatch):
    """An upper-case letter in the name of a header is an error for gRPC; recording evidence must not bring one in."""
    monkeypatch.setattr(_EvidenceSource, "encode", staticmethod(lambda: "now"))
    with flow_context():
        names = [name for name, _ in inject([("a", "b")], header="x-correlation-id")]

    assert ["a", "x-correlation-id", "traceparent", "x-penstock-evidence"] == names


def test_headers_of_an_older_message():
    """A message that is sent on in another run tells that run only, and outside every run none."""
    with flow_context():
        headers = flow_headers([("a", b"b")])
    with flow_context() as run:
        again = flow_headers(headers)
    with flow_context("order-17"):
        named = flow_headers(headers)

    assert [run.id, run.id] == [again[1][1].decode(), again[2][1].decode()[3:35]]
    assert [("a", b"b"), (HEADER, b"order-17")] == named
    assert [("a", b"b")] == flow_headers(headers)


@contextmanager
def service(location="/"):
    """Serve on a free port; give its address, and the headers of the requests that come in."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            received.append(self.headers)
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def clients(unmounted=None):
    """Return functions that send two requests in two runs, with one client, and then one outside every run."""
    httpx = pytest.importorskip("httpx")
    requests = pytest.importorskip("requests")
    from penstock.contrib.httpx import async_flow_hook, flow_hook
    from penstock.contrib.requests import FlowAdapter

    def with_httpx(url):
        with httpx.Client(event_hooks={"request": [flow_hook]}, follow_redirects=True) as client:
            for flow_id in ("a", "b"):
                with flow_context(flow_id):
                    client.get(f"{url}/moved")
            client.get(url)

    def with_httpx_async(url):
        async def send():
            async with httpx.AsyncClient(event_hooks={"request": [async_flow_hook]}, follow_redirects=True) as client:
                for flow_id in ("a", "b"):
                    with flow_context(flow_id):
                        await client.get(f"{url}/moved")
                await client.get(url)

        asyncio.run(send())

    def with_requests(url):
        with requests.Session() as session:
            session.mount("http://", FlowAdapter())
            if unmounted:
                session.mount(unmounted, requests.adapters.HTTPAdapter())
            for flow_id in ("a", "b"):
                with flow_context(flow_id):
                    session.get(f"{url}/moved", timeout=60)
            session.get(url, timeout=60)
            assert HEADER not in session.headers

    return {"httpx": with_httpx, "httpx, async": with_httpx_async, "requests": with_requests}


@pytest.mark.parametrize("client", ["httpx", "httpx, async", "requests"])
def test_clients_send_the_id(client):
    """Each request has the ID of the run that sends it, redirected ones too, and none outside every run."""
    with service() as (url, received):
        clients()[client](url)

    assert [["a"], ["a"], ["b"], ["b"], None] == [headers.get_all(HEADER) for headers in received]


@pytest.mark.parametrize("client", ["httpx", "httpx, async", "requests"])
def test_redirects_to_others_do_not_tell_the_id(client):
    """A service on another port, to which a service leads its clients, learns nothing of the run."""
    with service() as (foreign, received), service(foreign) as (url, own):
        clients(foreign)[client](url)

    assert [["a"], ["b"], None] == [headers.get_all(HEADER) for headers in own]
    assert [(None, None)] * 2 == [(headers[HEADER], headers["traceparent"]) for headers in received]


def test_redirects_of_urllib():
    """With urllib, headers that are not to be redirected are written where it keeps those."""
    with service() as (foreign, received), service(foreign) as (url, own):
        request = urllib.request.Request(f"{url}/moved")
        with flow_context("order-17"):
            inject(request.unredirected_hdrs)
        urllib.request.urlopen(request, timeout=60).close()

    assert ["order-17", None] == [headers[HEADER] for headers in (*own, *received)]


def send_again(client, url):
    """Send one prepared request in two runs, and then outside every run."""
    if client == "requests":
        requests = pytest.importorskip("requests")
        from penstock.contrib.requests import FlowAdapter

        session = requests.Session()
        session.mount("http://", FlowAdapter())
        request = session.prepare_request(requests.Request("GET", url))
        send = session.send
    else:
        httpx = pytest.importorskip("httpx")
        from penstock.contrib.httpx import flow_hook

        session = httpx.Client(event_hooks={"request": [flow_hook]})
        request = session.build_request("GET", url)
        send = session.send
    with session:
        ids = []
        for flow_id in (None, "order-17"):
            with flow_context(flow_id) as run:
                send(request)
                ids.append(run.id)
        send(request)
    return ids


@pytest.mark.parametrize("client", ["httpx", "requests"])
def test_a_request_that_is_sent_again(client):
    """A prepared request has the ID of the run that sends it, nothing of one before, and none outside every run."""
    with service() as (url, received):
        ids = send_again(client, url)

    assert [[ids[0]], [ids[1]], None] == [headers.get_all(HEADER) for headers in received]
    assert [ids[0], None, None] == [(headers["traceparent"] or "")[3:35] or None for headers in received]


@pytest.mark.parametrize("client", ["httpx", "requests"])
def test_an_id_of_the_application_stays_outside_a_run(client):
    """What an application writes into a request itself is sent, outside every run."""
    httpx, requests = pytest.importorskip("httpx"), pytest.importorskip("requests")
    from penstock.contrib.httpx import flow_hook
    from penstock.contrib.requests import FlowAdapter

    with service() as (url, received):
        if client == "requests":
            with requests.Session() as session:
                session.mount("http://", FlowAdapter())
                session.get(url, headers={HEADER: "mine"}, timeout=60)
        else:
            with httpx.Client(event_hooks={"request": [flow_hook]}) as session:
                session.get(url, headers={HEADER: "mine"})

    assert ["mine"] == [headers[HEADER] for headers in received]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://shop/b", "order-17"),
        ("https://shop/b", "order-17"),
        ("http://other/", None),
        ("http://shop:81/", None),
        ("https://shop:8443/", None),
        ("https://other/", None),
    ],
)
def test_where_httpx_is_led(target, expected):
    """The same host, also by HTTPS, is told the ID; another host or port is not, and the first one is when it is back."""
    httpx = pytest.importorskip("httpx")
    from penstock.contrib.httpx import flow_hook

    told = []

    def answer(request):
        told.append((str(request.url), request.headers.get(HEADER)))
        following = {"http://shop/a": target, target: "http://shop/c"}.get(str(request.url))
        return httpx.Response(302, headers={"Location": following}) if following else httpx.Response(200)

    client = httpx.Client(
        event_hooks={"request": [flow_hook]}, transport=httpx.MockTransport(answer), follow_redirects=True
    )
    with client, flow_context("order-17"):
        client.get("http://shop/a")

    assert [("http://shop/a", "order-17"), (target, expected), ("http://shop/c", "order-17")] == told


@pytest.mark.parametrize("name", ["flow_hook", "async_flow_hook"])
def test_both_hooks_serve_both_clients(name):
    """Either hook may be given to either client."""
    httpx = pytest.importorskip("httpx")
    from penstock.contrib import httpx as hooks

    told = []
    options = {
        "transport": httpx.MockTransport(lambda request: told.append(request.headers[HEADER]) or httpx.Response(200)),
        "event_hooks": {"request": [getattr(hooks, name)]},
    }

    async def send():
        async with httpx.AsyncClient(**options) as client:
            await client.get("http://shop/")

    with flow_context("order-17"):
        with httpx.Client(**options) as client:
            client.get("http://shop/")
        asyncio.run(send())

    assert ["order-17"] * 2 == told
