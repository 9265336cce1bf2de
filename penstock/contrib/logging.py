"""Correlation IDs in the log lines of the standard library's ``logging``."""

from __future__ import annotations

import logging
from typing import Any

from penstock._runtime.context import current_event, current_run
from penstock._runtime.events import track_steps
from penstock._runtime.scope import add_observer
from penstock._runtime.tracebacks import find_run, run_to_log


class FlowFilter(logging.Filter):
    """Puts the run's correlation ID into every record, as ``record.flow_id``.

    A record with an exception that is logged after the run, as servers do, has the ID of the run that the exception left.

    Add it to handlers, not to loggers: a logger's filter does not see records of its children. If records go through
    a queue or a buffer, add it to the ``QueueHandler`` or ``MemoryHandler`` that they enter, which is still in the run.

    Args:
        default: The value outside every run.
        flow: Whether to add the name of the flow, too, as ``record.flow``.
        step: Whether to add the name of the step, too, as ``record.step``. Steps are then reported to observers
            to know the name, which costs time on every call.

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
        """Set the attributes, unless the application has set them; let every record pass."""
        run = run_to_log(record.exc_info)
        fields = {"flow_id": run.id if run else None}
        if self.flow:
            fields["flow"] = run.flow if run else None
        if self.step:
            event = current_event.get() if run is current_run.get() else None
            fields["step"] = event.step if event else None
        for name, value in fields.items():
            if not hasattr(record, name):
                setattr(record, name, value or self.default)
        return True


def flow_id_of_error(error: BaseException | None) -> str | None:
    """Return the correlation ID of the run that an exception has left, for logging after the run.

    :class:`FlowFilter` and the processor for structlog do this automatically.

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
    """Return the run's ID, flow and step, for ``extra=`` of a log call and formatters that write JSON.

    Args:
        **more: Further fields of the record.

    Returns:
        ``flow_id``, ``flow`` and ``step`` as far as they are known, and the given fields.

    Example:
        >>> from penstock import flow_context
        >>> with flow_context("import-17", flow="nightly_import"):
        ...     flow_extra(rows=3)
        {'flow_id': 'import-17', 'flow': 'nightly_import', 'rows': 3}
    """
    run, event = current_run.get(), current_event.get()
    fields = {"flow_id": run and run.id, "flow": run and run.flow, "step": event and event.step}
    return {**{name: value for name, value in fields.items() if value}, **more}
