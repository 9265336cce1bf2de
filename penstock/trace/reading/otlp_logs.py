"""Log records of OpenTelemetry, as the Collector's file exporter writes them.

See https://opentelemetry.io/docs/specs/otel/logs/data-model/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.traces.otlp import read_attributes
from penstock.check.traces.reader import BAD, get_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.check.traces.reader import Damage


def is_log_document(document: object) -> bool:
    """Return whether a JSON document has log records of OpenTelemetry."""
    return isinstance(document, dict) and "resourceLogs" in document


def iter_records(document: Any, place: str, damage: Damage) -> Iterator[dict[str, Any]]:
    """Yield the log records of a document as other programs write them; damaged ones are recorded."""
    try:
        raw_records = [*_iter_raw(document)]
    except BAD as error:
        damage.note(place, error)
        return
    for raw, service in raw_records:
        try:
            yield _flatten(raw, service)
        except BAD as error:
            damage.note(place, error)


def _iter_raw(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], object]]:
    for resource in get_list(document, "resourceLogs"):
        service = read_attributes(resource.get("resource") or {}).get("service.name")
        for scope in get_list(resource, "scopeLogs"):
            for raw in get_list(scope, "logRecords"):
                yield raw, service


def _flatten(raw: Mapping[str, Any], service: object) -> dict[str, Any]:
    body = (raw.get("body") or {}).get("stringValue", "")
    times = (raw.get(name) for name in ("timeUnixNano", "observedTimeUnixNano"))
    return {
        **read_attributes(raw),
        "service": service,
        "time": next((time for time in times if time not in (None, 0, "0", "")), None),
        "level": raw.get("severityText"),
        "message": body,
        "trace_id": raw.get("traceId"),
        "span_id": raw.get("spanId"),
    }
