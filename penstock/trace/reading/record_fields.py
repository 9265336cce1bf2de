"""Reads fields of log records by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_field(record: Mapping[str, Any], names: Iterable[str]) -> object:
    """Return the first of some fields that a record has and that is not empty, or ``None``.

    Args:
        record: The record.
        names: The names; a dot leads into an inner record, unless the record has the whole name.
    """
    for name in names:
        value = record.get(name)
        if value is None and "." in name:
            value = _follow(record, name)
        if value is not None and value != "":
            return value
    return None


def read_scalar(record: Mapping[str, Any], names: Iterable[str]) -> object:
    """Return the first of some fields that is a text, a number or a truth value; what is in an inner record is not its own."""
    values = (read_field(record, (name,)) for name in names)
    return next((value for value in values if isinstance(value, str | int | float)), None)


def _follow(record: Mapping[str, Any], name: str) -> object:
    value: object = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
