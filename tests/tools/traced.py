"""A run of two services, as its spans and log lines tell it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from otlp import DAY, attributes
from penstock.config.log_fields import FieldNames
from penstock.model import Edge, Flow, Step
from penstock.trace.trace_run import trace_run

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.trace.model import RunTrace

RUN = "4bf92f3577b34da6a3ce929d0e0e4736"
MS = 10**6

ORDERS = Flow(
    name="orders",
    title="Orders",
    steps=(
        Step(name="receive", module="shop.orders", entrypoint=True, trigger="POST /orders"),
        Step(name="check", module="shop.orders"),
        Step(name="pay", module="shop.bank"),
        Step(name="reject", module="shop.orders"),
        Step(name="confirm", module="shop.orders", effects=("kafka:parcels",)),
    ),
    edges=(
        Edge(source="receive", target="check"),
        Edge(source="check", target="pay", label="if valid"),
        Edge(source="check", target="reject", label="else"),
        Edge(source="pay", target="confirm"),
    ),
)
PARCELS = Flow(
    name="parcels",
    steps=(
        Step(name="collect", module="carrier.tour", entrypoint=True, trigger="topic:parcels"),
        Step(name="plan", module="carrier.tour"),
    ),
    edges=(Edge(source="collect", target="plan"),),
)
FLOWS = (ORDERS, PARCELS)


def step_span(
    step: str, start: float, end: float, parent: str = "", *, flow: str = "orders", service: str = "shop", **more: Any
) -> str:
    """Return a line with the span of a step, between two times in milliseconds."""
    trace, error = more.pop("trace", RUN), more.pop("error", None)
    span = {
        "traceId": trace,
        "spanId": span_id(step),
        "parentSpanId": span_id(parent) if parent else "",
        "startTimeUnixNano": str(DAY + round(start * MS)),
        "endTimeUnixNano": str(DAY + round(end * MS)),
        "attributes": attributes(penstock_step=step, penstock_flow=flow, **more),
        "status": {"code": 2, "message": error} if error else {},
    }
    resource = {"attributes": attributes(service_name=service)}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})


def span_id(step: str) -> str:
    """Return the ID of a step's span."""
    return step.encode().hex().rjust(16, "0")[-16:]


def log_line(message: str, time: float, **fields: object) -> str:
    """Return a JSON line of structlog, at a time in milliseconds."""
    moment = (DAY + round(time * MS)) / 10**9
    return json.dumps({"event": message, "timestamp": moment, "level": "info", "flow_id": RUN, **fields})


SPANS = [
    step_span("receive", 0, 100, penstock_entrypoint=True),
    step_span("check", 1, 10, "receive"),
    step_span("pay", 20, 60, "receive"),
    step_span("confirm", 70, 90, "receive"),
    step_span("collect", 120, 180, flow="parcels", service="carrier", penstock_entrypoint=True),
    step_span("plan", 130, 170, "collect", flow="parcels", service="carrier"),
]
"""An order that goes through, in two services."""


def trace_lines(
    folder: Path, *lines: str, run_id: str = RUN, flows: tuple[Flow, ...] = FLOWS, **names: Any
) -> RunTrace:
    """Return the run in a file of these lines."""
    file = folder / "run.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return trace_run(run_id, [file], flows, names=FieldNames(**names))


def list_messages(trace: RunTrace, step: str) -> list[str]:
    """Return the messages below a step."""
    return [line.message for run in trace.steps if run.step == step for line in run.lines]
