"""Traces of OpenTelemetry as the Collector's file exporter writes them: an ExportTraceServiceRequest a line, as JSON.

See https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.traces.client_spans import read_notes
from penstock.check.traces.reader import TraceFormat, commit_of, get_list, label_of, nanoseconds, require_id
from penstock.check.traces.span_functions import function_of
from penstock.check.traces.span_store import SpanRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEAVING = (3, 4, "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER")
_ERRORS = (2, "STATUS_CODE_ERROR")
_VALUES = ("stringValue", "boolValue", "intValue")


def _raw(document: Any) -> Iterator[tuple[Any, str]]:
    for request in document if isinstance(document, list) else [document]:
        content = request.get("result", request)  # as Jaeger's /api/v3 answers
        for resource in get_list(content, "resourceSpans"):
            commit = commit_of(read_attributes(resource.get("resource") or {}))
            # Before version 0.15 of the protocol, scopes had another name.
            for scope in (*get_list(resource, "scopeSpans"), *get_list(resource, "instrumentationLibrarySpans")):
                for span in get_list(scope, "spans"):
                    yield span, commit


def _parse_span(span: Mapping[str, Any], commit: str) -> SpanRecord:
    trace = require_id(span["traceId"])
    parent = (trace, require_id(span["parentSpanId"])) if span.get("parentSpanId") else _link(span)
    start, end = nanoseconds(span["startTimeUnixNano"]), nanoseconds(span["endTimeUnixNano"])
    attributes = read_attributes(span)
    function = function_of(attributes, leaves=span.get("kind") in _LEAVING)
    label, notes = label_of(attributes), read_notes(attributes, span.get("kind"))
    own, failed = require_id(span["spanId"]), (span.get("status") or {}).get("code") in _ERRORS
    return SpanRecord(trace, own, parent, label, start, end, commit, function, notes, failed)


def _link(span: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the first link, which is where a message came from when it is received in a trace of its own."""
    links = get_list(span, "links")
    return (require_id(links[0]["traceId"]), require_id(links[0]["spanId"])) if links else None


def read_attributes(owner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span, a scope or a resource, by name."""
    return {attribute["key"]: _value(attribute.get("value") or {}) for attribute in get_list(owner, "attributes")}


def _value(value: Mapping[str, Any]) -> object:
    if "arrayValue" in value:
        return [_value(item) for item in get_list(value["arrayValue"], "values")]
    return next((value[kind] for kind in _VALUES if kind in value), None)


OTLP = TraceFormat(_raw, _parse_span)
