"""What a build says of a fault: one line, with page and line, counted by ``--strict`` or raised."""

from __future__ import annotations

import logging
import sys

from penstock.errors import PenstockError

LOGGER = logging.getLogger("mkdocs.plugins.penstock")
"""MkDocs and ProperDocs count warnings of loggers below ``mkdocs`` under ``--strict``."""


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
    line = " ".join(f"{where}: {message}".split())
    if strict:
        raise _host_error(line, where)
    LOGGER.warning("%s", line)


def _host_error(line: str, where: str) -> EmbedError:
    """Return the error as the host expects it: MkDocs and ProperDocs print others with a traceback."""
    for host in ("properdocs.exceptions", "mkdocs.exceptions"):
        if host in sys.modules:
            both = type("EmbedError", (EmbedError, sys.modules[host].PluginError), {})
            error: EmbedError = both(line, where)
            error.message = line  # type: ignore[attr-defined]  # what a ClickException shows
            return error
    return EmbedError(line, where)
