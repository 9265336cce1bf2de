"""Who declares: the place in the user's source, and what runs there."""

from __future__ import annotations

import sys
from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType


def caller() -> tuple[str, int]:
    """Return file and line of the nearest frame outside penstock."""
    return place_of(calling_frame())


def here() -> str:
    """Return the same as messages name it: ``file:line``."""
    file, line = caller()
    return f"{file}:{line}"


def calling_frame() -> FrameType:
    """Return the nearest frame outside penstock."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
        frame = frame.f_back
    return frame


def place_of(frame: FrameType) -> tuple[str, int]:
    """Return file and line of a frame."""
    return frame.f_code.co_filename, frame.f_lineno


def body_of(frame: FrameType) -> ref[CodeType]:
    """Return what is the same object for all that one code object does, and for nothing else.

    A module that is reloaded, and a notebook's cell that runs again, are compiled or read anew, so their code is
    another object. The reference keeps no code alive; where it has died, it still is itself. That Python gives the
    same reference for the same object is how CPython saves memory; another Python may notice less.
    """
    return ref(frame.f_code)


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and (module == "penstock" or module.startswith("penstock."))
