"""Correlation IDs in the log lines of the standard library's ``logging``."""

from __future__ import annotations

import logging

from penstock._context import current_flow_id


class FlowFilter(logging.Filter):
    """Puts the run's correlation ID into every record, as ``record.flow_id``.

    Add it to handlers, not to loggers: a logger's filter does not see what its children log.

    Args:
        default: What stands there outside every run.

    Example:
        >>> handler = logging.StreamHandler()
        >>> handler.addFilter(FlowFilter())
        >>> handler.setFormatter(logging.Formatter("%(flow_id)s %(message)s"))
    """

    def __init__(self, default: str = "-") -> None:
        super().__init__()
        self.default = default

    def filter(self, record: logging.LogRecord) -> bool:
        """Set ``record.flow_id``, unless the application has set it; let every record pass."""
        if not hasattr(record, "flow_id"):
            record.flow_id = current_flow_id() or self.default
        return True
