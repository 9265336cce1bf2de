"""Imports the configured modules where tests are recorded, so that steps declared from outside are known."""

from __future__ import annotations

import contextlib
import io
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from penstock.collect import import_errors
from penstock.collect.module_names import import_all
from penstock.config.sources import SettingsSource

if TYPE_CHECKING:
    from penstock.config import Config

_UNREADY = ("ImproperlyConfigured", "AppRegistryNotReady")
"""The exceptions that Django raises before its setup."""


def import_declarations(config: Config) -> list[str]:
    """Import the modules in the settings; return a message for each that cannot be imported.

    Folders of the setting ``path`` come last on ``sys.path``: the tests' own come first. The settings ``setup``, ``env``
    and ``mock`` are for documentation builds. Tests prepare the application themselves.
    """
    sys.path.extend(str(folder) for folder in config.path if str(folder) not in sys.path)
    roots = [*map(str, config.path), str(config.project)]
    failures: list[str] = []

    def attempt(name: str) -> None:
        """Import a module, and add a message to the failures if that fails."""
        try:
            import_module(name)
        except (Exception, SystemExit) as error:
            failures.append(_describe(error, name, roots, config))

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for name in config.modules:
            import_all(name, attempt, str)
    return failures


def _describe(error: BaseException, name: str, roots: list[str], config: Config) -> str:
    settings = config.source or SettingsSource({}, config.project, "pyproject.toml")
    failure = import_errors.describe_exception(error, name, roots, config.project, settings)
    message = failure.message
    if type(error).__name__ in _UNREADY:
        message = f"{type(error).__name__}. Let the tests set Django up first, as pytest-django does."
    text = f"the module {name}, which the setting `modules` names, cannot be imported: {message}"
    return f"{import_errors.shorten(failure.file, config.project)}:{failure.line}: {text}" if failure.file else text
