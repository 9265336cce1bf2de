"""Describes the invalid value of a setting: what is wrong, and the line to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.config.validators import has_truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.config.sources import SettingsSource
    from penstock.config.validators import BadValueError

_YAML_WORDS = " YAML reads on, off, yes and no as true or false: put a word in quotes."


def describe_bad_value(
    source: SettingsSource, key: str, value: object, bad: BadValueError, metadata: Mapping[str, Any]
) -> str:
    """Return the message for an invalid value, with the cure as its file would spell it."""
    reason = f"{key!r} {bad}" if str(bad).endswith(("?", ".")) else f"{key!r} {bad}."
    hint = _YAML_WORDS if source.is_yaml and has_truth(value) else ""
    beside = (source.assignment(*pair) for pair in bad.companions.items())
    cures = [_cure(source, key, value, bad.instead, metadata), *beside]
    return f"{reason}{hint} {(' ' if source.is_command_line else ' and ').join(cures)}"


def _cure(source: SettingsSource, key: str, value: object, suggestion: object, metadata: Mapping[str, Any]) -> str:
    if value is False and not metadata["default"]:
        return "Leave it out if you want none."
    if suggestion is not None:
        return f"Write: {source.assignment(key, suggestion)}"
    return f"Write, for example: {source.assignment(key, metadata['example'])}"
