"""The settings ``penstock_…`` in ``conf.py``: those of ``[tool.penstock]``, declared there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import config
from penstock._files import read_text
from penstock._sources import SPHINX_BUILD
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

PREFIX = "penstock_"


def register(app: Sphinx) -> None:
    """Add every setting to a Sphinx application.

    A changed setting rebuilds no page by itself: each page knows what it was made from.
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
        ConfigError: A setting that does not exist or has a wrong value.
    """
    file, folder = Path(app.confdir, "conf.py"), folder_of_settings(app)
    given = {setting.name: getattr(app.config, f"{PREFIX}{setting.name}") for setting in config.SETTINGS}
    # Sphinx drops what no extension has registered, so a misspelt setting is found in the file itself.
    given |= dict.fromkeys(_lines(file).keys() - given.keys(), "")
    on_command_line = _on_command_line(app.config.overrides)
    given |= on_command_line
    try:
        return config.load(folder, given, where=str(file), base=folder)
    except ConfigError as error:
        if error.where == str(file) and error.key in on_command_line:  # the same again, in words for there
            return config.load(folder, given, where=SPHINX_BUILD, base=folder)
        line = _lines(file).get(error.key) if error.where == str(file) else None
        where = f"{file}:{line}" if line else error.where
        raise ConfigError(error.message, where=where, key=error.key) from None


def _on_command_line(overrides: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that ``sphinx-build -D`` gives, which are text, read as Sphinx reads its own."""
    names = {setting.name: setting for setting in config.SETTINGS if f"{PREFIX}{setting.name}" in overrides}
    return {name: _read(overrides[f"{PREFIX}{name}"], setting) for name, setting in names.items()}


def _read(value: object, setting: config.Setting) -> object:
    """Return text as what the setting takes; what is none of it stays text, which the setting then refuses."""
    if not isinstance(value, str):  # whoever builds from Python may give anything
        return value
    kind = tomllib.loads(f"example = {setting.example}")["example"]
    if isinstance(kind, bool):
        return {"0": False, "1": True}.get(value, value)
    if isinstance(kind, list) and all(isinstance(each, str) for each in kind):
        return value.split(",") if value else []
    try:
        return float(value) if isinstance(kind, (int, float)) else value
    except ValueError:
        return value


def _lines(file: Path) -> dict[str, int]:
    """Return the settings that stand in ``conf.py``, each with its line."""
    try:
        text = read_text(file)
    except OSError:  # an application without conf.py, as tests make them
        return {}
    assigned = re.compile(rf"{PREFIX}(\w+)\s*(?::[^=]+)?=")
    found = ((assigned.match(line), number) for number, line in enumerate(text.splitlines(), 1))
    return {match[1]: number for match, number in found if match}
