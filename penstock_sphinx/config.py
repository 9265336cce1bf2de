"""The settings ``penstock_…`` in ``conf.py``, which are declared with those of ``[tool.penstock]``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import config
from penstock._util.atomic_files import read_text
from penstock.config.sources import SPHINX_BUILD
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

    from penstock.config.setting import Setting

PREFIX = "penstock_"


def register(app: Sphinx) -> None:
    """Add every setting to a Sphinx application.

    A changed setting does not rebuild pages by itself: each page has a fingerprint of its input.
    """
    for setting in config.SETTINGS:
        app.add_config_value(f"{PREFIX}{setting.name}", None, "", description=setting.help)


def folder_of_settings(app: Sphinx) -> Path:
    """Return the folder of ``conf.py``, or the one that stands for it in another version.

    sphinx-multiversion builds every version with the ``conf.py`` of the working tree, whose project has the flows of
    today.
    """
    return Path(app.srcdir if getattr(app.config, "smv_current_version", "") else app.confdir)


def load(app: Sphinx) -> config.Config:
    """Return the settings that hold for a build; relative paths count from :func:`folder_of_settings`.

    Raises:
        ConfigError: A setting is unknown or has an invalid value.
    """
    file, folder = Path(app.confdir, "conf.py"), folder_of_settings(app)
    values = {setting.name: getattr(app.config, f"{PREFIX}{setting.name}") for setting in config.SETTINGS}
    # Sphinx drops unregistered settings, so a misspelt one is looked for in the file itself.
    values |= dict.fromkeys(_lines(file).keys() - values.keys(), "")
    on_command_line = _on_command_line(app.config.overrides)
    values |= on_command_line
    try:
        return config.load(folder, values, where=str(file), base=folder)
    except ConfigError as error:
        if error.where == str(file) and error.key in on_command_line:  # the same error, worded for the command line
            return config.load(folder, values, where=SPHINX_BUILD, base=folder)
        line = _lines(file).get(error.key) if error.where == str(file) else None
        location = f"{file}:{line}" if line else error.where
        raise ConfigError(error.message, where=location, key=error.key) from None


def _on_command_line(overrides: Mapping[str, object]) -> dict[str, object]:
    """Return the settings given by ``sphinx-build -D``, which are text, parsed as Sphinx parses its own."""
    names = {setting.name: setting for setting in config.SETTINGS if f"{PREFIX}{setting.name}" in overrides}
    return {name: _read(overrides[f"{PREFIX}{name}"], setting) for name, setting in names.items()}


def _read(value: object, setting: Setting) -> object:
    """Return text as the type of a setting; text of another type is returned unchanged, for the setting to reject."""
    if not isinstance(value, str):  # builds started from Python may pass any type
        return value
    kind = tomllib.loads(f"example = {setting.example}")["example"]
    if isinstance(kind, bool):
        return {"0": False, "1": True}.get(value, value)
    if isinstance(kind, list) and all(isinstance(item, str) for item in kind):
        return value.split(",") if value else []
    try:
        return float(value) if isinstance(kind, (int, float)) else value
    except ValueError:
        return value


def _lines(file: Path) -> dict[str, int]:
    """Return the settings in ``conf.py``, each with its line."""
    try:
        text = read_text(file)
    except OSError:  # an application without conf.py, as tests make them
        return {}
    pattern = re.compile(rf"{PREFIX}(\w+)\s*(?::[^=]+)?=")
    matches = ((pattern.match(line), number) for number, line in enumerate(text.splitlines(), 1))
    return {match[1]: number for match, number in matches if match}
