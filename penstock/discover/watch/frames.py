"""Finds frames, and knows objects by their identity, without audit events.

Python raises one for ``id``, ``sys._getframe``, ``f_code`` and ``gi_frame``; a hook for it costs more than all the rest.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

identify = object.__hash__
"""Returns a number that no other object has at the same time."""

_local = threading.local()


def _make_finder() -> Generator[FrameType | None, Any, None]:
    """Yield the frame that asks, each time."""
    finder: Any = yield None
    own = finder.gi_frame
    del finder
    while True:
        yield own.f_back


def find_frame() -> FrameType | None:
    """Return the frame that called the function which calls this one."""
    frame: FrameType | None
    try:
        frame = next(_local.finder)
    except (AttributeError, StopIteration, ValueError):  # the thread's first time; or it was interrupted right here
        return _start_finder()
    frame = frame.f_back if frame is not None else None
    return frame.f_back if frame is not None else None


def _start_finder() -> FrameType | None:
    finder = _make_finder()
    next(finder)
    finder.send(finder)
    _local.finder = finder
    return sys._getframe(3)
