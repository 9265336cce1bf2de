"""Sources of settings: ``pyproject.toml``, or the options of a front end."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.atomic_files import read_bytes, stamp_of
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_NEAR = 0.8
"""The least ratio of a misspelling; that of ``openstack`` is 0.82, which begins otherwise, and of ``pesto`` 0.77."""

COMMAND_LINE = "command line"
COMMAND_LINE_FLAGS = {"modules": "-m", "path": "-p"}
SPHINX_BUILD = "sphinx-build -D"
"""The command line of Sphinx, where values are plain text."""


class SettingsSource(NamedTuple):
    """One source of settings: a front end's own file, or the text of a ``pyproject.toml``."""

    values: Mapping[str, object]
    base: Path
    file: str
    toml: str = ""

    @property
    def is_yaml(self) -> bool:
        """Whether the file is a YAML file."""
        return self.file.endswith((".yml", ".yaml"))

    @property
    def is_command_line(self) -> bool:
        """Whether the settings were given as options of the command ``penstock``."""
        return self.file == COMMAND_LINE

    def where(self, key: str) -> str:
        """``file:line`` of a setting, as far as known."""
        return _place(self.file, self.toml, f"tool.penstock.{key}")

    def assignment(self, key: str, value: object) -> str:
        """Return a setting as this file would spell it."""
        if self.is_command_line and key in COMMAND_LINE_FLAGS:
            return f"{COMMAND_LINE_FLAGS[key]} {shlex.quote(str(value[0] if isinstance(value, list) else value))}"
        if self.is_command_line:
            return f"{key} = {toml(value)} below [tool.penstock] in pyproject.toml"
        if self.file == SPHINX_BUILD:
            return _sphinx_options(f"penstock_{key}", value) or f"penstock_{key} = {python(value)} in conf.py"
        if self.is_yaml:
            return f"{key}: {json.dumps(value, ensure_ascii=False)}"
        if self.file.endswith(".py"):
            return f"penstock_{key} = {python(value)}"
        return f"{key} = {toml(value)}"


def _sphinx_options(name: str, value: object) -> str:
    """Return the options that set a value on Sphinx's command line, or an empty string if none can."""
    if isinstance(value, dict):
        return " ".join(filter(None, (_sphinx_options(f"{name}.{key}", item) for key, item in value.items())))
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return ""
    text = ",".join(value) if isinstance(value, list) else f"{value:d}" if isinstance(value, bool) else str(value)
    return f"-D {shlex.quote(f'{name}={text}')}"


def find(folder: Path, settings: tuple[str, ...]) -> SettingsSource | None:
    """Return the nearest ``pyproject.toml`` with ``[tool.penstock]`` in or above a folder.

    Args:
        folder: The folder to start from.
        settings: The names of all settings, which tell a misspelled table from that of another tool.

    Raises:
        ConfigError: A file cannot be read, or has the settings in a table that is not read.
    """
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        try:
            status = file.stat()
        except OSError:
            continue
        source = _parse_pyproject(file, settings, stamp_of(status))
        if source:
            return source
    return None


@lru_cache(maxsize=16)  # Zensical asks again for every page; the stamp detects an edit
def _parse_pyproject(file: Path, settings: tuple[str, ...], _stamp: tuple[int, int, int]) -> SettingsSource | None:
    try:
        text = read_bytes(file).decode()
        content = tomllib.loads(text)
        tool = content.get("tool", {})
        table = tool.get("penstock") if isinstance(tool, dict) else None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        location = f"{file}:{line[1] if line else text.count(chr(10)) + 1}"
        raise ConfigError(f"this is not TOML: {error}", where=location) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(file)) from None
    if table is None:
        _refuse_misspelt(file, text, content, settings)
        return None
    if not isinstance(table, dict):
        raise ConfigError("'tool.penstock' must be a table: [tool.penstock]", where=str(file), key="penstock")
    return SettingsSource(table, file.parent, str(file), text)


def _refuse_misspelt(file: Path, text: str, content: Mapping[str, object], settings: tuple[str, ...]) -> None:
    """Raise an error for a misspelled table with settings of ours, which would be ignored."""
    for name, table in _tables(content):
        bare = name.rpartition(".")[2]
        if isinstance(table, dict) and not table.keys().isdisjoint(settings) and _is_near(bare):
            message = f"found penstock settings in [{name}]; they belong in [tool.penstock]"
            raise ConfigError(message, where=_place(str(file), text, name), key=bare)


def _is_near(name: str) -> bool:
    """Return whether a name is a misspelling of ours; stricter than hints: other tools have similar names."""
    folded_name = name.casefold()
    return folded_name.startswith("p") and difflib.SequenceMatcher(None, folded_name, "penstock").ratio() >= _NEAR


def _tables(content: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield tables that may be meant for ``[tool.penstock]``, with their names."""
    for name in ("tool", "tools"):
        tables = content.get(name)
        if isinstance(tables, dict):
            yield from ((f"{name}.{key}", table) for key, table in tables.items())
    yield from content.items()


def _place(file: str, text: str, name: str) -> str:
    """Return ``file:line`` of a table or a key of TOML by its full name, as far as known."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[([^\]]+)\]", line)
        table = header[1] if header else table
        assignment = re.match(r"\s*([\w.-]+)\s*=", line)
        place = f"{table}.{assignment[1]}" if assignment else table
        if f"{place}.".startswith(f"{name}."):
            return f"{file}:{number}"
    return file


def project_of(folder: Path, base: Path | None) -> Path:
    """Return the nearest folder that looks like a project, else ``base``, else the folder itself."""
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file() or (parent / ".git").exists():
            return parent
    return base or folder


def python(value: object) -> str:
    """Return a value as Python, with double quotes."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{python(key)}: {python(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(python, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def toml(value: object) -> str:
    """Return a value as TOML."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
