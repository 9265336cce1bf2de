"""Traces made at random, and the same spans as OTLP and as rows of stores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.check.evidence.name_texts import join_names
from penstock.check.traces.replay import Span, StepAttributes, replay

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

SECOND = 10**9
DAY = 1_795_132_800 * SECOND
STEPS = ("go", "go", "a", "a", "b", "c", "a,b", "<b>'\"|\n\x1b%2C")


class StoredSpan(NamedTuple):
    """A span in no format."""

    trace: str
    span: str
    parent: str
    link: tuple[str, str] | None
    start: int
    end: int
    is_error: bool
    attributes: dict[str, Any]
    version: str = "1.4"


def make_spans(random: Random, groups: int, max_spans: int = 14) -> list[StoredSpan]:
    """Return spans of groups of up to three traces that links may join.

    No two moments of a group are the same, since a store does not keep the order of a file.

    Args:
        random: The source of chance.
        groups: How many groups; their moments and IDs are apart.
        max_spans: The largest number of spans in a group.
    """
    return [span for group in range(groups) for span in _make_group(random, group, random.randint(1, max_spans))]


def _make_group(random: Random, group: int, number: int) -> list[StoredSpan]:
    moments = [*range(2 * number)]
    random.shuffle(moments)
    spans: list[StoredSpan] = []
    for index in range(number):
        trace = f"{group * 4 + random.randint(1, 3):032x}"
        above = random.choice([None, "gone", *spans[-4:]])
        linked = isinstance(above, StoredSpan) and (above.trace != trace or random.random() < 0.2)
        start, end = sorted(DAY + group * 10**6 + 1000 * moment for moment in moments[2 * index : 2 * index + 2])
        spans.append(
            StoredSpan(
                trace,
                f"{group * 1000 + index + 1:016x}",
                "" if above is None or linked else "f" * 16 if above == "gone" else above.span,
                (above.trace, above.span) if linked else None,
                start,
                end,
                random.random() < 0.3,
                _make_attributes(random),
            )
        )
    return spans


def _make_attributes(random: Random) -> dict[str, Any]:
    """Return the attributes of a step, or of another span."""
    if random.random() < 0.25:
        return {"http.request.method": "GET"}
    step, flow = random.choice(STEPS), random.choice("fg")
    told: dict[str, Any] = {"penstock.step": step, "penstock.flow": flow}
    if random.random() < 0.2:
        told["penstock.flows"] = ["f", "g"] if flow == "f" else ["g", "f"]
    if step == "go" or random.random() < 0.1:
        told["penstock.entrypoint"] = True
        if random.random() < 0.2:
            told["penstock.begins"] = True
    elif step == "c":
        told["penstock.lazy"] = True
    return told


def otlp_lines(spans: Iterable[StoredSpan]) -> str:
    """Return spans as the Collector's file exporter writes them."""
    return "\n".join(
        json.dumps(
            {
                "resourceSpans": [
                    {
                        "resource": {"attributes": [_attribute("service.version", span.version)]},
                        "scopeSpans": [{"spans": [_otlp(span)]}],
                    }
                ]
            }
        )
        for span in spans
    )


def _otlp(span: StoredSpan) -> dict[str, Any]:
    return {
        "traceId": span.trace,
        "spanId": span.span,
        "parentSpanId": span.parent,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "status": {"code": 2} if span.is_error else {},
        "attributes": [_attribute(*item) for item in span.attributes.items()],
        "links": [{"traceId": span.link[0], "spanId": span.link[1]}] if span.link else [],
    }


def _attribute(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"key": key, "value": {"arrayValue": {"values": [{"stringValue": item} for item in value]}}}
    return {"key": key, "value": {"boolValue" if isinstance(value, bool) else "stringValue": value}}


def collector_row(span: StoredSpan) -> dict[str, Any]:
    """Return a span as the Collector's exporter for ClickHouse has it."""
    return {
        "Timestamp": moment(span.start),
        "TraceId": span.trace,
        "SpanId": span.span,
        "ParentSpanId": span.parent,
        "ResourceAttributes": {"service.version": span.version},
        "SpanAttributes": {key: as_text(value) for key, value in span.attributes.items()},
        "Duration": span.end - span.start,
        "StatusCode": "Error" if span.is_error else "Unset",
        "Links.TraceId": [span.link[0]] if span.link else [],
        "Links.SpanId": [span.link[1]] if span.link else [],
    }


def signoz_row(span: StoredSpan) -> dict[str, Any]:
    """Return a span as SigNoz has it."""
    flags = {key: value for key, value in span.attributes.items() if isinstance(value, bool)}
    references = [{"traceId": span.trace, "spanId": span.parent, "refType": "CHILD_OF"}] if span.parent else []
    if span.link:
        references.append({"traceId": span.link[0], "spanId": span.link[1], "refType": "FOLLOWS_FROM"})
    return {
        "ts_bucket_start": span.start // SECOND // 1800 * 1800,
        "timestamp": moment(span.start),
        "trace_id": span.trace,
        "span_id": span.span,
        "parent_span_id": span.parent,
        "links": json.dumps(references),
        "duration_nano": span.end - span.start,
        "has_error": span.is_error,
        "attributes_string": {key: as_text(value) for key, value in span.attributes.items() if key not in flags},
        "attributes_bool": flags,
        "resources_string": {"service.version": span.version},
    }


def jaeger_row(span: StoredSpan) -> dict[str, Any]:
    """Return a span as Jaeger 2 has it."""
    texts = {key: value for key, value in span.attributes.items() if isinstance(value, str)}
    flags = {key: value for key, value in span.attributes.items() if isinstance(value, bool)}
    lists = {f"@slice@{key}": json.dumps(value) for key, value in span.attributes.items() if isinstance(value, list)}
    return {
        "id": span.span,
        "trace_id": span.trace,
        "parent_span_id": span.parent,
        "start_time": moment(span.start),
        "status_code": "Error" if span.is_error else "Unset",
        "duration": span.end - span.start,
        "links.trace_id": [span.link[0]] if span.link else [],
        "links.span_id": [span.link[1]] if span.link else [],
        "resource_str_attributes.key": ["service.version"],
        "resource_str_attributes.value": [span.version],
        **{
            f"{kind}_attributes.{side}": [*values]
            for kind, table in (("str", texts), ("bool", flags), ("complex", lists))
            for side, values in (("key", table.keys()), ("value", table.values()))
        },
    }


def as_text(value: Any) -> str:
    """Return the text that the Collector makes of an attribute's value."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def moment(nanoseconds: int) -> str:
    """Return a time as ClickHouse reads it."""
    return f"{nanoseconds // SECOND}.{nanoseconds % SECOND:09}"


def with_facts(spans: list[StoredSpan]) -> list[StoredSpan]:
    """Return spans with the attributes that the observer writes, made by the reader of traces."""
    facts: dict[tuple[int, int], list[tuple[str, ...]]] = {}
    for step in replay(map(_as_span, spans)):
        _, _, parent, *sides, _ = step.frame.key(step.label.lazy)
        company, is_again = step.company, step.frame.parent is None and step.frame.within is not None
        run = "again" if is_again else "" if company.is_run else "other" if company.foreign else "none"
        facts.setdefault((step.start, step.end), []).append(
            (step.frame.flow, parent, *map(join_names, sides), run)  # type: ignore[arg-type]
        )
    return [span._replace(attributes=span.attributes | _describe(facts.get((span.start, span.end)))) for span in spans]


def _as_span(span: StoredSpan) -> Span:
    told = span.attributes
    label = None
    if "penstock.step" in told:
        flows = tuple(dict.fromkeys((told["penstock.flow"], *told.get("penstock.flows", ()))))
        flags = (f"penstock.{name}" in told for name in ("entrypoint", "lazy", "begins"))
        label = StepAttributes(told["penstock.step"], flows, *flags)
    above = (span.trace, span.parent) if span.parent else span.link
    parent = "/".join(above).encode() if above else None
    return Span(f"{span.trace}/{span.span}".encode(), parent, label, span.start, span.end)


def _describe(facts: list[tuple[str, ...]] | None) -> dict[str, Any]:
    if not facts:
        return {}
    (_, *first), *others = facts
    names = ("inside", "done", "around", "before", "run")
    told = {f"penstock.{name}": text for name, text in zip(names, first, strict=True) if text or name == "inside"}
    return told | ({"penstock.facts": json.dumps(others)} if others else {})
