"""A misspelled command line is one line with the near name; help and colours follow the habits of other tools."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from penstock.cli.main import main
from penstock.cli.parser import GROUPS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lst", "there is no command 'lst'. Did you mean list? Commands: check, "),
        ("rendre orders", "there is no command 'rendre'. Did you mean render?"),
        (
            "evidence mrge a",
            "there is no command 'mrge'. Did you mean merge? Commands: from-jaeger, from-otlp, from-sql, merge.",
        ),
        ("list --modul", "argument -m/--module: expected one argument. See: penstock list --help"),
        ("list --pth src", "there is no option --pth. Did you mean --path? See: penstock list --help"),
        ("check --bseline=x", "there is no option --bseline. Did you mean --baseline? See: penstock check --help"),
        ("evidence merge --outptu x -o y a", "there is no option --outptu. Did you mean --output?"),
        ("list --zzz", "there is no option --zzz. See: penstock list --help"),
        ("list orders", "unexpected argument: orders. To name a module: -m orders. See: penstock list --help"),
        ("list a b", "unexpected arguments: a b. To name a module: -m a. See: penstock list --help"),
        ("show", "the following arguments are required: FLOW. See: penstock show --help"),
        ("render x -f svgg", "there is no format 'svgg'. Did you mean svg? Formats: dot, "),
        ("check -f githb", "there is no format 'githb'. Did you mean github"),
        ("list -f jsn", "there is no format 'jsn'. Did you mean json? Formats: json, names, text."),
        ("completion tcsh", "there is no shell 'tcsh'. Shells: bash, fish, zsh."),
        ("--verison", "there is no option --verison. Did you mean --version?"),
    ],
)
def test_a_usage_error_is_one_line_with_the_near_name(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is misspelled, the message says what is meant, and the exit code is 2."""
    assert 2 == main(line.split())
    printed = capsys.readouterr().err
    assert printed.startswith(f"penstock: {message}")
    assert 1 == printed.count("\n")


def test_without_a_command_the_whole_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Bare `penstock` prints its help to standard error and exits with 2, as Ruff and uv do."""
    main(["--help"])
    expected = capsys.readouterr().out
    assert 2 == main([])
    assert ("", expected) == capsys.readouterr()


def test_help_groups_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists each command once, below the heading of its group."""
    main(["--help"])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    starts = [line.split()[0] for line in lines if line.startswith("  ") and line[2:3].isalpha()]
    assert [name for names in GROUPS.values() for name in names] == starts
    assert [f"{title}:" for title in GROUPS] == [line for line in lines if line.removesuffix(":") in GROUPS]


def test_every_command_is_in_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    """A new command cannot be forgotten in the help."""
    main(["zzz"])
    commands = capsys.readouterr().err.partition("Commands: ")[2].strip().removesuffix(".").split(", ")
    assert sorted(commands) == sorted(name for names in GROUPS.values() for name in names)


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_in_a_pipe_are_forced(
    environment: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`FORCE_COLOR` colours a pipe, such as a build log; `NO_COLOR` wins over it."""
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    main(["explain", "cycle"])
    assert coloured == ("\x1b[1mcycle\x1b[0m" in capsys.readouterr().out)


def test_columns_win_over_the_terminals_width() -> None:
    """`COLUMNS` says how wide lines are, also in a terminal, as for Python and git."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "penstock", "explain", "bypassed"]
    environment = {**os.environ, "COLUMNS": "50", "NO_COLOR": "1"}
    subprocess.run(command, stdout=follower, stderr=follower, env=environment, check=True, timeout=60)
    os.close(follower)
    lines = os.read(leader, 65536).decode().splitlines()
    os.close(leader)
    assert 40 < max(map(len, lines)) <= 50
