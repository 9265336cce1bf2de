"""What HTTP clients send to a real server."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from effect_probe import probe_effects


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_arguments):
        """Print nothing."""


@pytest.fixture(scope="module")
def server():
    """The address of a server that answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def _use_requests(url):
    requests = pytest.importorskip("requests")
    requests.post(f"{url}/orders/17", json={}, timeout=60)
    requests.get(f"{url}/orders?id=17", timeout=60)


def _use_httpx(url, name="httpx"):
    httpx = pytest.importorskip(name)
    with httpx.Client(base_url=url) as client:
        client.post("/orders/17")
        client.get("/orders", params={"id": 17})


def _use_httpx2(url):
    _use_httpx(url, "httpx2")


def _use_async_httpx(url):
    httpx = pytest.importorskip("httpx")

    async def main():
        async with httpx.AsyncClient(base_url=url) as client:
            await client.post("/orders/17")
            await client.get("/orders", params={"id": 17})

    asyncio.run(main())


def _use_aiohttp(url):
    aiohttp = pytest.importorskip("aiohttp")

    async def main():
        async with aiohttp.ClientSession(url) as client:
            async with client.post("/orders/17"):
                pass
            async with client.get("/orders?id=17"):
                pass

    asyncio.run(main())


def _use_urllib3(url):
    urllib3 = pytest.importorskip("urllib3")
    with urllib3.PoolManager() as pool:
        pool.request("POST", f"{url}/orders/17")
        pool.request("GET", f"{url}/orders?id=17")


def _use_urllib(url):
    for request in (urllib.request.Request(f"{url}/orders/17", b"x"), f"{url}/orders?id=17"):
        with urllib.request.urlopen(request, timeout=60):
            pass


@pytest.mark.parametrize(
    "use", [_use_requests, _use_httpx, _use_httpx2, _use_async_httpx, _use_aiohttp, _use_urllib3, _use_urllib]
)
def test_client(server, use):
    """A client tells the method's kind and the address, with neither identifiers nor queries."""
    with probe_effects() as probe:
        use(server)
    assert (["http://127.0.0.1/orders/*"], ["http://127.0.0.1/orders"]) == (probe.writes, probe.reads)
