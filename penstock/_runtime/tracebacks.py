"""Finds the run of an exception that is logged after the run.

The functions that bind a run keep it in a local variable of one name, and a traceback keeps their frames. A block that
is a run has no such frame, so it adds one. The exception itself is not modified: it is pickled, compared and collected
as usual, and an object raised in two runs is attributed to the last of them, whose frames come first in its traceback.
"""

from __future__ import annotations

import sys
from types import TracebackType

from penstock._runtime.context import current_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from penstock._runtime.runs import Run

NAMES = ("penstock_run", ".penstock_run")
"""The local variable for the bound run; in wrappers, its name cannot be that of a parameter."""

MAX_EXCEPTIONS = 100
"""Maximum number of exceptions of a chain that are examined."""


def find_run(error: BaseException | None) -> Run | None:
    """Return the run that an exception has left, or that of an exception displayed with it.

    The outermost run of its own traceback comes first. Then come the exceptions of a group, if all are of one run, and the
    cause or context that is printed with it.
    """
    visited_ids: set[int] = set()
    return None if error is None else _find(error, visited_ids)


def add_frame(error: BaseException, run: Run) -> None:
    """Attach a run to the traceback of an exception that leaves it.

    The frame references its caller's, in which the exception must be deleted: the two would keep each other alive.
    """
    frame = leave_run(run)
    error.__traceback__ = TracebackType(error.__traceback__, frame, frame.f_lasti, frame.f_lineno)
    del error


def leave_run(penstock_run: Run) -> FrameType:  # noqa: ARG001 - visible in the traceback
    """Return the frame of this call."""
    return sys._getframe()


def run_to_log(exc_info: object) -> Run | None:
    """Return the run that a log line belongs to.

    That is the current one. Without one, or with only an ended one, it is the one that the exception has left.

    Args:
        exc_info: As for loggers: an exception, the tuple of ``sys.exc_info``, or a true value for the current one.
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


def _find(error: BaseException, visited_ids: set[int]) -> Run | None:
    if id(error) in visited_ids or len(visited_ids) >= MAX_EXCEPTIONS:
        return None
    visited_ids.add(id(error))
    own = next(_runs_of(error), None) or _find_in_group(error, visited_ids)
    if own is not None:
        return own
    cause = error.__cause__
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
    return None if cause is None else _find(cause, visited_ids)


def _find_in_group(error: BaseException, visited_ids: set[int]) -> Run | None:
    if not isinstance(error, BaseExceptionGroup):
        return None
    runs = [_find(member, visited_ids) for member in error.exceptions]
    runs_by_id = {run.id: run for run in runs if run is not None}
    return next(iter(runs_by_id.values())) if len(runs_by_id) == 1 else None


def _runs_of(error: BaseException) -> Iterator[Run]:
    """Yield the runs in an exception's traceback, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        for name in NAMES:
            if name in code.co_varnames or name in code.co_cellvars:
                run = trace.tb_frame.f_locals.get(name)
                if run is not None:
                    yield run
        trace = trace.tb_next
