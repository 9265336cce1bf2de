"""Watches by :mod:`sys.monitoring`, from Python 3.12 on: only the user's own functions, and rows of the table, cost anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType

    from penstock.discover.watch.watcher import Watcher

_TOOLS = (4, 3, 2, 1, 0, 5)
"""Numbers of tools: those without a meaning first."""

_NAME = "penstock discover"


class Monitor:
    """Reports to a watcher what runs.

    Args:
        watcher: The watcher.
    """

    slowness = ""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._monitoring: Any = vars(sys)["monitoring"]
        self._tool = 0

    def start(self) -> str:
        """Begin, in all threads; return why it cannot, or an empty string."""
        monitoring, events, watcher = self._monitoring, self._monitoring.events, self._watcher
        free = [tool for tool in _TOOLS if monitoring.get_tool(tool) is None]
        if not free:
            return "other tools use all numbers of sys.monitoring"
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, _NAME)
        callbacks: dict[int, Any] = {
            events.PY_START: watcher.start,
            events.PY_RETURN: watcher.end,
            events.PY_UNWIND: watcher.fail,
            events.PY_YIELD: watcher.suspend,
            events.PY_RESUME: watcher.resume,
            events.PY_THROW: watcher.resume,
        }
        for event, callback in callbacks.items():
            monitoring.register_callback(self._tool, event, callback)
        whole = events.PY_START | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        watcher.switches.watch = self._make_setter(whole)
        watcher.switches.watch_start = self._make_setter(events.PY_START)
        watcher.switches.leave = self._make_setter(0)
        monitoring.set_events(self._tool, events.PY_UNWIND | events.PY_THROW)
        return ""

    def _make_setter(self, events: int) -> Any:
        """Return a function that sets the events of some code; only what has events costs anything."""
        set_events, tool = self._monitoring.set_local_events, self._tool

        def set_local_events(code: CodeType) -> None:
            """Set the events of some code."""
            set_events(tool, code, events)

        return set_local_events

    def renew(self) -> None:
        """Do nothing: no exception ends this."""

    def find_disturbance(self) -> str:
        """Return what has ended the watching, or an empty string."""
        is_ours = self._monitoring.get_tool(self._tool) == _NAME
        return "" if is_ours else "another tool took the place of penstock's in sys.monitoring"
