"""Correlation IDs in the log entries of structlog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._runtime.context import current_event, current_run
from penstock._runtime.events import track_steps
from penstock._runtime.scope import add_observer
from penstock._runtime.tracebacks import run_to_log

if TYPE_CHECKING:
    from collections.abc import MutableMapping


class FlowProcessor:
    """A processor that adds ``flow_id`` to entries of a run, and never overwrites existing keys.

    An entry with an exception that is logged after the run has the ID of the run that the exception left.

    Args:
        flow: Whether to add the name of the flow, as ``flow``.
        step: Whether to add the name of the step, as ``step``. Steps are then reported to observers to know
            the name, which costs time on every call.
    """

    def __init__(self, *, flow: bool = False, step: bool = False) -> None:
        self._flow, self._step = flow, step
        if step:
            add_observer(track_steps)

    def __call__(self, _: object, __: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Add the ID of the current run, and optionally its flow and step."""
        run, event = run_to_log(event_dict.get("exc_info") or _exc_info_of_record(event_dict)), current_event.get()
        if run is not None:
            event_dict.setdefault("flow_id", run.id)
        if self._flow and run is not None and run.flow is not None:
            event_dict.setdefault("flow", run.flow)
        if self._step and event is not None and run is current_run.get():
            event_dict.setdefault("step", event.step)
        return event_dict


def _exc_info_of_record(event_dict: MutableMapping[str, Any]) -> object:
    """Return the exception of a standard library record, if ``ProcessorFormatter`` passes it on."""
    return getattr(event_dict.get("_record"), "exc_info", None)


flow_processor = FlowProcessor()
"""The processor that adds only ``flow_id``."""
