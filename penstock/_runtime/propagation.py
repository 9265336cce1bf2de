"""The correlation ID in the headers of messages: written to, and read and validated from, any kind of message.

Two headers are used: ``X-Correlation-ID``, and ``traceparent`` of W3C Trace Context
(https://www.w3.org/TR/trace-context/), in which the correlation ID is the trace-id.
"""

from __future__ import annotations

import re
from os import urandom
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from penstock._runtime.context import current_run, outer_run
from penstock._runtime.current_span import span_around
from penstock._runtime.evidence_header import EVIDENCE_HEADER, encode_evidence, is_evidence, is_evidence_wanted
from penstock._runtime.runs import Arrived, Run
from penstock._util.headers import LONGEST, add_pair, read_pairs, read_text, remove_pairs, writable_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

H = TypeVar("H")

HEADER = "X-Correlation-ID"
TRACEPARENT = "traceparent"
SAMPLED = 1
RANDOM = 2
"""The flag of W3C Trace Context, Level 2, that says that the trace-id is made of random bits."""
_KNOWN_FLAGS = SAMPLED | RANDOM  # others must not be passed on (section 3.2.2.5)

_flow_id = re.compile(r"[A-Za-z0-9._-]{1,64}")
_trace_id = re.compile(r"(?!0{32})[0-9a-f]{32}")
_traceparent = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_header_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class RemoteContext(NamedTuple):
    """What the headers of a message say of the run that it was sent in.

    Attributes:
        id (str): The correlation ID.
        span (tuple[str, int] | None): The caller's span and its trace flags, if its trace is the run; else ``None``.
        evidence (str): The steps around the sender, encoded; empty unless evidence is recorded.
    """

    id: str
    span: tuple[str, int] | None = None
    evidence: str = ""


class RemoteFlowId(str):
    """A correlation ID from headers, with the context that they brought along.

    Attributes:
        context (RemoteContext): That context; a run that is given this ID gets it all.
    """

    __slots__ = ("context",)

    context: RemoteContext

    def __new__(cls, context: RemoteContext) -> Self:
        """Return the ID of a context."""
        flow_id = super().__new__(cls, context.id)
        flow_id.context = context
        return flow_id

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.context,)  # for copies and pickles


def is_flow_id(value: object) -> bool:
    """Return whether a value is a valid correlation ID: 1 to 64 ASCII letters, digits, dots, underscores and dashes."""
    return isinstance(value, str) and _flow_id.fullmatch(value) is not None


def is_trace_id(value: str) -> bool:
    """Return whether a correlation ID is a W3C Trace Context trace-id: 32 lower-case hex digits, not all zero."""
    return _trace_id.fullmatch(value) is not None


def check_header(header: str) -> str:
    """Return the name of the header with the correlation ID.

    Raises:
        ValueError: It is invalid (RFC 9110, section 5.1), or a W3C Trace Context header, with more than an ID.
    """
    if not isinstance(header, str) or not _header_name.fullmatch(header):
        raise ValueError(f"{header!r} cannot be the name of a header; the usual one is {HEADER!r}")
    if header.lower() == TRACEPARENT:
        raise ValueError(
            f"{header!r} is read and written by itself; the header with the ID needs another name: {HEADER!r}"
        )
    return header


def outgoing(header: str = HEADER, *, traceparent: bool = True) -> list[tuple[str, str]]:
    """Return the headers for the current run; an empty list outside every run.

    There is a ``traceparent`` only if the correlation ID is a trace-id. It names the current OpenTelemetry span if
    there is one, else the span received from the caller in another process, else a random one. Unless a caller
    set it otherwise, its flag is "sampled", so that services behind this one do not lose their traces, and "random"
    if penstock created the ID (https://www.w3.org/TR/trace-context-2/).
    """
    run = current_run.get()
    if run is None:
        return []
    headers = [(check_header(header), run.id)]
    if traceparent and is_trace_id(run.id):
        span, flags = _span_of(run)
        headers.append((TRACEPARENT, f"00-{run.id}-{span}-{flags:02x}"))
    if evidence := encode_evidence():  # gRPC takes no upper-case letters, so an application that writes none gets none
        headers.append((EVIDENCE_HEADER.lower() if header.islower() else EVIDENCE_HEADER, evidence))
    return headers


def _span_of(run: Run) -> tuple[str, int]:
    span = span_around()
    if span is not None and span.trace_id == run.id:
        return span.span_id, span.flags
    return run.remote or (f"{int.from_bytes(urandom(8)) or 1:016x}", flags_without_caller(run))


def flags_without_caller(run: Run) -> int:
    """Return the trace flags of a run without flags from a caller."""
    return SAMPLED | RANDOM if run.random else SAMPLED


def inject(headers: H, *, header: str = HEADER, traceparent: bool = True) -> H:
    """Write the current run into the headers of a message; outside every run, remove them.

    Headers of an earlier call are replaced, or removed: the correlation ID, and the ``traceparent`` with the same
    ID. Another ``traceparent`` is left alone: it belongs to the code that creates the spans.

    Args:
        headers: A mutable mapping, or a list of pairs; names and values are text, or bytes if the existing ones
            are.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write the header of W3C Trace Context, too.

    Returns:
        ``headers``, for use in an expression.

    Raises:
        TypeError: ``headers`` is neither a mutable mapping nor a list.
    """
    return write(headers, stale_names(writable_pairs(headers), header) | {header.lower()}, header, traceparent)


def inject_into_request(headers: H) -> H:
    """Write the current run into an outgoing request; outside every run, leave the application's own ID alone."""
    return write(headers, stale_names(writable_pairs(headers), HEADER), HEADER, traceparent=True)


def stale_names(pairs: Iterable[tuple[Any, Any]], header: str) -> set[str]:
    """Return the names, in lower case, of the headers that name an older run.

    A correlation ID and a ``traceparent`` with the same ID are a pair written by :func:`inject`. If it names the
    current run, the ``traceparent`` may be that of a span, and stays.
    """
    pairs = list(pairs)
    own, run = _own_traces(pairs, header), current_run.get()
    stale = {header.lower(), TRACEPARENT} if own and own != {run and run.id} else set()
    return stale | {EVIDENCE_HEADER.lower()}


def _own_traces(pairs: Iterable[tuple[Any, Any]], header: str) -> set[str]:
    """Return the trace IDs that occur both as a correlation ID and in a ``traceparent``."""
    values: dict[str, set[str]] = {header.lower(): set(), TRACEPARENT: set()}
    for name, value in pairs:
        if (key := read_text(name).lower()) in values:
            values[key].add(read_text(value))
    parents = [_traceparent.fullmatch(value) for value in values[TRACEPARENT]]
    return {parent[2] for parent in parents if parent} & values[header.lower()]


def write(headers: H, stale: set[str], header: str, traceparent: bool) -> H:
    """Write the current run into headers, replacing stale ones and an older correlation ID."""
    present = list(read_pairs(headers))
    names = {read_text(name).lower() for name, _ in present}
    remove_pairs(headers, stale & names, present)
    for name, value in outgoing(header, traceparent=traceparent):
        if name != TRACEPARENT or name not in names - stale:
            remove_pairs(headers, {name.lower()} & names, present)
            add_pair(headers, name, value, present)
    return headers


def remove_headers(headers: Any, header: str) -> None:
    """Remove the headers of any run."""
    pairs = writable_pairs(headers)
    own = {TRACEPARENT} if _own_traces(pairs, header) else set()
    remove_pairs(headers, {header.lower(), EVIDENCE_HEADER.lower()} | own, pairs)


def extract(headers: object, *, header: str = HEADER, traceparent: bool = True) -> RemoteFlowId | None:
    """Return the correlation ID in the headers of a message.

    A valid ``X-Correlation-ID`` is preferred to a valid ``traceparent``. A repeated header, an invalid
    value, or an item that is not a pair counts as missing: it is neither returned, nor logged, nor named in
    an error.
    The caller decides whether the sender may choose the ID.

    Args:
        headers: A mapping, or an iterable of pairs, of text or bytes; may be ``None``. In ``os.environ`` the names
            are ``X_CORRELATION_ID`` and ``TRACEPARENT``.
        header: The name of the header with the correlation ID.
        traceparent: Whether to read the header of W3C Trace Context, too.

    Returns:
        1 to 64 ASCII letters, digits, dots, underscores and dashes, a ``str``; ``None`` if there is no valid ID. Given
        to :class:`flow_context`, it brings along its ``context``, which :func:`penstock.propagation.read` returns by
        itself: the caller's span, and while evidence is recorded, the steps around.

    Raises:
        TypeError: ``headers`` is neither a mapping nor an iterable of pairs, such as the message itself.
    """
    remote_context = read(headers, header=header, traceparent=traceparent)
    return None if remote_context is None else RemoteFlowId(remote_context)


def remote_context_of(flow_id: str | RemoteContext | None) -> RemoteContext | None:
    """Return the context that came with an ID; of any other ID, only the ID itself."""
    if flow_id is None or isinstance(flow_id, RemoteContext):
        return flow_id
    return flow_id.context if isinstance(flow_id, RemoteFlowId) else RemoteContext(flow_id)


def read(headers: object, *, header: str = HEADER, traceparent: bool = True) -> RemoteContext | None:
    """Return all that the headers of a message say of the run that it was sent in; ``None`` without a valid ID.

    Arguments and errors are those of :func:`penstock.extract`, which returns the ID of it.
    """
    values: dict[str, list[Any]] = {header.lower(): [], TRACEPARENT: [], EVIDENCE_HEADER.lower(): []}
    variables = {variable_name(key): key for key in values}
    for name, value in read_pairs(headers):
        key = read_text(name)
        if (key := variables.get(key, key.lower())) in values:
            values[key].append(value)
    flow_id = _only(values[header.lower()], _flow_id)
    parent = _only(values[TRACEPARENT], _traceparent) if traceparent else None
    if parent and parent[1] == "00" and parent[5]:  # version 00 has four fields, later ones may have more
        parent = None
    trace_id = parent[2] if parent else None
    remote = (parent[3], int(parent[4], 16) & _KNOWN_FLAGS) if parent else None
    if flow_id and flow_id[0] != trace_id:  # the span belongs to another trace
        remote = None
    run_id = flow_id[0] if flow_id else trace_id
    return RemoteContext(run_id, remote, _evidence(values[EVIDENCE_HEADER.lower()])) if run_id else None


def variable_name(header: str) -> str:
    """Return a header's name in an environment (https://opentelemetry.io/docs/specs/otel/context/env-carriers/)."""
    return header.upper().replace("-", "_")


def _evidence(values: list[Any]) -> str:
    if not is_evidence_wanted():
        return ""
    text = values[0] if len(values) == 1 else ""
    text = bytes(text).decode("ascii", "replace") if isinstance(text, (bytes, bytearray)) else text
    return text if isinstance(text, str) and is_evidence(text) else ""


def _only(values: list[Any], pattern: re.Pattern[str]) -> re.Match[str] | None:
    text = read_text(values[0]) if len(values) == 1 else ""
    return pattern.fullmatch(text) if len(text) <= LONGEST else None


def run_from(received: RemoteContext | None, flow: str | None = None) -> Run:
    """Return a new run, with the context of the caller, if any."""
    run = Run(flow)
    if (outer := outer_run()) is not None:
        run.outer = outer
    if received is not None:
        run.identify(received.id)
        run.remote = received.span
        run.arrived = Arrived(received.evidence) if received.evidence else None
    return run
