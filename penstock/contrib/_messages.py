"""The ID of the sending run and the name of its flow, for integrations whose headers are a dictionary; Kafka does without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._declare.marks import marks_on
from penstock._runtime.context import current_run
from penstock._runtime.propagation import inject, read, run_from

if TYPE_CHECKING:
    from penstock._runtime.runs import Run

FLOW_HEADER = "X-Penstock-Flow"
LONGEST_FLOW = 200
"""Maximum characters; a longer name is neither sent nor read."""


def inject_run(headers: dict[str, Any]) -> dict[str, Any]:
    """Write the current run's ID and the name of its flow into headers, so that log lines of both sides agree."""
    inject(headers)
    run = current_run.get()
    if run is not None and _is_name(run.flow):
        headers[FLOW_HEADER] = run.flow
    return headers


def extract_run(headers: Any) -> Run:
    """Return the run in the headers, or a new one."""
    flow = (headers or {}).get(FLOW_HEADER)
    return run_from(read(headers), flow if _is_name(flow) else None)


def flow_of(function: Any) -> str | None:
    """Return the flow of a function that is a step, or ``None``."""
    marks = [mark for group in marks_on(function) for mark in group]
    return next((mark.flows[0] for mark in reversed(marks) if mark.flows), None)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_FLOW and value.isprintable()
