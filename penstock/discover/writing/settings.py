"""Writes ``[tool.penstock]`` into ``pyproject.toml``; what stands there stays as it is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_bytes
from penstock.check.fix import Edit
from penstock.config.sources import toml
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TABLE = re.compile(r"^\[tool\.penstock\][^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSettings:
    """The settings that a project needs.

    Attributes:
        modules: The modules that declare flows.
        path: The folders that they are imported from, relative to the project.
        others: More settings, for a table without them.
    """

    modules: Sequence[str]
    path: Sequence[str]
    others: Mapping[str, Any]


def write_settings(project: Path, wanted: NewSettings) -> Edit | None:
    """Return the edit of ``pyproject.toml`` that adds settings; ``None`` if they are all there.

    Lists get what they lack; a setting that exists is never changed otherwise.

    Args:
        project: The folder of the file, which need not exist.
        wanted: The settings.

    Raises:
        ConfigError: The file cannot be read or edited; the message has the lines to write by hand.
    """
    file = project / "pyproject.toml"
    data = _read(file)
    text = data.decode()
    table = _read_table(text, file)
    missing = _find_missing(table, wanted)
    if not missing:
        return None
    new = _edit(text, table, missing)
    expected = {**table, **{key: [*table.get(key, ()), *value] for key, value in _lists(missing)}}
    expected |= {key: value for key, value in missing.items() if not isinstance(value, list)}
    if _table_of(new) != expected:
        lines = "; ".join(f"{key} = {toml(expected[key])}" for key in missing)
        raise ConfigError(f"this table cannot be edited here. Write below [tool.penstock]: {lines}", where=str(file))
    return Edit(path=file, name="pyproject.toml", old=data, new=new.encode())


def _read(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(file)) from None


def _read_table(text: str, file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(text).get("tool", {}).get("penstock", {})
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise ConfigError(f"this is not TOML: {error}", where=str(file)) from None
    if not isinstance(table, dict):
        raise ConfigError("'tool.penstock' must be a table: [tool.penstock]", where=str(file), key="penstock")
    return table


def _find_missing(table: Mapping[str, Any], wanted: NewSettings) -> dict[str, Any]:
    """Return the settings to add; of lists, the missing items."""
    missing = {"modules": _lacking(table, "modules", wanted.modules), "path": _lacking(table, "path", wanted.path)}
    others = {key: value for key, value in wanted.others.items() if key not in table}
    return {key: value for key, value in missing.items() if value} | others


def _lacking(table: Mapping[str, Any], key: str, items: Sequence[str]) -> list[str]:
    present = table.get(key, [])
    present = present if isinstance(present, list) else [present]
    packages = [item.removesuffix(".*") for item in present if isinstance(item, str) and item.endswith(".*")]
    return [
        item
        for item in items
        if item not in present and not any(f"{item}.".startswith(f"{package}.") for package in packages)
    ]


def _lists(missing: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [(key, value) for key, value in missing.items() if isinstance(value, list)]


def _edit(text: str, table: Mapping[str, Any], missing: Mapping[str, Any]) -> str:
    """Return the text with what is missing; the caller checks that it means what it should."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{key} = {toml(value)}{newline}" for key, value in missing.items() if key not in table)
    header = _TABLE.search(text)
    if header is None:
        gap = newline * (2 - text.endswith("\n")) if text else ""
        return f"{text}{gap}[tool.penstock]{newline}{lines}"
    for key, items in _lists(missing):
        if key in table:
            text = _extend_list(text, header.end(), key, items)
    return text[: header.end()] + lines + text[header.end() :]


def _extend_list(text: str, start: int, key: str, items: Sequence[str]) -> str:
    """Return the text with more items in a list, in lines of their own if the list has such."""
    match = re.compile(rf"^{key}\s*=\s*\[([^\]]*?)(,?)(\s*)\]", re.MULTILINE).search(text, start)
    if match is None:
        return text
    inner, comma, end = match.groups()
    indent = re.search(r"\n([ \t]+)\S[^\n]*$", inner)
    gap = f"\n{indent[1]}" if indent else " "
    added = f",{gap}".join(map(toml, items))
    new = f"{inner},{gap}{added}{comma}{end}" if inner.strip() else f"{added}{end}"
    return text[: match.start(1)] + new + text[match.end() - 1 :]


def _table_of(text: str) -> object:
    try:
        return tomllib.loads(text).get("tool", {}).get("penstock")
    except tomllib.TOMLDecodeError:
        return None
