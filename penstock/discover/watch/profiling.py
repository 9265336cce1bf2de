"""Watches by :func:`sys.setprofile`, on Python 3.11, which calls back for each function, whoever it belongs to."""

from __future__ import annotations

import sys
import threading
from opcode import opmap
from typing import TYPE_CHECKING

from penstock.discover.watch.faults import swallow

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from penstock.discover.watch.watcher import Watcher

_LAZY = 0x20 | 0x200  # generators, synchronous or not
_RETURN, _YIELD = opmap["RETURN_VALUE"], opmap["YIELD_VALUE"]


class Profiler:
    """Reports to a watcher what runs.

    Args:
        watcher: The watcher.
    """

    slowness = "Python 3.11 has no sys.monitoring, so the command ran slower than it would on Python 3.12 or newer"

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._codes: set[int] = set()
        self._pauses: set[int] = set()
        """The frames into which an exception is just being thrown where they paused."""

    def start(self) -> str:
        """Begin, in this thread and those that start from now on; return why it cannot, or an empty string."""
        if sys.getprofile() is not None:
            return "another profiler is at work"
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return ""

    def watch(self, code: CodeType) -> None:
        """Watch a function of the user's from its beginning to its end."""
        self._codes.add(id(code))

    watch_start = watch
    """Watch where a function of a library begins."""

    def find_disturbance(self) -> str:
        """Return what has ended the watching of this thread, or an empty string."""
        return "" if sys.getprofile() == self._profile else "another profiler took the place of penstock's"

    def _profile(self, frame: FrameType, event: str, value: object) -> None:
        if id(frame.f_code) in self._codes and event in {"call", "return"}:
            try:
                if event == "call":
                    self._call(frame)
                else:
                    self._return(frame, value)
            except Exception as error:
                swallow(error)

    def _call(self, frame: FrameType) -> None:
        code, watcher = frame.f_code, self._watcher
        if not watcher.is_paused(frame):
            watcher.start(code, frame)
            return
        if _find_operation(frame) == _YIELD:  # not behind it, where it goes on after an item was sent
            self._pauses.add(id(frame))
        watcher.resume(code, frame)

    def _return(self, frame: FrameType, value: object) -> None:
        operation, is_thrown = _find_operation(frame), id(frame) in self._pauses
        self._pauses.discard(id(frame))
        if operation == _YIELD and not (is_thrown and value is None):
            self._watcher.suspend(frame.f_code, value, frame)
        else:
            is_closing = is_thrown and bool(frame.f_code.co_flags & _LAZY)  # or an error was thrown, which is rare
            self._watcher.end(frame.f_code, frame, failed=operation != _RETURN and not is_closing)


def _find_operation(frame: FrameType) -> int:
    """Return the number of the operation at which a frame is: Python does not report how a function ends."""
    return frame.f_code.co_code[frame.f_lasti]
