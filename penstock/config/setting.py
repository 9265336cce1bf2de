"""Declares settings, and describes them for the reference."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.config.sources import toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.config.validators import Reader


class Setting(NamedTuple):
    """The documentation of one setting.

    Attributes:
        name: Its name in ``[tool.penstock]``.
        type: Its type, in words.
        default: Its default as TOML, or an empty string without one.
        example: A valid value as TOML.
        help: Its effect, in Markdown.
    """

    name: str
    type: str
    default: str
    example: str
    help: str


def declare_setting(reader: Reader, kind: str, default: object, example: object, text: str) -> Any:
    """Return the field of a setting.

    Args:
        reader: Reads and validates a value.
        kind: The type of its values, in words.
        default: Its default.
        example: A valid value.
        text: Its effect, in Markdown.
    """
    metadata = {"read": reader, "type": kind, "default": default, "example": example, "help": text}
    if isinstance(default, dict):
        # A dictionary has no hash, but equal configurations must be equal keys.
        return field(default_factory=dict, hash=False, metadata=metadata)
    return field(default=default, metadata=metadata)


def describe_setting(name: str, metadata: Mapping[str, Any]) -> Setting:
    """Return the documentation of a declared setting."""
    default, example = toml(metadata["default"]), toml(metadata["example"])
    return Setting(name, metadata["type"], default, example, metadata["help"])
