"""What a build says of a fault: one line, with page and line, counted by ``--strict`` or raised."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

from penstock.check.report import sentence
from penstock.errors import PenstockError
from penstock.render.describe import escape_line

if TYPE_CHECKING:
    from types import TracebackType

    from penstock.check.findings import Finding

LOGGER = logging.getLogger("mkdocs.plugins.penstock")
"""MkDocs and ProperDocs count warnings of loggers below ``mkdocs`` under ``--strict``."""


_BUILD = 2.0
"""Seconds of silence after which the next page belongs to another build; most hosts do not tell."""


class EmbedError(PenstockError):
    """A fault on a page, raised where the option ``strict`` is on.

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
    LOGGER.warning("%s", line)


def in_words(finding: Finding) -> str:
    """Return a finding as a message: where it is to be mended, in which flow, and what it is."""
    flow = f"flow {finding.flow!r}: " if finding.flow else ""
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{flow}{sentence(finding)}"


def is_news(message: str, page: str) -> bool:
    """Return whether a page has to say what concerns many pages: one of them does in each build.

    Args:
        message: What there is to say.
        page: The page; if it comes again, another build has begun.
    """
    now = time.monotonic()
    first, last = _said.get(message, (page, now))
    news = first == page or now - last > _BUILD
    _said[message] = (page if news else first, now)
    return news


def was_said(message: str, since: float) -> bool:
    """Return whether a page has said a message since a time, as ``time.monotonic`` tells it."""
    return message in _said and _said[message][1] >= since


_said: dict[str, tuple[str, float]] = {}


def _show_one_line(line: str) -> None:
    """Let Zensical end with a line, where it would print the traceback of an error in a page, and its own."""
    if "zensical" not in sys.modules:
        return
    usual = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if line in str(error):
            sys.stderr.write(f"{line}\n")
        else:
            usual(kind, error, traceback)

    sys.excepthook = show


def _host_error(line: str, where: str) -> EmbedError:
    """Return the error as the host expects it: MkDocs and ProperDocs print others with a traceback."""
    for host in ("properdocs.exceptions", "mkdocs.exceptions"):
        if host in sys.modules:
            both = type("EmbedError", (EmbedError, sys.modules[host].PluginError), {})
            error: EmbedError = both(line, where)
            error.message = line  # type: ignore[attr-defined]  # what a ClickException shows
            return error
    return EmbedError(line, where)
