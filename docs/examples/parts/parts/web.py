"""JSON over HTTP: a server on a free port of this machine, and a client for it."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
SECONDS = 10


@dataclass(frozen=True)
class Request:
    """What a client asks for.

    Attributes:
        method: The HTTP method, such as ``GET``.
        path: The path, such as ``/users/7``.
        body: The decoded JSON body; ``None`` if there is none.
    """

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True)
class Response:
    """What the server answers.

    Attributes:
        status: The HTTP status.
        body: The decoded JSON body; ``None`` if there is none.
    """

    status: int
    body: Any = None


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


def send(port: int, request: Request) -> Response:
    """Send ``request`` to the server on ``port`` and return its answer."""
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        body = None if request.body is None else json.dumps(request.body)
        connection.request(request.method, request.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return Response(answer.status, json.loads(answer.read()))


class _Server(ThreadingHTTPServer):
    """Knows the application that answers."""

    def __init__(self, app: Callable[[Request], Response]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.app = app


class _Handler(BaseHTTPRequestHandler):
    """Hands every request to the application."""

    server: _Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        try:
            body = json.loads(self.rfile.read(size)) if size else None
            response = self.server.app(Request(self.command, self.path, body))
        except json.JSONDecodeError as error:
            response = Response(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        content = json.dumps(response.body).encode()
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - http.server looks for these names

    def log_message(self, *_: object) -> None:
        """Say nothing: the application logs what it does."""
