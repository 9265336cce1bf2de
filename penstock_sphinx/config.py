"""The settings ``penstock_…`` in ``conf.py``: those of ``[tool.penstock]``, declared there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx import errors

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
        sphinx.errors.ConfigError: A setting that does not exist or has a wrong value.
    """
    given = {setting.name: getattr(app.config, f"{PREFIX}{setting.name}") for setting in config.SETTINGS}
    file = Path(app.confdir, "conf.py")
    try:
        return config.load(file.parent, given, where=str(file), base=file.parent)
    except ConfigError as error:
        raise errors.ConfigError(_located(error, file)) from None


def _located(error: ConfigError, file: Path) -> str:
    """Return the message with the line of the setting, as far as it is found."""
    if error.where != str(file) or not file.is_file():
        return str(error)
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if re.match(rf"{PREFIX}{error.key}\s*[:=]", line):
            return f"{file}:{number}: {error.message}"
    return str(error)
