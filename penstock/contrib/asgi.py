"""Correlation IDs for ASGI applications: FastAPI, Starlette, Litestar and their like."""

from __future__ import annotations

import sys
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from penstock._context import Binding
from penstock.contrib._http import Policy
from penstock.propagation import HEADER

if TYPE_CHECKING:
    from penstock._context import Run
    from penstock.contrib._http import Trust

BEGINNINGS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}


class FlowMiddleware:
    """Makes each request and each websocket a run, and tells its correlation ID in the response.

    Streaming bodies and background tasks belong to the run, and so do handlers of exceptions. The response has the
    header also when the application fails.

    Args:
        app: The application.
        header: The name of the header with the correlation ID, of requests and responses.
        traceparent: Whether the header of W3C Trace Context is read, too.
        trust: Whose ID is believed: ``False`` for nobody's, ``True`` for everybody's, a list of networks such as
            ``["10.0.0.0/8"]``, or a function that is called with the scope.
        expose: Whether scripts of other origins may read the header of the response (CORS).

    Raises:
        ValueError: The header cannot be one, or a network is none.
        TypeError: ``trust`` is something else.
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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        peer = scope.get("client")
        run = self._policy.run_in(scope, scope["headers"], peer[0] if peer else None, scope)
        answer = _Answer(self._policy, run, send)
        owner = scope.get("app")  # an application that is mounted below writes itself there
        with Binding(run):
            try:
                await self.app(scope, receive, answer)
            except Exception as error:
                if scope["type"] == "http":
                    await _fail(error, scope, receive, answer, owner)
                raise


class _Answer:
    """Sends for the application, with the ID in the headers."""

    def __init__(self, policy: Policy, run: Run, send: Any) -> None:
        self._policy, self._run, self._send = policy, run, send
        self.started = False

    async def __call__(self, message: Any) -> None:
        if message["type"] in BEGINNINGS:
            self.started = True
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            completed = self._policy.complete(headers, self._run)
            told = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in completed]
            message = {**message, "headers": told}
        await self._send(message)


class _Once:
    """A handler of crashes that is not called again for one that is answered already.

    Starlette calls its handler also when a response has begun, and then sends nothing.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    @staticmethod
    def settle(error: Exception) -> None:
        """Note that the crash is answered."""
        vars(error)["penstock_answered"] = True

    @staticmethod
    def forget(error: Exception) -> bool:
        """Tell whether the crash is answered; the same object may be raised by the next request."""
        return bool(vars(error).pop("penstock_answered", False))

    async def __call__(self, request: Any, error: Exception) -> Any:
        if self.forget(error):
            return None
        if iscoroutinefunction(self._handler) or iscoroutinefunction(type(self._handler).__call__):
            return await self._handler(request, error)
        from starlette.concurrency import run_in_threadpool  # noqa: PLC0415 - only Starlette comes here

        return await run_in_threadpool(self._handler, request, error)


async def _unsent(_: object) -> None:
    """Send nothing: a response has begun already."""


async def _fail(error: Exception, scope: Any, receive: Any, answer: _Answer, owner: Any) -> None:
    """Answer for an application that has failed, unless it has begun to answer.

    Starlette answers outside of all middleware, where the response would get no header and its handler no run.
    So the same answer is made here; the outer one sees that a response has begun, and only raises. The error keeps
    the traceback that it came with: with the frames from here in it, it would also keep itself alive.
    """
    errors = sys.modules.get("starlette.middleware.errors")
    stack = getattr(owner, "middleware_stack", None)
    send = _unsent if answer.started else answer
    if errors is not None and isinstance(stack, errors.ServerErrorMiddleware):

        async def failed(*_: object) -> None:
            raise error

        if stack.handler is not None and not isinstance(stack.handler, _Once):
            stack.handler = _Once(stack.handler)
        _Once.forget(error)
        trace = error.__traceback__
        try:
            await errors.ServerErrorMiddleware(failed, handler=stack.handler, debug=stack.debug)(scope, receive, send)
        except Exception as raised:
            if raised is not error:
                raise
        finally:
            error.__traceback__ = trace
        _Once.settle(error)
    elif owner is None:  # nobody but the server is left to answer, and it does not know the ID
        plain = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 500, "headers": plain})
        await send({"type": "http.response.body", "body": b"Internal Server Error"})
