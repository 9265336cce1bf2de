"""Counts work instead of time: how many lines of Python run, which does not depend on the machine."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def count_lines(action: Callable[[], object]) -> int:
    """Return how many lines of Python an action runs, in threads that it starts, too; each round of a loop counts."""
    count = 0

    def trace(_frame: Any, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)
    return count
