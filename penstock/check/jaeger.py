"""Traces as Jaeger exports them: the answer of ``/api/traces``, and the download of its page.

See https://www.jaegertracing.io/docs/2.0/apis/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.functions import function_of
from penstock.check.spans import Format, commit_of, label_of, listed, named, nanoseconds
from penstock.check.traces import Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MICROSECOND = 1000
"""Nanoseconds."""


def _raw(document: Any) -> Iterator[tuple[Any, Mapping[str, str]]]:
    for trace in document if isinstance(document, list) else listed(document, "data"):
        processes = trace.get("processes") or {}
        commits = {key: commit_of(_tags(process)) for key, process in processes.items()}
        for span in listed(trace, "spans"):
            yield span, commits


def _told(span: Mapping[str, Any], commits: Mapping[str, str]) -> Told:
    start = nanoseconds(span["startTime"], MICROSECOND)
    end = nanoseconds(start + nanoseconds(span.get("duration", 0), MICROSECOND))
    trace, commit = named(span["traceID"]), commits.get(span.get("processID", ""), "")
    tags = _tags(span)
    function = function_of(tags, leaves=tags.get("span.kind") in ("client", "producer"))
    return Told(trace, named(span["spanID"]), _parent(span), label_of(tags), start, end, commit, function)


def _parent(span: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the span that this one was called in, else one that it follows from, as a message does."""
    references = listed(span, "references")
    references.sort(key=lambda reference: reference["refType"] != "CHILD_OF")
    if references:
        return named(references[0]["traceID"]), named(references[0]["spanID"])
    return None


def _tags(owner: Mapping[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag.get("value") for tag in listed(owner, "tags")}


JAEGER = Format(_raw, _told)
