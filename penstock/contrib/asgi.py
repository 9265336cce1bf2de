"""Correlation IDs for ASGI applications: FastAPI, Starlette, Litestar and others."""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

from penstock._runtime.context import KEEP, ContextBinding
from penstock._runtime.propagation import HEADER
from penstock.contrib._http_policy import Policy

if TYPE_CHECKING:
    from penstock.contrib._http_policy import Service, Trust

BEGINNINGS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}

ANSWERS = "penstock.answers"
"""The key of the object with a request's ID, in a scope that passed Starlette's error middleware."""


class FlowMiddleware:
    """Makes each request and each websocket a run, and sends its correlation ID in the response.

    Streaming bodies and background tasks belong to the run, and so do exception handlers. The middleware never answers
    for the application: if the application fails, the header is added to the answer of Starlette, of a middleware in
    between, or of uvicorn.

    Args:
        app: The application.
        header: The name of the header with the correlation ID, of requests and responses.
        traceparent: Whether the header of W3C Trace Context is read, too.
        trust: The peers whose ID is accepted: ``False`` for none, ``True`` for all, a list of networks such as
            ``["10.0.0.0/8"]``, or a function that is called with the scope.
        expose: Whether scripts of other origins may read the header of the response (CORS).

    Raises:
        ValueError: The header name or a network is invalid.
        TypeError: ``trust`` has another type.
    """

    def __init__(
        self,
        app: Any,
        *,
        header: str = HEADER,
        traceparent: bool = True,
        trust: Trust = False,
        expose: bool = True,
    ) -> None:
        self.app = app
        self._policy = Policy(header=header, traceparent=traceparent, trust=trust, expose=expose)
        if (errors := sys.modules.get("starlette.middleware.errors")) is not None:
            accompany(errors.ServerErrorMiddleware)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            with ContextBinding(None, None):  # objects of the lifespan outlive every run
                await self.app(scope, receive, send)
            return
        peer = scope.get("client")
        service = self._policy.serve(scope, scope["headers"], peer[0] if peer else None, scope)
        answer = _Answer(self._policy, service, send)
        if (answers := scope.get(ANSWERS)) is not None:
            answers.append(answer)
        try:
            with service as penstock_run:  # noqa: F841 - for those who read the traceback
                await self.app(scope, receive, answer)
        except Exception:
            answer.tell_server(scope)
            raise
        finally:
            service.close()


class _Answer:
    """Sends messages of the application, with the ID in the headers."""

    def __init__(self, policy: Policy, service: Service, send: Any) -> None:
        self._policy, self.service, self._send = policy, service, send
        self._started = False

    async def __call__(self, message: Any) -> None:
        if message["type"] in BEGINNINGS:
            self._started = True
            message = self.complete(message)
        await self._send(message)

    def complete(self, message: Any) -> Any:
        """Return the start message of a response with the ID in the headers."""
        return {**message, "headers": self._complete_headers(message.get("headers", ()))}

    def _complete_headers(self, headers: Any) -> list[tuple[bytes, bytes]]:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        response_pairs = self._policy.complete(pairs, self.service.first)
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response_pairs]

    def tell_server(self, scope: Any) -> None:
        """Pass the ID to a server that answers for a crash: uvicorn has default headers for all responses.

        Such a server calls the middleware itself, and serves each request with a separate object.
        """
        cycle = getattr(self._send, "__self__", None)
        headers = getattr(cycle, "default_headers", None)
        if scope["type"] == "http" and not self._started and isinstance(headers, list):
            vars(cycle)["default_headers"] = [*headers, *self._complete_headers(())]


def accompany(middleware: Any) -> None:
    """Add the ID to responses of Starlette's error middleware, and call its handlers in the run.

    It wraps all other middleware, so its responses do not pass :class:`FlowMiddleware`.

    Args:
        middleware: The class ``ServerErrorMiddleware``.
    """
    serve = middleware.__call__
    if hasattr(serve, "penstock_accompanied"):
        return

    @wraps(serve)
    async def serve_in_run(self: Any, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, and add the correlation ID to the answer of the crash handler."""
        if scope["type"] != "http":
            await serve(self, scope, receive, send)
            return
        answers = scope.setdefault(ANSWERS, [])
        inner = _Recovery(self.app, answers)
        handler = object.__new__(type(self))
        vars(handler).update(vars(self), app=inner)

        async def send_with_ids(message: Any) -> None:
            """Send a message, with the correlation ID in its headers if it begins the response."""
            if message["type"] in BEGINNINGS:
                for answer in answers:
                    message = answer.complete(message)
            await send(message)

        try:
            await serve(handler, scope, receive, send_with_ids)
        finally:
            inner.binding.unbind()

    vars(serve_in_run)["penstock_accompanied"] = True
    middleware.__call__ = serve_in_run


class _Recovery:
    """The application inside Starlette's error middleware; after a crash, the run is current again."""

    def __init__(self, app: Any, answers: list[_Answer]) -> None:
        self.app, self._answers = app, answers
        self.binding = ContextBinding(KEEP, KEEP)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception:
            if self._answers:
                self.binding = ContextBinding(self._answers[0].service.run, None)
                self.binding.bind()
            raise
