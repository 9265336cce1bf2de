"""Reads the current OpenTelemetry span, in applications that use it."""

from __future__ import annotations

import sys


class SpanAround:
    """The current span of OpenTelemetry.

    Attributes:
        trace_id: As 32 hex digits.
        span_id: As 16 hex digits.
        flags: The trace flags.
        ended: Whether it has ended but is still current in a context that outlived it.
    """

    __slots__ = ("ended", "flags", "span_id", "trace_id")

    def __init__(self, trace_id: str, span_id: str, flags: int, *, ended: bool) -> None:
        self.trace_id, self.span_id, self.flags, self.ended = trace_id, span_id, flags, ended


def span_around() -> SpanAround | None:
    """Return the current span of OpenTelemetry, if the application has one; nothing is imported here."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    try:
        span = trace.get_current_span()
        if span is trace.INVALID_SPAN:  # the usual case: no span is current
            return None
        context = span.get_span_context()
    except Exception:  # the module is being imported, or a provider fails: the ID is random then
        return None
    if not context.is_valid:
        return None
    has_ended = getattr(span, "end_time", None) is not None
    return SpanAround(f"{context.trace_id:032x}", f"{context.span_id:016x}", int(context.trace_flags), ended=has_ended)
