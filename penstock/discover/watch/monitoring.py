"""Watches by :mod:`sys.monitoring`, from Python 3.12 on: only the user's own functions, and rows of the table, cost anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from penstock.discover.watch.faults import swallow

if TYPE_CHECKING:
    from types import CodeType

    from penstock.discover.watch.watcher import Watcher

_TOOLS = (4, 3, 2, 1, 0, 5)
"""Numbers of tools: those without a meaning first."""


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
        self._events = 0

    def start(self) -> str:
        """Begin, in all threads; return why it cannot, or an empty string."""
        monitoring, events = self._monitoring, self._monitoring.events
        free = [tool for tool in _TOOLS if monitoring.get_tool(tool) is None]
        if not free:
            return "other tools use all numbers of sys.monitoring"
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, "penstock discover")
        self._events = events.PY_START | events.PY_RETURN | events.PY_YIELD | events.PY_RESUME
        callbacks: dict[int, Any] = {
            events.PY_START: self._start,
            events.PY_RETURN: self._return,
            events.PY_UNWIND: self._unwind,
            events.PY_YIELD: self._yield,
            events.PY_RESUME: self._resume,
            events.PY_THROW: self._resume,
        }
        for event, callback in callbacks.items():
            monitoring.register_callback(self._tool, event, callback)
        monitoring.set_events(self._tool, events.PY_UNWIND | events.PY_THROW)
        return ""

    def watch(self, code: CodeType) -> None:
        """Watch a function of the user's from its beginning to its end."""
        self._monitoring.set_local_events(self._tool, code, self._events)

    def watch_start(self, code: CodeType) -> None:
        """Watch where a function of a library begins."""
        self._monitoring.set_local_events(self._tool, code, self._monitoring.events.PY_START)

    def find_disturbance(self) -> str:
        """Return what has ended the watching, or an empty string."""
        is_ours = self._monitoring.get_tool(self._tool) == "penstock discover"
        return "" if is_ours else "another tool took the place of penstock's in sys.monitoring"

    def _start(self, code: CodeType, _offset: int) -> None:
        try:
            self._watcher.start(code)
        except Exception as error:
            swallow(error)

    def _return(self, code: CodeType, _offset: int, _value: object) -> None:
        try:
            self._watcher.end(code, failed=False)
        except Exception as error:
            swallow(error)

    def _unwind(self, code: CodeType, _offset: int, reason: object) -> None:
        try:
            self._watcher.end(code, failed=not isinstance(reason, GeneratorExit))
        except Exception as error:
            swallow(error)

    def _yield(self, code: CodeType, _offset: int, value: object) -> None:
        try:
            self._watcher.suspend(code, value)
        except Exception as error:
            swallow(error)

    def _resume(self, code: CodeType, _offset: int, _error: object = None) -> None:
        try:
            self._watcher.resume(code)
        except Exception as error:
            swallow(error)
