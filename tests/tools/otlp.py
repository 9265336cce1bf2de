"""Spans as OpenTelemetry writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock.check.traces.otlp import OTLP
from penstock.check.traces.reader import Damage, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock.check.evidence import Evidence

SECOND = 10**9
DAY = 1_795_000_000 * SECOND


def attributes(**values: object) -> list[dict[str, object]]:
    """Return attributes as OTLP has them."""
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue"}
    return [
        {
            "key": key.replace("_", ".", 1),
            "value": {"arrayValue": {"values": [{"stringValue": each} for each in value]}},
        }
        if isinstance(value, list)
        else {"key": key.replace("_", ".", 1), "value": {kinds[type(value)]: value}}
        for key, value in values.items()
    ]


def span(name: str, start: int, end: int, parent: str = "", trace: str = "1", **more: Any) -> dict[str, Any]:
    """Return the span of a step that has the name of its ID; a name with a dot is no step's."""
    told = {} if "." in name else {"penstock_step": more.pop("step", name), "penstock_flow": "f"}
    links = [{"traceId": more.pop("linked").rjust(32, "0"), "spanId": _id(more.pop("link"))}] if "link" in more else []
    return {
        "traceId": trace.rjust(32, "0"),
        "spanId": _id(name + more.pop("number", "")),
        "parentSpanId": _id(parent) if parent else "",
        "startTimeUnixNano": str(DAY + start),
        "endTimeUnixNano": str(DAY + end),
        "attributes": attributes(**told, **more),
        "links": links,
    }


def _id(name: str) -> str:
    return name.encode().hex().rjust(16, "0")[-16:]


def request(*spans: dict[str, Any], **resource: str) -> str:
    """Return a line."""
    scope = {"scope": {"name": "penstock"}, "spans": list(spans)}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": attributes(**resource)}, "scopeSpans": [scope]}]})


def told(file: Path, *lines: str) -> Evidence:
    """Return what lines tell."""
    file.write_text("\n".join(lines))
    return read([file], OTLP, Damage())


def shown(evidence: Evidence) -> set[str]:
    """Return the facts, as ``parent>step after done``."""
    return {
        f"{fact.parent.step}>{fact.step.step} after {','.join(sorted(each.step for each in fact.done))}"
        for fact in evidence.facts
    }


def exported(spans: Iterable[Any]) -> str:
    """Return spans of the SDK as lines of OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding)."""
    return "\n".join(
        request(
            {
                "traceId": f"{each.context.trace_id:032x}",
                "spanId": f"{each.context.span_id:016x}",
                "parentSpanId": f"{each.parent.span_id:016x}" if each.parent else "",
                "name": each.name,
                "startTimeUnixNano": str(each.start_time),
                "endTimeUnixNano": str(each.end_time),
                "status": {"code": each.status.status_code.value},
                "attributes": attributes(
                    **{k.replace(".", "_", 1): [*v] if isinstance(v, tuple) else v for k, v in each.attributes.items()}
                ),
            }
        )
        for each in spans
    )


GO = span("go", 0, 100, penstock_entrypoint=True)
