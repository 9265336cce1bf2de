"""How the two clients of httpx send a request, declared from outside: two flows, with steps that are the same functions."""

from penstock import flow

sync = flow("sync", title="How httpx sends a request")
asynchronous = flow("asynchronous", title="How httpx sends a request asynchronously")

SHARED = "httpx._client:BaseClient"
CLIENTS = {
    sync: (
        "httpx._client:Client",
        "handle_request",
        ("mock:MockTransport", "default:HTTPTransport", "wsgi:WSGITransport"),
    ),
    asynchronous: (
        "httpx._client:AsyncClient",
        "handle_async_request",
        ("mock:MockTransport", "default:AsyncHTTPTransport", "asgi:ASGITransport"),
    ),
}

for requests, (client, handle, transports) in CLIENTS.items():
    requests.entrypoint().patch(f"{client}.request")
    requests.entrypoint().patch(f"{client}.stream")
    requests.step(after=["request", "stream"]).patch(f"{SHARED}.build_request")
    requests.step(after="build_request").patch(f"{client}.send")
    requests.entrypoint().patch(f"{client}.send")
    requests.step(after="send").patch(f"{SHARED}._build_request_auth")
    requests.step(after="_build_request_auth").patch(f"{client}._send_handling_auth")
    requests.step(after="_send_handling_auth").patch(f"{client}._send_handling_redirects")
    requests.step(after="_send_handling_redirects").patch(f"{client}._send_single_request")
    requests.step(after="_send_single_request").patch(f"{SHARED}._build_redirect_request")
    for transport in transports:
        name = transport.partition(":")[2]
        requests.step(after="_send_single_request", name=name).patch(f"httpx._transports.{transport}.{handle}")
