"""Shared by the HTTP middlewares: trust in incoming IDs, and response headers."""

from __future__ import annotations

import logging
from inspect import isawaitable, iscoroutinefunction
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from penstock._runtime.context import KEEP, ContextBinding, current_run
from penstock._runtime.propagation import HEADER, check_header, read, run_from

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence
    from typing import TypeAlias

    from penstock._runtime.runs import Run

    Trust: TypeAlias = bool | Sequence[str] | Callable[[Any], object]

EXPOSE = "Access-Control-Expose-Headers"

RUN = "penstock.run"
"""The key of a request's run in its scope or environ, for inner middleware."""

CARRIERS = ("asgi.scope", "wsgi_environ")
"""The keys under which a2wsgi stores the scope in an environ, and the environ in a scope."""


class Policy:
    """The policy that maps requests to runs.

    Args:
        header: The name of the header with the correlation ID, of requests and responses.
        traceparent: Whether the header of W3C Trace Context is read, too.
        trust: The peers whose ID is accepted: ``False`` for none, ``True`` for all, a list of networks such as
            ``["10.0.0.0/8"]``, or a function that is called with the request.
        expose: Whether scripts of other origins may read the header of the response (CORS).

    Raises:
        ValueError: The header name or a network is invalid.
        TypeError: ``trust`` has another type.
    """

    def __init__(
        self, *, header: str = HEADER, traceparent: bool = True, trust: Trust = False, expose: bool = True
    ) -> None:
        self.header = check_header(header)
        self._traceparent = traceparent
        self._trusts = _trusting(trust)
        self._expose = expose

    def run(self, headers: object, peer: str | None, request: object) -> Run:
        """Return a new run for a request; the sender's ID is used only if the sender is trusted.

        Otherwise it is that of the current trace, for which the server's instrumentation has made a span by now.
        """
        remote_context = None
        if self._trusts(peer, request):
            remote_context = read(headers, header=self.header, traceparent=self._traceparent)
        run = run_from(remote_context)
        run.settle()
        return run

    def serve(self, place: MutableMapping[str, Any], headers: object, peer: str | None, request: object) -> Service:
        """Return the binding of a request to its run.

        That is the run stored by an outer middleware in the scope or environ, or a new one, which is stored there.
        """
        outer_run = _run_of_outer_middleware(place)
        run = place[RUN] = outer_run or self.run(headers, peer, request)
        return Service(run, outermost=outer_run is None)

    def expose_headers_value(self, value: str | None) -> str | None:
        """Return the required value of ``Access-Control-Expose-Headers``, or ``None`` if it needs no change."""
        names = [name.strip() for name in (value or "").split(",") if name.strip()]
        if not self._expose or "*" in names or self.header.lower() in {name.lower() for name in names}:
            return None
        return ", ".join([*names, self.header])

    def complete(self, headers: Sequence[tuple[str, str]], run: Run) -> list[tuple[str, str]]:
        """Return a response's headers with the ID, unless the application has set one."""
        pairs = list(headers)
        present = {name.lower() for name, _ in pairs}
        if self.header.lower() not in present:
            pairs.append((self.header, run.id))
        values = [value for name, value in pairs if name.lower() == EXPOSE.lower()]
        expose_value = self.expose_headers_value(", ".join(values))
        if expose_value is not None:
            pairs = [(name, value) for name, value in pairs if name.lower() != EXPOSE.lower()]
            pairs.append((EXPOSE, expose_value))
        return pairs


class Service(ContextBinding):
    """Binds a request's run, in place of any earlier context of the server's task or thread.

    A server's task may have the context of a request that was served before (cpython #140947).
    """

    __slots__ = ("_outermost", "first")

    def __init__(self, run: Run, *, outermost: bool) -> None:
        super().__init__(run, KEEP if run is current_run.get() else None)
        self.first, self._outermost = run, outermost  # the run as it began

    def again(self) -> ContextBinding:
        """Return another binding of the same run, for code that may be called while this one is bound."""
        return ContextBinding(self.run, self.event)

    def close(self) -> None:
        """Mark the request as served."""
        if self._outermost:
            self.first.closed = True


def _run_of_outer_middleware(place: MutableMapping[str, Any]) -> Run | None:
    """Return the existing run of a request, with its current values."""
    run: Run | None = place.get(RUN)
    for name in CARRIERS:
        if run is None and (carrier := place.get(name)):
            run = carrier.get(RUN)
    current = current_run.get() if run else None
    return current if run and current and current.id == run.id else run


def _trusting(trust: Trust) -> Callable[[str | None, object], bool]:
    if isinstance(trust, bool):
        return lambda peer, request: trust  # noqa: ARG005
    if callable(trust):
        if iscoroutinefunction(trust) or iscoroutinefunction(type(trust).__call__):  # a coroutine counts as true
            raise TypeError(f"trust= takes a function that answers at once, not the coroutine function {trust!r}")
        return _CallableTrust(trust)
    if isinstance(trust, (list, tuple, set, frozenset)):
        networks = [_network(network) for network in trust]
        return lambda peer, request: _is_in(peer, networks)  # noqa: ARG005
    raise TypeError(f"trust= takes True, False, a list of networks or a function, not {trust!r}")


def _at_once(answer: object) -> object:
    if isawaitable(answer):
        raise TypeError("the function must answer at once, not with something to await")
    return answer


class _CallableTrust:
    """Calls a trust function of the application; on failure, no peer is trusted, and the first failure is logged."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function
        self._reported = False

    def __call__(self, _: str | None, request: object) -> bool:
        try:
            with ContextBinding(None, None):
                return bool(_at_once(self._function(request)))
        except Exception:
            if not self._reported:
                self._reported = True
                logging.getLogger("penstock").exception("trust=%r failed; it is reported only once", self._function)
            return False


def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"trust= takes networks such as '10.0.0.0/8' or '::1', not {text!r}") from error


def _is_in(peer: str | None, networks: list[Any]) -> bool:
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:  # a Unix socket, or the name of a test client
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
