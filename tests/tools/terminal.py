"""Processes that are started as from a terminal, whatever the tests themselves were started with."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def terminal_signals() -> Iterator[None]:
    """Let SIGINT and SIGHUP end the processes that are started inside the block.

    A process inherits what its parent ignores, and ``nohup`` and the background jobs of a shell ignore some.
    """
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
