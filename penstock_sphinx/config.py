"""The settings ``penstock_…`` in ``conf.py``: those of ``[tool.penstock]``, declared there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import config
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PREFIX = "penstock_"


def register(app: Sphinx) -> None:
    """Add every setting to a Sphinx application.

    A changed setting rebuilds no page by itself: each page knows what it was made from.
    """
    for setting in config.SETTINGS:
        app.add_config_value(f"{PREFIX}{setting.name}", None, "", description=setting.help)


def load(app: Sphinx) -> config.Config:
    """Return the settings that hold for a build; relative paths in ``conf.py`` count from its folder.

    Raises:
        ConfigError: A setting that does not exist or has a wrong value.
    """
    file = Path(app.confdir, "conf.py")
    given = {setting.name: getattr(app.config, f"{PREFIX}{setting.name}") for setting in config.SETTINGS}
    # Sphinx drops what no extension has registered, so a misspelt setting is found in the file itself.
    given |= dict.fromkeys(_lines(file).keys() - given.keys(), "")
    try:
        return config.load(file.parent, given, where=str(file), base=file.parent)
    except ConfigError as error:
        line = _lines(file).get(error.key) if error.where == str(file) else None
        where = f"{file}:{line}" if line else error.where
        raise ConfigError(error.message, where=where, key=error.key) from None


def _lines(file: Path) -> dict[str, int]:
    """Return the settings that stand in ``conf.py``, each with its line."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):  # an application without conf.py, as tests make them
        return {}
    assigned = re.compile(rf"{PREFIX}(\w+)\s*(?::[^=]+)?=")
    found = ((assigned.match(line), number) for number, line in enumerate(text.splitlines(), 1))
    return {match[1]: number for match, number in found if match}
