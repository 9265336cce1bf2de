"""Watches by :func:`sys.setprofile`, on Python 3.11, which calls back for each function, whoever it belongs to."""

from __future__ import annotations

import sys
import threading
from opcode import opmap
from typing import TYPE_CHECKING, Any

from penstock.discover.watch.faults import swallow
from penstock.discover.watch.frames import identify
from penstock.discover.watch.functions import LAZY

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from penstock.discover.watch.watcher import Watcher

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
        self._function: Callable[[FrameType, str, Any], object] | None = None
        self._threads = threading.local()
        self._pauses: set[int] = set()
        """The frames into which an exception is just being thrown where they paused."""

    def start(self) -> str:
        """Begin, in this thread and those that start from now on; return why it cannot, or an empty string."""
        if sys.getprofile() is not None:
            return "another profiler is at work"
        switches = self._watcher.switches
        switches.watch = switches.watch_start = lambda code: self._codes.add(identify(code))
        switches.leave = lambda code: self._codes.discard(identify(code))
        self._function = self._profile
        threading.setprofile(self._function)
        sys.setprofile(self._function)
        self._threads.is_watched = True
        return ""

    def renew(self) -> None:
        """Begin again in this thread: Python ends it when an exception passes, such as that of a time limit."""
        if sys.getprofile() is None and getattr(self._threads, "is_watched", False):
            self._threads.is_watched = False  # setting it is an audit event, at which this is called
            sys.setprofile(self._function)
            self._threads.is_watched = True

    def find_disturbance(self) -> str:
        """Return what has ended the watching of this thread, or an empty string."""
        return (
            ""
            if sys.getprofile() == self._function
            else "another profiler, or an exception in a signal handler, has ended it"
        )

    def _profile(self, frame: FrameType, event: str, value: object) -> None:
        if identify(frame.f_code) in self._codes and event in {"call", "return"}:
            try:
                if event == "call":
                    self._call(frame)
                else:
                    self._return(frame, value)
            except Exception as error:
                swallow(error)

    def _call(self, frame: FrameType) -> None:
        self._threads.is_watched = True
        code, watcher = frame.f_code, self._watcher
        if not watcher.is_paused(frame):
            watcher.start(code, frame=frame)
            return
        if _find_operation(frame) == _YIELD:  # not behind it, where it goes on after an item was sent
            self._pauses.add(identify(frame))
        watcher.resume(code, frame=frame)

    def _return(self, frame: FrameType, value: object) -> None:
        code, watcher = frame.f_code, self._watcher
        operation, is_thrown = _find_operation(frame), identify(frame) in self._pauses
        self._pauses.discard(identify(frame))
        if operation == _YIELD and not (is_thrown and value is None):
            watcher.suspend(code, 0, value, frame=frame)
        else:
            is_closing = is_thrown and code.co_flags & LAZY  # or an error was thrown, which is rare
            end = watcher.end if operation == _RETURN or is_closing else watcher.fail
            end(code, frame=frame)


def _find_operation(frame: FrameType) -> int:
    """Return the number of the operation at which a frame is: Python does not report how a function ends."""
    return frame.f_code.co_code[frame.f_lasti]
