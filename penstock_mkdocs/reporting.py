"""Reports faults in a build: one line, with page and line, counted by ``--strict`` or raised."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

from penstock.errors import PenstockError
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from types import TracebackType

LOGGER = logging.getLogger("mkdocs.plugins.penstock")
"""MkDocs and ProperDocs count warnings of loggers below ``mkdocs`` under ``--strict``."""


_BUILD = 2.0
"""Seconds of silence after which the next page belongs to another build; most hosts do not mark builds."""


class EmbedError(PenstockError):
    """A fault on a page, raised if the option ``strict`` is on.

    Attributes:
        where: The page and the line, such as ``flows.md:12``.
    """

    def __init__(self, message: str, where: str = "") -> None:
        self.where = where
        super().__init__(message)


def report(message: str, where: str, *, strict: bool) -> None:
    """Log a fault as one line, or raise it.

    Raises:
        EmbedError: ``strict`` is on.
    """
    line = escape_line(f"{where}: {message}")
    if strict:
        _show_one_line(line)
        raise _host_error(line, where)
    if _is_counted_but_silent():
        LOGGER.error("%s", line)
    else:
        LOGGER.warning("%s", line)


def _is_counted_but_silent() -> bool:
    """Return whether ``--quiet`` keeps warnings from the handler that counts them for ``--strict``, but no errors."""
    counts = any(type(handler).__name__ == "CountHandler" for handler in logging.getLogger("mkdocs").handlers)
    return counts and not LOGGER.isEnabledFor(logging.WARNING)


def is_news(message: str, page: str) -> bool:
    """Return whether a page must report a message that concerns many pages; one page does in each build.

    Args:
        message: The message.
        page: The page; if it reports the message a second time, another build has begun.
    """
    now = time.monotonic()
    first, last = _said.get(message, (page, now))
    news = first == page or now - last > _BUILD
    _said[message] = (page if news else first, now)
    return news


def was_said(message: str, since: float) -> bool:
    """Return whether a page has reported a message since a time of ``time.monotonic``."""
    return message in _said and _said[message][1] >= since


_said: dict[str, tuple[str, float]] = {}


def _show_one_line(line: str) -> None:
    """Make Zensical print the line alone, instead of the traceback of an error in a page and its own."""
    if "zensical" not in sys.modules:
        return
    usual = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        """Print the line alone if the error says it, else the usual traceback."""
        if line in str(error):
            sys.stderr.write(f"{line}\n")
        else:
            usual(kind, error, traceback)

    sys.excepthook = show


def _host_error(line: str, location: str) -> EmbedError:
    """Return the error as a type that the host prints without a traceback: MkDocs and ProperDocs expect their own."""
    for host in ("properdocs.exceptions", "mkdocs.exceptions"):
        if host in sys.modules:
            both = type("EmbedError", (EmbedError, sys.modules[host].PluginError), {})
            error: EmbedError = both(line, location)
            error.message = line  # type: ignore[attr-defined]  # a ClickException shows it
            return error
    return EmbedError(line, location)
