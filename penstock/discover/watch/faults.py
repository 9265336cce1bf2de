"""Tells faults of penstock from exceptions that pass through it, such as those of signal handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.discover.watch.own_code import PENSTOCK

if TYPE_CHECKING:
    from types import TracebackType

faults: dict[str, None] = {}
"""Faults of penstock that were swallowed, each once."""

_MAX_FAULTS = 4


def swallow(error: Exception) -> None:
    """Keep a fault of penstock for the report; raise what the application must get.

    A signal handler runs wherever Python is, here, too, and may raise to end a computation.
    """
    if not _is_own(error.__traceback__):
        raise error
    if len(faults) < _MAX_FAULTS and not isinstance(error, RecursionError):  # the application will meet it, too
        faults[f"{type(error).__name__}: {error}"] = None


def _is_own(traceback: TracebackType | None) -> bool:
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(PENSTOCK):
            return False
        traceback = traceback.tb_next
    return True
