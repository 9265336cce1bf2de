"""Correlation IDs in the log lines of the standard library's ``logging``."""

from __future__ import annotations

import logging
from typing import Any

from penstock._context import current_event, current_flow_id, current_run
from penstock._scope import add_observer
from penstock.observers import track_steps


class FlowFilter(logging.Filter):
    """Puts the run's correlation ID into every record, as ``record.flow_id``.

    Add it to handlers, not to loggers: a logger's filter does not see what its children log. Where records go through
    a queue or a buffer, add it to the ``QueueHandler`` or ``MemoryHandler`` that they enter, which still is in the run.

    Args:
        default: What stands there outside every run.
        flow: Whether to put in the name of the flow, too, as ``record.flow``.
        step: Whether to put in the name of the step, too, as ``record.step``. Steps are told to observers from then
            on, so that the name is known, which costs something on every call.

    Example:
        >>> handler = logging.StreamHandler()
        >>> handler.addFilter(FlowFilter())
        >>> handler.setFormatter(logging.Formatter("%(flow_id)s %(message)s"))
    """

    def __init__(self, default: str = "-", *, flow: bool = False, step: bool = False) -> None:
        super().__init__()
        self.default = default
        self.flow, self.step = flow, step
        if step:
            add_observer(track_steps)

    def filter(self, record: logging.LogRecord) -> bool:
        """Set what was asked for, unless the application has set it; let every record pass."""
        known = {"flow_id": current_flow_id()}
        if self.flow:
            run = current_run.get()
            known["flow"] = run.flow if run else None
        if self.step:
            event = current_event.get()
            known["step"] = event.step if event else None
        for name, value in known.items():
            if not hasattr(record, name):
                setattr(record, name, value or self.default)
        return True


def flow_extra(**more: Any) -> dict[str, Any]:
    """Return what is known of the run, for ``extra=`` of a log call and formatters that write JSON.

    Args:
        **more: What else shall be in the record.

    Returns:
        ``flow_id``, ``flow`` and ``step`` as far as they are known, and what was given.

    Example:
        >>> from penstock import flow_context
        >>> with flow_context("import-17", flow="nightly_import"):
        ...     flow_extra(rows=3)
        {'flow_id': 'import-17', 'flow': 'nightly_import', 'rows': 3}
    """
    run, event = current_run.get(), current_event.get()
    known = {"flow_id": run and run.id, "flow": run and run.flow, "step": event and event.step}
    return {**{name: value for name, value in known.items() if value}, **more}
