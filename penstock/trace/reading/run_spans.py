"""Spans of a run, out of documents of OpenTelemetry and Jaeger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from penstock.check.traces.jaeger import JAEGER
from penstock.check.traces.otlp import OTLP, read_attributes
from penstock.check.traces.reader import BAD, get_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.check.traces.reader import Damage
    from penstock.check.traces.span_functions import StepFinder
    from penstock.check.traces.span_store import SpanRecord

_FAILED = (2, "2", "STATUS_CODE_ERROR")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpan:
    """A span that may be of the run.

    Attributes:
        record: The span as evidence reads it.
        service: The service that made it, or an empty string.
        flow_id: The correlation ID that it carries, or an empty string.
        error: Why it failed, empty without words; ``None`` if it did not.
        predecessors: The step that it says is around it, and those that it says had finished there before.
        is_mapped: Whether its step was found by its function: other instrumentation makes spans of some functions only.
    """

    record: SpanRecord
    service: str
    flow_id: str
    error: str | None
    predecessors: frozenset[str] = frozenset()
    is_mapped: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it."""
        return self.record.trace, self.record.span


def is_span_document(document: object) -> bool:
    """Return whether a JSON document has spans, of OpenTelemetry or of Jaeger."""
    if isinstance(document, list):
        return bool(document) and is_span_document(document[0])
    return isinstance(document, dict) and (_is_otlp(document) or bool(_list_traces(document)))


def _is_otlp(document: Mapping[str, Any]) -> bool:
    result = document.get("result")
    return "resourceSpans" in document or (isinstance(result, dict) and "resourceSpans" in result)


def _list_traces(document: Mapping[str, Any]) -> list[Any]:
    if isinstance(document.get("spans"), list) and "traceID" in document:
        return [document]
    data = document.get("data")
    return data if isinstance(data, list) and data and isinstance(data[0], dict) and "spans" in data[0] else []


def read_spans(document: Any, place: str, damage: Damage, finder: StepFinder) -> Iterator[RunSpan]:
    """Yield the spans of a document; damaged ones are recorded.

    Args:
        document: The JSON.
        place: Where it stands.
        damage: Records the spans that cannot be read.
        finder: Finds the steps of spans that only name a function.
    """
    for part in document if isinstance(document, list) else [document]:
        try:
            raw_spans = [*_iter_otlp(part)] if _is_otlp(part) else [*_iter_jaeger(part)]
        except BAD as error:
            damage.note(place, error)
            continue
        for raw, context, service in raw_spans:
            try:
                span = _read_otlp(raw, context, service) if "spanId" in raw else _read_jaeger(raw, context, service)
            except BAD as error:
                damage.note(place, error)
            else:
                yield from _name_steps(span, finder)


def _iter_otlp(document: Mapping[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    for resource in get_list(document.get("result", document), "resourceSpans"):
        service = read_attributes(resource.get("resource") or {}).get("service.name")
        for raw, commit in OTLP.raw({"resourceSpans": [resource]}):
            yield raw, commit, _name_service(service)


def _iter_jaeger(document: Mapping[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    for trace in _list_traces(document):
        processes = trace.get("processes") or {}
        for raw, commits in JAEGER.raw({"data": [trace]}):
            yield raw, commits, _name_service((processes.get(raw.get("processID")) or {}).get("serviceName"))


def _name_service(name: object) -> str:
    """Return a service's name; SDKs call a service without one so."""
    return "" if not isinstance(name, str) or name.startswith("unknown_service") else name


def _read_otlp(raw: Mapping[str, Any], commit: str, service: str) -> RunSpan:
    record, status = OTLP.decode(raw, commit), raw.get("status") or {}
    error = None
    if status.get("code") in _FAILED:
        events = [read_attributes(event) for event in get_list(raw, "events") if event.get("name") == "exception"]
        error = _describe_error(events[-1] if events else {}, status.get("message"))
    return _make_span(record, service, read_attributes(raw), error)


def _read_jaeger(raw: Mapping[str, Any], commits: Mapping[str, str], service: str) -> RunSpan:
    tags = _read_tags(raw, "tags")
    error = None
    if tags.get("error") in {True, "true"} or str(tags.get("otel.status_code")).upper() == "ERROR":
        logs = [_read_tags(log, "fields") for log in get_list(raw, "logs")]
        events = [fields for fields in logs if fields.get("event") == "exception"]
        error = _describe_error(events[-1] if events else {}, tags.get("otel.status_description"))
    return _make_span(JAEGER.decode(raw, commits), service, tags, error)


def _read_tags(owner: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {tag["key"]: tag.get("value") for tag in get_list(owner, key)}


def _make_span(record: SpanRecord, service: str, attributes: Mapping[str, Any], error: str | None) -> RunSpan:
    texts = {name: value for name, value in attributes.items() if isinstance(value, str)}
    names = (texts.get("penstock.inside", ""), *texts.get("penstock.done", "").split(","))
    return RunSpan(
        record=record,
        service=service,
        flow_id=texts.get("penstock.flow_id", ""),
        error=error,
        predecessors=frozenset(unquote(name) for name in names if name),
    )


def _describe_error(event: Mapping[str, Any], status: object) -> str:
    name, message = event.get("exception.type"), event.get("exception.message")
    if isinstance(name, str) and name:
        return f"{name}: {message}" if isinstance(message, str) and message else name
    return status if isinstance(status, str) else ""


def _name_steps(span: RunSpan, finder: StepFinder) -> Iterator[RunSpan]:
    """Yield a span, once for each step that its function is, one around the other, as decorators stand."""
    record = span.record
    labels = finder.find(record.function) if record.function and record.label is None else ()
    for number, label in enumerate(labels[1:], 1):
        name = f"{record.span}.{number}"
        yield replace(span, record=record._replace(span=name, label=label), is_mapped=True)
        record = record._replace(parent=(record.trace, name))
    yield replace(span, record=record._replace(label=labels[0]), is_mapped=True) if labels else span
