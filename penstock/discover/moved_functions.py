"""Finds the functions of a recording again where their files have changed since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.discover.writing.source_file import SourceFile, UnwritableError, first_line, qualname_of

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.discover.recording import Function, Recording


def find_moved_functions(recording: Recording, project: Path, since: float) -> Recording:
    """Return a recording whose functions have the lines at which they are now.

    Args:
        recording: What ran.
        project: The folder that the files of functions count from.
        since: The time of the recording, in seconds since 1970; files that are older have not changed.
    """
    names = {function.file for function in recording.functions}
    lines = {name: _read_lines(project / name) for name in names if _is_newer(project / name, since)}
    functions = tuple(_move(function, lines.get(function.file, {})) for function in recording.functions)
    return replace(recording, functions=functions)


def _is_newer(file: Path, since: float) -> bool:
    try:
        return file.stat().st_mtime > since
    except OSError:
        return False


def _read_lines(file: Path) -> dict[str, int]:
    """Return the lines of the functions that a file defines once, by qualified name."""
    lines: dict[str, list[int]] = defaultdict(list)
    try:
        for definition in SourceFile.read(file).definitions:
            lines[qualname_of(definition)].append(first_line(definition.node))
    except UnwritableError:
        return {}
    return {name: numbers[0] for name, numbers in lines.items() if len(numbers) == 1}


def _move(function: Function, lines: dict[str, int]) -> Function:
    return function._replace(line=lines.get(function.qualname, function.line))
