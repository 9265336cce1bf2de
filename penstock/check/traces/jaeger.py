"""Traces as Jaeger exports them: the answer of ``/api/traces``, and the download of its page.

See https://www.jaegertracing.io/docs/2.0/apis/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.traces.client_spans import read_notes
from penstock.check.traces.reader import TraceFormat, commit_of, get_list, label_of, nanoseconds, require_id
from penstock.check.traces.span_functions import function_of
from penstock.check.traces.span_store import SpanRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MICROSECOND = 1000
"""Nanoseconds."""


def _raw(document: Any) -> Iterator[tuple[Any, Mapping[str, str]]]:
    for trace in document if isinstance(document, list) else get_list(document, "data"):
        processes = trace.get("processes") or {}
        commits = {key: commit_of(_tags(process)) for key, process in processes.items()}
        for span in get_list(trace, "spans"):
            yield span, commits


def _parse_span(span: Mapping[str, Any], commits: Mapping[str, str]) -> SpanRecord:
    start = nanoseconds(span["startTime"], MICROSECOND)
    end = nanoseconds(start + nanoseconds(span.get("duration", 0), MICROSECOND))
    trace, commit = require_id(span["traceID"]), commits.get(span.get("processID", ""), "")
    tags = _tags(span)
    function = function_of(tags, leaves=tags.get("span.kind") in ("client", "producer"))
    own, label, notes = require_id(span["spanID"]), label_of(tags), read_notes(tags, tags.get("span.kind"))
    failed = tags.get("error") in (True, "true") or tags.get("otel.status_code") == "ERROR"
    return SpanRecord(trace, own, _parent(span), label, start, end, commit, function, notes, failed)


def _parent(span: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the span that this one was called in, else one that it follows from, as a message does."""
    references = get_list(span, "references")
    references.sort(key=lambda reference: reference["refType"] != "CHILD_OF")
    if references:
        return require_id(references[0]["traceID"]), require_id(references[0]["spanID"])
    return None


def _tags(owner: Mapping[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag.get("value") for tag in get_list(owner, "tags")}


JAEGER = TraceFormat(_raw, _parse_span)
