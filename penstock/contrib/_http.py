"""What the middlewares share: whose ID is believed, and what the response tells."""

from __future__ import annotations

import logging
from inspect import isawaitable, iscoroutinefunction
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from penstock._context import KEEP, Binding, current_run
from penstock.propagation import HEADER, check_header, read, run_from

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence
    from typing import TypeAlias

    from penstock._runs import Run

    Trust: TypeAlias = bool | Sequence[str] | Callable[[Any], object]

EXPOSE = "Access-Control-Expose-Headers"

RUN = "penstock.run"
"""The key of a request's run in its scope or environ, where a middleware further in finds it."""

CARRIERS = ("asgi.scope", "wsgi_environ")
"""Where a2wsgi keeps the scope in an environ, and the environ in a scope."""


class Policy:
    """How requests become runs.

    Args:
        header: The name of the header with the correlation ID, of requests and responses.
        traceparent: Whether the header of W3C Trace Context is read, too.
        trust: Whose ID is believed: ``False`` for nobody's, ``True`` for everybody's, a list of networks such as
            ``["10.0.0.0/8"]``, or a function that is called with the request.
        expose: Whether scripts of other origins may read the header of the response (CORS).

    Raises:
        ValueError: The header cannot be one, or a network is none.
        TypeError: ``trust`` is something else.
    """

    def __init__(
        self, *, header: str = HEADER, traceparent: bool = True, trust: Trust = False, expose: bool = True
    ) -> None:
        self.header = check_header(header)
        self._traceparent = traceparent
        self._trusts = _trusting(trust)
        self._expose = expose

    def run(self, headers: object, peer: str | None, request: object) -> Run:
        """Return a new run for a request; its ID is the sender's only if the sender is trusted.

        Else it is that of the trace around, of which the server's instrumentation has made a span by now.
        """
        received = None
        if self._trusts(peer, request):
            received = read(headers, header=self.header, traceparent=self._traceparent)
        run = run_from(received)
        run.settle()
        return run

    def serve(self, place: MutableMapping[str, Any], headers: object, peer: str | None, request: object) -> Service:
        """Return what binds a request to its run.

        That is the run that a middleware further out has noted in the scope or environ, or a new one, which is noted there.
        """
        known = _known(place)
        run = place[RUN] = known or self.run(headers, peer, request)
        return Service(run, outermost=known is None)

    def exposed(self, value: str | None) -> str | None:
        """Return what ``Access-Control-Expose-Headers`` must be, or ``None`` if it may stay as it is."""
        names = [name.strip() for name in (value or "").split(",") if name.strip()]
        if not self._expose or "*" in names or self.header.lower() in {name.lower() for name in names}:
            return None
        return ", ".join([*names, self.header])

    def complete(self, headers: Sequence[tuple[str, str]], run: Run) -> list[tuple[str, str]]:
        """Return a response's headers with the ID, unless the application has put one there."""
        completed = list(headers)
        present = {name.lower() for name, _ in completed}
        if self.header.lower() not in present:
            completed.append((self.header, run.id))
        values = [value for name, value in completed if name.lower() == EXPOSE.lower()]
        exposed = self.exposed(", ".join(values))
        if exposed is not None:
            completed = [(name, value) for name, value in completed if name.lower() != EXPOSE.lower()]
            completed.append((EXPOSE, exposed))
        return completed


class Service(Binding):
    """Makes a request's run the current one, in place of all that the server's task or thread may have kept.

    A task of a server may have the context of a request that was served before (cpython #140947).
    """

    __slots__ = ("_outermost", "first")

    def __init__(self, run: Run, *, outermost: bool) -> None:
        super().__init__(run, KEEP if run is current_run.get() else None)
        self.first, self._outermost = run, outermost  # the run as it began

    def again(self) -> Binding:
        """Return what binds the same run, for code that may be called while this one is bound."""
        return Binding(self.run, self.event)

    def close(self) -> None:
        """Take note that the request has been served."""
        if self._outermost:
            self.first.closed = True


def _known(place: MutableMapping[str, Any]) -> Run | None:
    """Return the run that a request has already, with the values that it has now."""
    known: Run | None = place.get(RUN)
    for name in CARRIERS:
        if known is None and (carrier := place.get(name)):
            known = carrier.get(RUN)
    current = current_run.get() if known else None
    return current if known and current and current.id == known.id else known


def _trusting(trust: Trust) -> Callable[[str | None, object], bool]:
    if isinstance(trust, bool):
        return lambda peer, request: trust  # noqa: ARG005
    if callable(trust):
        if iscoroutinefunction(trust) or iscoroutinefunction(type(trust).__call__):  # a coroutine counts as true
            raise TypeError(f"trust= takes a function that answers at once, not the coroutine function {trust!r}")
        return _Asked(trust)
    if isinstance(trust, (list, tuple, set, frozenset)):
        networks = [_network(each) for each in trust]
        return lambda peer, request: _is_in(peer, networks)  # noqa: ARG005
    raise TypeError(f"trust= takes True, False, a list of networks or a function, not {trust!r}")


def _at_once(answer: object) -> object:
    if isawaitable(answer):
        raise TypeError("the function must answer at once, not with something to await")
    return answer


class _Asked:
    """Asks a function of the application's; where it fails, nobody is trusted, and the first failure is logged."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function
        self._reported = False

    def __call__(self, _: str | None, request: object) -> bool:
        try:
            with Binding(None, None):
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
    except ValueError:  # a socket of the machine, or a test client's word
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
