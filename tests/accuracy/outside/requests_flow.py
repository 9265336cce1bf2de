"""How the two clients of httpx send a request, declared from outside: two flows, with steps that are the same functions."""

import httpx
from httpx import _client as clients
from in_place import put

from penstock import flow

sync = flow("sync", title="How httpx sends a request")
asynchronous = flow("asynchronous", title="How httpx sends a request asynchronously")

SHARED = clients.BaseClient
TRANSPORTS = {
    sync: (clients.Client, "handle_request", (httpx.MockTransport, httpx.HTTPTransport, httpx.WSGITransport)),
    asynchronous: (
        clients.AsyncClient,
        "handle_async_request",
        (httpx.MockTransport, httpx.AsyncHTTPTransport, httpx.ASGITransport),
    ),
}

for requests, (client, handle, transports) in TRANSPORTS.items():
    put(requests.entrypoint, client, "request")
    put(requests.entrypoint, client, "stream")
    put(requests.step(after=["request", "stream"]), SHARED, "build_request")
    send = requests.step(after="build_request")
    put(lambda function, requests=requests, send=send: requests.entrypoint(send(function)), client, "send")
    put(requests.step(after="send"), SHARED, "_build_request_auth")
    put(requests.step(after="_build_request_auth"), client, "_send_handling_auth")
    put(requests.step(after="_send_handling_auth"), client, "_send_handling_redirects")
    put(requests.step(after="_send_handling_redirects"), client, "_send_single_request")
    put(requests.step(after="_send_single_request"), SHARED, "_build_redirect_request")
    for transport in transports:
        put(requests.step(after="_send_single_request", name=transport.__name__), transport, handle)
