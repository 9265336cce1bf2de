"""Finds the run that an exception came from, for those who log it after the run.

The functions that bind a run keep it in a local variable of one name, and a traceback keeps their frames. A block that is
a run has no such frame, so it adds one. Nothing is written on the exception itself: it is pickled, compared and collected
as ever, and one object that is raised in two runs is known by the last of them, whose frames stand first in its traceback.
"""

from __future__ import annotations

import sys
from types import TracebackType

from penstock._context import current_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from penstock._runs import Run

NAMES = ("penstock_run", ".penstock_run")
"""The local variable of those who bind a run; wrappers have it under the name that no parameter can have."""

MAX_EXCEPTIONS = 100
"""Exceptions of a chain that are looked at."""


def find_run(error: BaseException | None) -> Run | None:
    """Return the run that an exception has left, or one that it is shown together with.

    The outermost run of its own traceback comes first. Then come the exceptions of a group, if all are of one run, and the
    cause or context that is printed with it.
    """
    seen: set[int] = set()
    return None if error is None else _find(error, seen)


def add_frame(error: BaseException, run: Run) -> None:
    """Let an exception be known by a run that it leaves.

    The frame knows its caller's, in which the exception must be deleted: the two would keep each other alive.
    """
    frame = leave_run(run)
    error.__traceback__ = TracebackType(error.__traceback__, frame, frame.f_lasti, frame.f_lineno)
    del error


def leave_run(penstock_run: Run) -> FrameType:  # noqa: ARG001 - for those who read the traceback
    """Return the frame of this call."""
    return sys._getframe()


def run_to_log(exc_info: object) -> Run | None:
    """Return the run that a log line belongs to.

    That is the current one. Where there is none, or only one that is over, it is the one that the exception has left.

    Args:
        exc_info: What loggers take: an exception, the tuple of ``sys.exc_info``, or something true for the current one.
    """
    run = current_run.get()
    if (run is None or run.over) and exc_info:
        return find_run(_error_of(exc_info)) or run
    return run


def _error_of(exc_info: object) -> BaseException | None:
    error = exc_info[1] if isinstance(exc_info, tuple) and len(exc_info) == 3 else exc_info
    if isinstance(error, BaseException):
        return error
    return None if isinstance(exc_info, tuple) else sys.exception()


def _find(error: BaseException, seen: set[int]) -> Run | None:
    if id(error) in seen or len(seen) >= MAX_EXCEPTIONS:
        return None
    seen.add(id(error))
    own = next(_runs_of(error), None) or _find_in_group(error, seen)
    if own is not None:
        return own
    cause = error.__cause__
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
    return None if cause is None else _find(cause, seen)


def _find_in_group(error: BaseException, seen: set[int]) -> Run | None:
    if not isinstance(error, BaseExceptionGroup):
        return None
    runs = [_find(member, seen) for member in error.exceptions]
    known = {run.id: run for run in runs if run is not None}
    return next(iter(known.values())) if len(known) == 1 else None


def _runs_of(error: BaseException) -> Iterator[Run]:
    """Yield the runs whose frames are in an exception's traceback, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        for name in NAMES:
            if name in code.co_varnames or name in code.co_cellvars:
                run = trace.tb_frame.f_locals.get(name)
                if run is not None:
                    yield run
        trace = trace.tb_next
