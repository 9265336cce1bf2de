"""What the messages of queues carry: the ID of the run that sends them, and the name of its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._context import current_run
from penstock._marks import marks_on
from penstock.propagation import inject, read, run_from

if TYPE_CHECKING:
    from penstock._runs import Run

FLOW_HEADER = "X-Penstock-Flow"
LONGEST_FLOW = 200
"""Characters; a longer name is not sent, and not read."""


def inject_run(headers: dict[str, Any]) -> dict[str, Any]:
    """Write the current run's ID into headers, and the name of its flow: its log lines are those of one run."""
    inject(headers)
    run = current_run.get()
    if run is not None and _is_name(run.flow):
        headers[FLOW_HEADER] = run.flow
    return headers


def extract_run(headers: Any) -> Run:
    """Return the run that headers tell of, or a new one."""
    flow = (headers or {}).get(FLOW_HEADER)
    return run_from(read(headers), flow if _is_name(flow) else None)


def flow_of(function: Any) -> str | None:
    """Return the flow of the step that a function is, if it is one."""
    marks = [mark for group in marks_on(function) for mark in group]
    return next((mark.flows[0] for mark in reversed(marks) if mark.flows), None)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_FLOW and value.isprintable()
