"""Correlation IDs in the log lines of the standard library's ``logging``."""

from __future__ import annotations

import logging
from typing import Any

from penstock._context import current_event, current_run
from penstock._scope import add_observer
from penstock._tracebacks import find_run, run_to_log
from penstock.observers import track_steps


class FlowFilter(logging.Filter):
    """Puts the run's correlation ID into every record, as ``record.flow_id``.

    A record with an exception that is logged after the run, as servers do, has the ID of the run that the exception left.

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
        run = run_to_log(record.exc_info)
        known = {"flow_id": run.id if run else None}
        if self.flow:
            known["flow"] = run.flow if run else None
        if self.step:
            event = current_event.get() if run is current_run.get() else None
            known["step"] = event.step if event else None
        for name, value in known.items():
            if not hasattr(record, name):
                setattr(record, name, value or self.default)
        return True


def flow_id_of_error(error: BaseException | None) -> str | None:
    """Return the correlation ID of the run that an exception has left, for those who log it after the run.

    :class:`FlowFilter` and the processor for structlog do this by themselves.

    Args:
        error: The exception; its traceback is read.

    Returns:
        The ID of the last run that the exception came through, else that of an exception in its group, or of its cause;
        ``None`` if there is none.

    Example:
        >>> from penstock import flow_context
        >>> try:
        ...     with flow_context("order-17"):
        ...         raise ValueError
        ... except ValueError as error:
        ...     flow_id_of_error(error)
        'order-17'
    """
    run = find_run(error)
    return run.id if run else None


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
