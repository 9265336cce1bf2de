"""The places that settings stand in: ``pyproject.toml``, or what a front end was given."""

from __future__ import annotations

import json
import re
import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND_LINE = "command line"
COMMAND_LINE_FLAGS = {"modules": "-m", "path": "-p"}


class Source(NamedTuple):
    """One place that settings stand in: a front end's own file, or the text of a ``pyproject.toml``."""

    values: Mapping[str, object]
    base: Path
    file: str
    toml: str = ""

    def where(self, key: str) -> str:
        """``file:line`` of a setting, as far as it is known."""
        table = ""
        for number, line in enumerate(self.toml.splitlines(), 1):
            header = re.match(r"\s*\[([^\]]+)\]", line)
            table = header[1] if header else table
            assigned = re.match(r"\s*([\w.-]+)\s*=", line)
            place = f"{table}.{assigned[1]}" if assigned else table
            if f"{place}.".startswith(f"tool.penstock.{key}."):
                return f"{self.file}:{number}"
        return self.file

    def assignment(self, key: str, value: object) -> str:
        """Return how a setting is written in this file."""
        if self.file == COMMAND_LINE:
            return f"{COMMAND_LINE_FLAGS[key]} {value[0] if isinstance(value, list) else value}"
        text = json.dumps(value, ensure_ascii=False)
        if self.file.endswith((".yml", ".yaml")):
            return f"{key}: {text}"
        if self.file.endswith(".py"):
            return f"penstock_{key} = {text}"
        return f"{key} = {toml(value)}"


def find(folder: Path) -> Source | None:
    """Return the nearest ``pyproject.toml`` with ``[tool.penstock]`` in or above a folder.

    Raises:
        ConfigError: A file there cannot be read.
    """
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        try:
            status = file.stat()
        except OSError:
            continue
        found = _parsed(file, status.st_mtime_ns, status.st_size)
        if found:
            return found
    return None


@lru_cache(maxsize=16)  # Zensical asks again for every page; the stamp makes an edit a new question
def _parsed(file: Path, _mtime_ns: int, _size: int) -> Source | None:
    try:
        text = file.read_bytes().decode()
        tool = tomllib.loads(text).get("tool", {})
        table = tool.get("penstock") if isinstance(tool, dict) else None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{file}:{line[1] if line else text.count(chr(10)) + 1}"
        raise ConfigError(f"this is not TOML: {error}", where=where) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(file)) from None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError("'tool.penstock' must be a table: [tool.penstock]", where=str(file), key="penstock")
    return Source(table, file.parent, str(file), text)


def project_of(folder: Path, base: Path | None) -> Path:
    """Return the nearest folder that looks like a project, or else ``base``, or the folder itself."""
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file() or (parent / ".git").exists():
            return parent
    return base or folder


def toml(value: object) -> str:
    """Return a value as TOML."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
