"""Knows what started a call: a request, a message, a signal."""

from __future__ import annotations

from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.discover.watch.calls import current_call
from penstock.discover.watch.frames import identify
from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from penstock.discover.watch.calls import WatchedCall


class Arrival(NamedTuple):
    """Something that starts work.

    Attributes:
        name: As in ``POST /orders``.
        owner: The call of the user's code that waits for it, or around which it happens.
        frame: The identity of the library's outermost frame: what it calls is started by this.
        thread: The thread.
        returns: Whether the library returns it, such as a message, and the owner does the rest.
    """

    name: str
    owner: WatchedCall | None
    frame: int
    thread: int
    returns: bool


_latest: ContextVar[Arrival | None] = ContextVar("penstock_watched_arrival", default=None)


class Triggers:
    """What starts calls in a process.

    Attributes:
        are_any: Whether there was any.
    """

    def __init__(self) -> None:
        self.are_any = False

    def arrive(self, name: str, notes: Iterable[Any], frame: FrameType) -> None:
        """Note what a library starts, which is just calling one of its functions."""
        returns = any(isinstance(note, Touch) and note == ("reads", name) for note in notes)
        outermost = _find_outermost(frame)
        _latest.set(Arrival(name, current_call.get(), identify(outermost), get_ident(), returns))
        self.are_any = True

    def find(self, call: WatchedCall, frame: FrameType | None) -> str:
        """Return what started a call that begins, or an empty string."""
        arrival = _latest.get()
        if arrival is None or arrival.owner is not call.parent:
            return ""
        if arrival.returns or arrival.thread != get_ident():
            return arrival.name
        stop = call.parent.function.code if call.parent is not None else None
        while frame is not None and identify(frame) != arrival.frame and frame.f_code is not stop:
            frame = frame.f_back
        return arrival.name if frame is not None and identify(frame) == arrival.frame else ""


def _find_outermost(frame: FrameType) -> FrameType:
    """Return the outermost frame of the same library, without a gap."""
    package = _find_package(frame)
    while frame.f_back is not None and _find_package(frame.f_back) == package:
        frame = frame.f_back
    return frame


def _find_package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
