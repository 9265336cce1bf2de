"""Finds the place in the user's source that makes a declaration, and the code running there."""

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
    """Return the caller's location as ``file:line``, for messages."""
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
    """Return a weak reference that identifies one execution of a module or class body.

    A reloaded module, like a notebook cell that runs again, is compiled or read again, so its code is
    another object. The reference keeps no code alive, and still equals itself when the code is gone. CPython returns
    the same reference for the same object to save memory; on other implementations fewer duplicates are noticed.
    """
    return ref(frame.f_code)


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and (module == "penstock" or module.startswith("penstock."))
