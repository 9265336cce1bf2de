"""The table ``[tool.penstock]``, as proposals and ``penstock init`` write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.discover.writing.settings import NewSettings, write_settings
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.fix import Edit

TABLE = '[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n'


def edit(folder: Path, old: str | None, *modules: str, **others: object) -> Edit | None:
    """Return the edit of a project's file."""
    if old is not None:
        (folder / "pyproject.toml").write_bytes(old.encode())
    return write_settings(folder, NewSettings(modules=modules or ["shop"], path=["."], others=others))


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        pytest.param(None, TABLE, id="no file"),
        pytest.param("[project]\nname = 'a'\n", f"[project]\nname = 'a'\n\n{TABLE}", id="no table"),
        pytest.param("[project]\nname = 'a'", f"[project]\nname = 'a'\n\n{TABLE}", id="no newline"),
        pytest.param(
            '[tool.penstock] # ours\nservice = "a"\n\n[tool.x]\n',
            '[tool.penstock] # ours\nmodules = ["shop"]\npath = ["."]\nservice = "a"\n\n[tool.x]\n',
            id="a table without modules",
        ),
        pytest.param(
            '[tool.penstock]\nmodules = ["a"] # first\npath = ["."]\n',
            '[tool.penstock]\nmodules = ["a", "shop"] # first\npath = ["."]\n',
            id="one more in a line",
        ),
        pytest.param(
            '[tool.penstock]\nmodules = [\n  "a", # one\n  "b",\n]\npath = ["."]\n',
            '[tool.penstock]\nmodules = [\n  "a", # one\n  "b",\n  "shop",\n]\npath = ["."]\n',
            id="one more below others",
        ),
        pytest.param(
            '[tool.penstock]\nmodules = []\npath = ["."]\n',
            '[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n',
            id="an empty list",
        ),
        pytest.param(
            "[a]\r\nb = 1\r\n",
            '[a]\r\nb = 1\r\n\r\n[tool.penstock]\r\nmodules = ["shop"]\r\npath = ["."]\r\n',
            id="CRLF",
        ),
    ],
)
def test_settings_are_added_to_what_stands_there(tmp_path: Path, old: str | None, expected: str) -> None:
    """The table gets what it lacks; comments and other tables stay."""
    change = edit(tmp_path, old)
    assert change
    assert expected.encode() == change.new


@pytest.mark.parametrize("old", [TABLE, '[tool.penstock]\nmodules = ["shop.*", "b"]\npath = [".", "src"]\n'])
def test_what_is_there_is_not_written_again(tmp_path: Path, old: str) -> None:
    """A project that has all settings, or a pattern for its module, needs no edit."""
    assert edit(tmp_path, old) is None


def test_a_setting_that_exists_is_never_changed(tmp_path: Path) -> None:
    """Only lists grow; any other value stays as the project has it."""
    assert edit(tmp_path, f'{TABLE}setup = "mine:setup"\n', setup="django:setup") is None


@pytest.mark.parametrize(
    "old",
    [
        'tool = { penstock = { modules = ["a"] } }\n',
        '[tool]\npenstock.modules = ["a"]\n',
        '[tool.penstock]\nmodules = [\n  "a", # [one]\n]\npath = ["."]\n',
    ],
)
def test_a_table_in_an_unusual_form_is_left_to_its_owner(tmp_path: Path, old: str) -> None:
    """What cannot be edited safely is an error that has the lines to write."""
    with pytest.raises(ConfigError, match=r'Write below \[tool\.penstock\]: modules = \["a", "shop"\]'):
        edit(tmp_path, old)


@pytest.mark.parametrize(("old", "reason"), [("[", "this is not TOML"), ("tool.penstock = 1\n", "must be a table")])
def test_a_broken_file_is_an_error_with_its_place(tmp_path: Path, old: str, reason: str) -> None:
    """A file that cannot be read as settings is named."""
    with pytest.raises(ConfigError, match=rf"pyproject\.toml.*{reason}"):
        edit(tmp_path, old)
