"""The shop's way in over HTTP, on a free port of this machine."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """What a client sends.

    Attributes
    ----------
    path : str
        Where it was sent to.
    body : bytes
        What was sent, not decoded yet.
    """

    path: str
    body: bytes


@dataclass(frozen=True)
class Response:
    """What the shop answers.

    Attributes
    ----------
    status : int
        The HTTP status.
    body : Mapping
        What becomes the JSON of the answer.
    """

    status: int
    body: Mapping[str, object]


@contextmanager
def serve(app: Callable[[Request], Response]) -> Iterator[int]:
    """Serve ``app`` in a thread for as long as the ``with`` block runs, and yield the port."""
    server = _Server(app)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """Knows the application that answers."""

    def __init__(self, app: Callable[[Request], Response]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.app = app


class _Handler(BaseHTTPRequestHandler):
    """Hands every POST to the application."""

    server: _Server

    def do_POST(self) -> None:
        """Answer one request."""
        size = int(self.headers.get("Content-Length", 0))
        response = self.server.app(Request(self.path, self.rfile.read(size)))
        content = json.dumps(response.body).encode()
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the shop logs what it does."""
