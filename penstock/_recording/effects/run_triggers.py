"""What started the current work: a request, a task, a message, a command."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.effects.rows import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.effects.rows import Reader


class _Start(NamedTuple):
    """A call around the current work that may have started it, to be read when the work begins."""

    read: Reader
    arguments: Mapping[str, Any]
    outer: _Start | None


_start: ContextVar[_Start | None] = ContextVar("penstock_start", default=None)


def begin_work(read: Reader, arguments: Mapping[str, Any]) -> None:
    """Let a call be what starts the work from here on, in tasks and threads that inherit the context, too."""
    _start.set(_Start(read, arguments, _start.get()))


def end_work() -> None:
    """Let the outer call be what starts work again."""
    start = _start.get()
    _start.set(start.outer if start is not None else None)


@contextmanager
def surround_work(read: Reader, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Let a call be what starts the work inside it."""
    token = _start.set(_Start(read, arguments, _start.get()))
    try:
        yield
    finally:
        with suppress(ValueError):  # it ends in another context than it began in
            _start.reset(token)


def receive_work(trigger: Trigger) -> None:
    """Let what has just arrived, such as a message, be what starts the work until something else arrives."""
    _start.set(_Start(lambda _arguments: (trigger,), {}, None))


def clear_start() -> None:
    """Forget what has arrived: the next test begins."""
    _start.set(None)


def find_trigger() -> str:
    """Return the name of what started the current work, or an empty string."""
    start = _start.get()
    while start is not None:
        with suppress(Exception):  # objects of libraries are read, which may be of any version
            for note in start.read(start.arguments):
                if isinstance(note, Trigger):
                    return note.name
        start = start.outer
    return ""
