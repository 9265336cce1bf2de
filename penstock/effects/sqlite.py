"""Follows connections of ``sqlite3``: each statement that one executes is read, and nothing is replaced.

Python announces a new connection by the audit event ``sqlite3.connect/handle``, and the connection calls back with each statement.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from penstock.effects.sql import MAX_STATEMENT, read_sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from types import FrameType

    from penstock.effects.rows import Touch

EVENT = "sqlite3.connect/handle"
"""The audit event; its only argument is the connection."""

_STRING = re.compile(r"'[^']*'")
_NUMBER = re.compile(r"[0-9](?<!\w[0-9])[\w.]*")  # begins with a plain set, by which the search is fast

MAX_TRIES = 100
"""Maximum number of events until a connection that was announced can be followed; two or three are usual."""


def follow(connection: sqlite3.Connection, note: Callable[[Touch], object]) -> None:
    """Call a function with each touch of a connection that an audit event announces.

    An application that sets a trace callback of its own ends this.
    """

    def note_statement(statement: str) -> None:
        """Note what a statement touches."""
        with suppress(Exception):  # sqlite3 would print it, or raise it in the application
            for touch in read_sql("sqlite", _drop_values(statement)):
                note(touch)

    if not _trace(connection, note_statement):
        _trace_soon(connection, note_statement)


def _drop_values(statement: str) -> str:
    """Return a statement without the values that SQLite has put into it, so that equal statements are read once.

    Where an apostrophe may not begin a value, because it is in a comment or a name, nothing is dropped.
    """
    beginning = statement[:MAX_STATEMENT]
    if "--" in beginning or "/*" in beginning:
        return beginning
    plain = _STRING.sub("?", beginning) if "'" in beginning else beginning
    return beginning if plain.count('"') % 2 else _NUMBER.sub("?", plain)


def _trace(connection: sqlite3.Connection, callback: Callable[[str], object]) -> bool:
    """Return whether the connection accepts a trace callback, which it does when ``sqlite3.connect`` has ended."""
    try:
        connection.set_trace_callback(callback)
    except Exception:  # ProgrammingError, whose module may not have been imported by the application
        return False
    return True


def _trace_soon(connection: sqlite3.Connection, callback: Callable[[str], object]) -> None:
    """Try again at the next events in this thread: one comes between ``sqlite3.connect`` and the first statement.

    A profiler written in C cannot be restored, so it has precedence.
    """
    outer: Any = sys.getprofile()
    if not isinstance(outer, (FunctionType, MethodType, type(None))):
        return
    tries = iter(range(MAX_TRIES))

    def retry(frame: FrameType, event: str, argument: Any) -> None:
        """Follow the connection if it can be followed by now."""
        if sys.getprofile() is retry and (_trace(connection, callback) or next(tries, None) is None):
            sys.setprofile(outer)
        if outer is not None:
            outer(frame, event, argument)

    sys.setprofile(retry)
