"""The settings of the numbers on steps and edges."""

from __future__ import annotations

from typing import Any

from penstock.config import validators as read
from penstock.config.setting import declare_setting


def declare_numbers() -> Any:
    """Return the field of the setting that says which numbers are shown."""
    return declare_setting(
        read.one_of("off", "counts", "all"),
        "`off`, `counts` or `all`",
        "off",
        "counts",
        "Whether diagrams show how often steps and edges ran: `counts` for runs, errors and shares, `all` for durations, too.",
    )


def declare_numbers_from() -> Any:
    """Return the field of the setting that says which runs are counted."""
    return declare_setting(
        read.one_of("auto", "production", "tests"),
        "`auto`, `production` or `tests`",
        "auto",
        "tests",
        "The runs that `numbers` count. With `auto`, those in production if the evidence has any, else those of tests, "
        "without durations; with `tests`, those of tests with their durations.",
    )
