"""Correlation IDs for WSGI applications: Flask and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._runtime.evidence_header import EVIDENCE_HEADER
from penstock._runtime.propagation import HEADER, TRACEPARENT
from penstock.contrib._http_policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.contrib._http_policy import Service, Trust


class FlowMiddleware:
    """Makes each request a run, and sends its correlation ID in the response.

    A streamed body belongs to the run, too.

    Args:
        app: The application.
        header: The name of the header with the correlation ID, of requests and responses.
        traceparent: Whether the header of W3C Trace Context is read, too.
        trust: The peers whose ID is accepted: ``False`` for none, ``True`` for all, a list of networks such as
            ``["10.0.0.0/8"]``, or a function that is called with the environ.
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

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        names = (self._policy.header, TRACEPARENT, EVIDENCE_HEADER)
        headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}") for name in names}
        service = self._policy.serve(environ, headers, environ.get("REMOTE_ADDR"), environ)

        def start(status: str, headers: list[tuple[str, str]], *error: Any, **named: Any) -> Any:
            """Start the response with the correlation ID in its headers, and return the server's ``write``."""
            return start_response(status, self._policy.complete(headers, service.first), *error, **named)

        try:
            with service as penstock_run:  # noqa: F841 - for those who read the traceback
                body = self.app(environ, start)
        except BaseException:
            service.close()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(body, (list, tuple)) or (isinstance(wrapper, type) and isinstance(body, wrapper)):
            service.close()
            whole: Iterable[bytes] = body  # type: ignore[assignment] # narrowed to a type of the environ
            return whole
        return _ResponseBody(body, service)


class _ResponseBody:
    """A body produced in the run of its request, piece by piece."""

    def __init__(self, body: Any, service: Service) -> None:
        self._body = body
        self._service = service
        with service:
            self._pieces = iter(body)

    def __iter__(self) -> _ResponseBody:
        return self

    def __next__(self) -> bytes:
        with self._service as penstock_run:  # noqa: F841 - for those who read the traceback
            piece: bytes = next(self._pieces)
            return piece

    def close(self) -> None:
        """Close the application's body, as PEP 3333 requires."""
        try:
            if hasattr(self._body, "close"):
                with self._service as penstock_run:  # noqa: F841 - for those who read the traceback
                    self._body.close()
        finally:
            self._service.close()
