"""Recordings of code that has changed since."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from penstock.discover.moved_functions import find_moved_functions
from penstock.discover.recording import Function, Recording

if TYPE_CHECKING:
    from pathlib import Path

RECORDING = Recording((Function("app", "place", "app.py", 1), Function("app", "pay", "app.py", 2)))
NEW, OLD = 2_000_000_000.0, 1_000_000_000.0


def find_lines(folder: Path, source: str, since: float) -> list[int]:
    """Return the lines of the functions after a change at a time between old and new."""
    (folder / "app.py").write_text(source)
    os.utime(folder / "app.py", (1_500_000_000, 1_500_000_000))
    return [function.line for function in find_moved_functions(RECORDING, folder, since).functions]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("import os\n@a\ndef place(): ...\ndef pay(): ...\n", [2, 4], id="moved, with a decorator"),
        pytest.param("import os\ndef pay(): ...\n", [1, 2], id="gone"),
        pytest.param("import os\ndef place(): ...\ndef place(): ...\n", [1, 2], id="twice"),
        pytest.param("def place(:\n", [1, 2], id="no Python"),
    ],
)
def test_functions_are_found_where_they_are_now(tmp_path: Path, source: str, expected: list[int]) -> None:
    """A function that its file defines once has its present line; any other keeps the recorded one."""
    assert expected == find_lines(tmp_path, source, OLD)


def test_files_that_are_older_than_the_recording_are_not_read(tmp_path: Path) -> None:
    """What was recorded last is right."""
    assert [1, 2] == find_lines(tmp_path, "\n\n\ndef place(): ...\ndef pay(): ...\n", NEW)


def test_a_missing_file_changes_nothing(tmp_path: Path) -> None:
    """The functions of a file that has gone keep their lines."""
    assert RECORDING == find_moved_functions(RECORDING, tmp_path, OLD)
