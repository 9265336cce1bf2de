"""The correlation ID in the headers of messages: written into any, read and validated from any.

Two headers are used: ``X-Correlation-ID``, and ``traceparent`` of W3C Trace Context
(https://www.w3.org/TR/trace-context/), in which the correlation ID is the trace-id.
"""

from __future__ import annotations

import re
from os import urandom
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from penstock._context import current_run, outer_run
from penstock._headers import LONGEST, add_pair, check_writable, read_pairs, read_text, remove_pairs
from penstock._runs import Arrived, Run
from penstock._spans import span_around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

H = TypeVar("H")

HEADER = "X-Correlation-ID"
TRACEPARENT = "traceparent"
SAMPLED = 1
RANDOM = 2
"""The flag of W3C Trace Context, Level 2, that says that the trace-id is made of random bits."""
_KNOWN_FLAGS = SAMPLED | RANDOM  # others must not be passed on (section 3.2.2.5)

EVIDENCE_HEADER = "X-Penstock-Evidence"
LONGEST_EVIDENCE = 8192
"""Characters; a longer text is not sent, and not read."""

_flow_id = re.compile(r"[A-Za-z0-9._-]{1,64}")
_trace_id = re.compile(r"(?!0{32})[0-9a-f]{32}")
_traceparent = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_header_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Received(NamedTuple):
    """What headers tell: the correlation ID, the caller's span where its trace is the run, and the steps around."""

    id: str
    remote: tuple[str, int] | None
    evidence: str = ""


class _Extracted(str):  # noqa: SLOT000 - it is a text that knows more
    """A correlation ID that was received: a run that gets it is told the rest of the headers, too."""

    received: Received


class _Evidence:
    """What tells of the steps around; nobody does unless evidence is recorded, and then it is read, too."""

    told: Callable[[], str] | None = None


def tell_evidence(source: Callable[[], str]) -> None:
    """Let messages tell of the steps around, as ``source`` returns them, and read what other processes tell."""
    _Evidence.told = source


def is_flow_id(value: object) -> bool:
    """Tell whether a value may be a correlation ID: 1 to 64 ASCII letters, digits, dots, underscores and dashes."""
    return isinstance(value, str) and _flow_id.fullmatch(value) is not None


def is_trace_id(value: str) -> bool:
    """Tell whether a correlation ID is a trace-id of W3C Trace Context: 32 lower-case hex digits, not all zero."""
    return _trace_id.fullmatch(value) is not None


def check_header(header: str) -> str:
    """Return the name of the header with the correlation ID.

    Raises:
        ValueError: It cannot be one (RFC 9110, section 5.1), or is that of W3C Trace Context, whose value is more than an ID.
    """
    if not isinstance(header, str) or not _header_name.fullmatch(header):
        raise ValueError(f"{header!r} cannot be the name of a header; the usual one is {HEADER!r}")
    if header.lower() == TRACEPARENT:
        raise ValueError(
            f"{header!r} is read and written by itself; the header with the ID needs another name: {HEADER!r}"
        )
    return header


def outgoing(header: str = HEADER, *, traceparent: bool = True) -> list[tuple[str, str]]:
    """Return the headers that tell the current run: none outside every run.

    There is a ``traceparent`` only if the correlation ID is a trace-id. It names the current span where OpenTelemetry
    makes one, else the span that the caller in another process has told, else a random one. Without a caller
    that says otherwise its flag is "sampled", so that services behind this one do not lose their traces, and "random"
    where penstock made the ID (https://www.w3.org/TR/trace-context-2/).
    """
    run = current_run.get()
    if run is None:
        return []
    headers = [(check_header(header), run.id)]
    if traceparent and is_trace_id(run.id):
        span, flags = _span_of(run)
        headers.append((TRACEPARENT, f"00-{run.id}-{span}-{flags:02x}"))
    if told := told_evidence():  # gRPC takes no upper-case letters, so whoever writes none gets none
        headers.append((EVIDENCE_HEADER.lower() if header.islower() else EVIDENCE_HEADER, told))
    return headers


def told_evidence() -> str:
    """Return what a message tells of the steps around while evidence is recorded, else an empty string."""
    return _Evidence.told() if _Evidence.told else ""


def _span_of(run: Run) -> tuple[str, int]:
    span = span_around()
    if span is not None and span.trace_id == run.id:
        return span.span_id, span.flags
    return run.remote or (f"{int.from_bytes(urandom(8)) or 1:016x}", flags_without_caller(run))


def flags_without_caller(run: Run) -> int:
    """Return the trace flags of a run that no caller has told any for."""
    return SAMPLED | RANDOM if run.random else SAMPLED


def inject(headers: H, *, header: str = HEADER, traceparent: bool = True) -> H:
    """Make the headers of a message tell the current run; outside every run, make them tell none.

    What an earlier call has written is replaced, or removed: the correlation ID, and the ``traceparent`` that tells the same
    ID. Another ``traceparent`` is left alone: it belongs to whoever makes the spans.

    Args:
        headers: A mutable mapping, or a list of pairs; names and values are text, or bytes where those that are there
            already are.
        header: The name of the header with the correlation ID.
        traceparent: Whether to write the header of W3C Trace Context, too.

    Returns:
        ``headers``, for use in an expression.

    Raises:
        TypeError: ``headers`` is neither a mutable mapping nor a list.
    """
    return write(headers, stale_names(check_writable(headers), header) | {header.lower()}, header, traceparent)


def inject_into_request(headers: H) -> H:
    """Do the same for a request of an application, whose own correlation ID stays outside every run."""
    return write(headers, stale_names(check_writable(headers), HEADER), HEADER, traceparent=True)


def stale_names(pairs: Iterable[tuple[Any, Any]], header: str) -> set[str]:
    """Return the names, in lower case, of the headers that tell an older run.

    A correlation ID and a ``traceparent`` with the same ID are a pair that was written by :func:`inject`. Where it tells the
    current run, the ``traceparent`` may be that of a span, and stays.
    """
    pairs = list(pairs)
    own, run = _own_traces(pairs, header), current_run.get()
    stale = {header.lower(), TRACEPARENT} if own and own != {run and run.id} else set()
    return stale | {EVIDENCE_HEADER.lower()}


def _own_traces(pairs: Iterable[tuple[Any, Any]], header: str) -> set[str]:
    """Return what a correlation ID and a ``traceparent`` tell alike."""
    values: dict[str, set[str]] = {header.lower(): set(), TRACEPARENT: set()}
    for name, value in pairs:
        if (key := read_text(name).lower()) in values:
            values[key].add(read_text(value))
    parents = [_traceparent.fullmatch(value) for value in values[TRACEPARENT]]
    return {parent[2] for parent in parents if parent} & values[header.lower()]


def write(headers: H, stale: set[str], header: str, traceparent: bool) -> H:
    """Write the current run into headers, in place of what is stale and of an older correlation ID."""
    present = list(read_pairs(headers))
    names = {read_text(name).lower() for name, _ in present}
    remove_pairs(headers, stale & names, present)
    for name, value in outgoing(header, traceparent=traceparent):
        if name != TRACEPARENT or name not in names - stale:
            remove_pairs(headers, {name.lower()} & names, present)
            add_pair(headers, name, value, present)
    return headers


def remove_headers(headers: Any, header: str) -> None:
    """Remove what tells a run, whichever it is."""
    pairs = check_writable(headers)
    own = {TRACEPARENT} if _own_traces(pairs, header) else set()
    remove_pairs(headers, {header.lower(), EVIDENCE_HEADER.lower()} | own, pairs)


def extract(headers: object, *, header: str = HEADER, traceparent: bool = True) -> str | None:
    """Return the correlation ID that the headers of a message tell.

    A valid ``X-Correlation-ID`` is preferred to a valid ``traceparent``. A header that is there more than once, or whose
    value is anything but an ID, or that is no pair, counts as missing: it is neither returned, nor logged, nor named in
    an error.
    Whether the sender may choose the ID is for the caller to decide.

    Args:
        headers: A mapping, or an iterable of pairs, of text or bytes; ``None`` is none. In ``os.environ`` the names
            are ``X_CORRELATION_ID`` and ``TRACEPARENT``.
        header: The name of the header with the correlation ID.
        traceparent: Whether to read the header of W3C Trace Context, too.

    Returns:
        1 to 64 ASCII letters, digits, dots, underscores and dashes; ``None`` if there is no valid ID. Given to
        :class:`flow_context`, it brings along what else was told: the caller's span, and while evidence is recorded, the
        steps around.

    Raises:
        TypeError: ``headers`` is neither a mapping nor an iterable of pairs, such as the message itself.
    """
    found = read(headers, header=header, traceparent=traceparent)
    if found is None:
        return None
    extracted = _Extracted(found.id)
    extracted.received = found
    return extracted


def received_with(flow_id: str | None) -> Received | None:
    """Return what an ID brings along; one that nobody has extracted, nothing but itself."""
    if isinstance(flow_id, _Extracted):
        return flow_id.received
    return None if flow_id is None else Received(flow_id, None)


def read(headers: object, *, header: str = HEADER, traceparent: bool = True) -> Received | None:
    """Return what :func:`extract` returns, together with the caller's span."""
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
    if flow_id and flow_id[0] != trace_id:  # the span is in another trace
        remote = None
    known = flow_id[0] if flow_id else trace_id
    return Received(known, remote, _evidence(values[EVIDENCE_HEADER.lower()])) if known else None


def variable_name(header: str) -> str:
    """Return a header's name in an environment (https://opentelemetry.io/docs/specs/otel/context/env-carriers/)."""
    return header.upper().replace("-", "_")


def _evidence(told: list[Any]) -> str:
    if not _Evidence.told:
        return ""
    text = told[0] if len(told) == 1 else ""
    text = bytes(text).decode("ascii", "replace") if isinstance(text, (bytes, bytearray)) else text
    return text if isinstance(text, str) and len(text) <= LONGEST_EVIDENCE else ""


def _only(values: list[Any], pattern: re.Pattern[str]) -> re.Match[str] | None:
    text = read_text(values[0]) if len(values) == 1 else ""
    return pattern.fullmatch(text) if len(text) <= LONGEST else None


def run_from(received: Received | None, flow: str | None = None) -> Run:
    """Return a new run, with the correlation ID that was received, if one was."""
    run = Run(flow)
    if (outer := outer_run()) is not None:
        run.outer = outer
    if received is not None:
        run.identify(received.id)
        run.remote = received.remote
        run.arrived = Arrived(received.evidence) if received.evidence else None
    return run
