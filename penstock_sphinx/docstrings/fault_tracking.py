"""Faults in docstrings: the page is read again in the next build, so that they are reported until they are fixed."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from docutils.utils import Reporter
from sphinx.util.logging import NAMESPACE, is_suppressed_warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.environment import BuildEnvironment

OF_DOCSTRING = ":docstring of "
"""The part of a message's source that marks a docstring, as in autodoc."""


def watch(document: nodes.document) -> None:
    """Read a page again if docutils reports a fault in its docstrings, now or when it resolves references."""
    observers = document.reporter.observers
    if not any(isinstance(observer, _MessageObserver) for observer in observers):
        document.reporter.attach_observer(_MessageObserver(document.settings.env))


@contextlib.contextmanager
def watched_log(env: BuildEnvironment) -> Iterator[None]:
    """Read a page again if anything other than docutils, such as MyST, logs a warning meanwhile."""
    handler = _Handler(env)
    logger = logging.getLogger(NAMESPACE)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _MessageObserver:
    def __init__(self, env: BuildEnvironment) -> None:
        self._env = env

    def __call__(self, message: nodes.system_message) -> None:
        if message["level"] >= Reporter.WARNING_LEVEL and OF_DOCSTRING in str(message.get("source", "")):
            self._env.note_reread()


class _Handler(logging.Handler):
    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(logging.WARNING)
        self._env = env

    def emit(self, record: logging.LogRecord) -> None:
        """Read the page again in the next build, unless the project suppresses the warning."""
        kind, subtype = getattr(record, "type", None), getattr(record, "subtype", None)
        if not is_suppressed_warning(kind or "", subtype or "", self._env.config.suppress_warnings):
            self._env.note_reread()
