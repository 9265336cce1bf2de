"""What commands print on terminals and into pipes."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from command import FLOWS, run
from penstock.cli import main


def test_a_closed_pipe_is_no_error(project: Path) -> None:
    """`penstock show | head -1` ends quietly."""
    command = f"{sys.executable} -m penstock show bom_sync | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=600)
    assert ("BOM sync (bom_sync)\n", "") == (done.stdout, done.stderr)


COMMANDS = [
    "list",
    "show bom_sync",
    "render bom_sync",
    "render bom_sync -f png",
    "export",
    "check",
    "diff a.json a.json",
]


def in_shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell, with the output buffered as it is for a user."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    whole = f"{sys.executable} -m penstock {command}"
    return subprocess.run(whole, shell=True, capture_output=True, text=True, check=False, timeout=600, env=environment)


@pytest.mark.parametrize(
    ("command", "output", "reason"),
    [
        *((command, "> /dev/full", "No space left on device") for command in [*COMMANDS, "--help"]),
        *((command, ">&-", "Bad file descriptor") for command in ["list", "--version"]),
    ],
)
def test_output_that_cannot_be_written_is_one_line(project: Path, command: str, output: str, reason: str) -> None:
    """A full disk, or closed standard output, is told by every command in one line, with exit code 2."""
    main.main(["export", "-o", "a.json"])
    done = in_shell(f"{command} {output}")
    assert (2, f"penstock: cannot write to standard output: {reason}\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("command", [*COMMANDS, "list --help"])
def test_a_reader_that_has_gone_is_no_error(project: Path, command: str) -> None:
    """Whoever closes a pipe without reading gets no message, whatever was to be written."""
    main.main(["export", "-o", "a.json"])
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "penstock", *command.split()], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (0, b"") == (process.returncode, process.stderr)


@pytest.mark.parametrize("messages", ["2>/dev/full", "2>&-"])
def test_messages_that_nobody_can_read_change_no_exit_code(project: Path, messages: str) -> None:
    """What was written is written, although the line that says so is lost."""
    assert 0 == in_shell(f"render bom_sync -o flow.svg {messages}").returncode
    assert Path("flow.svg").is_file()
    (project / "flows.py").write_text(FLOWS.replace('"fetch_from_api": ', '"fetch_from_apo": '))
    done = in_shell(f"list {messages}")
    assert (1, True) == (done.returncode, done.stdout.startswith("bom_sync"))
    assert 2 == in_shell(f"show nothing {messages}").returncode


def test_a_terminal_without_box_characters_still_gets_names(project: Path) -> None:
    """An ASCII terminal loses the lines, not the names, and nothing fails."""
    done = run("show", "bom_sync", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert 0 == done.returncode
    assert "sync_to_database" in done.stdout


def test_colours_appear_on_terminals_only(project: Path) -> None:
    """A pipe gets plain text; a terminal gets colours unless NO_COLOR is set."""

    def on_terminal(**env: str) -> bytes:
        leader, follower = pty.openpty()
        command = [sys.executable, "-m", "penstock", "show", "bom_sync"]
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **env}
        subprocess.run(command, stdout=follower, stderr=follower, env=environment, check=True, timeout=600)
        os.close(follower)
        shown = os.read(leader, 65536)
        os.close(leader)
        return shown

    assert "\x1b[" not in run("show", "bom_sync").stdout
    assert b"\x1b[1mBOM sync (bom_sync)\x1b[0m" in on_terminal()
    assert b"\x1b[" not in on_terminal(NO_COLOR="1")


def on_terminal(command: str, columns: int) -> list[str]:
    """Return the lines that a command shows on a terminal, without their styles."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    arguments = [sys.executable, "-m", "penstock", *command.split()]
    subprocess.run(arguments, stdout=follower, stderr=follower, env=environment, check=True, timeout=600)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()


TITLES = """
flow("bom_sync", title="How the bill of materials of each part is kept up to date")
flow("注文", title="Orders").entrypoint(lambda: None, name="a")
flow("x", title="Two").entrypoint(lambda: None, name="b")
flow("x").step(lambda: None, name="c", after="b")
"""


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            90,
            [
                "bom_sync  3 steps, 1 path  How the bill of materials of each part is kept up to date",
                "x         2 steps, 1 path  Two",
                "注文      1 step, 1 path   Orders",
            ],
        ),
        (
            60,
            [
                "bom_sync  3 steps, 1 path  How the bill of materials of each",
                "                             part is kept up to date",
                "x         2 steps, 1 path  Two",
                "注文      1 step, 1 path   Orders",
            ],
        ),
        (
            40,
            [
                "bom_sync  3 steps, 1 path",
                "  How the bill of materials of each part",
                "    is kept up to date",
                "x         2 steps, 1 path",
                "  Two",
                "注文      1 step, 1 path",
                "  Orders",
            ],
        ),
    ],
)
def test_in_a_narrow_terminal_long_texts_give_way(project: Path, columns: int, expected: list[str]) -> None:
    """Names and counts keep their columns, also beside wide letters; titles are folded, or stand below."""
    (project / "flows.py").write_text(FLOWS.replace('title="BOM sync", ', "") + TITLES)
    assert expected == on_terminal("list", columns)


def test_a_name_of_almost_all_columns_stands_alone(project: Path) -> None:
    """Where not even names and counts have room side by side, no line is longer than the terminal."""
    (project / "flows.py").write_text(FLOWS.replace("bom_sync", "synchronisation_of_the_parts"))
    expected = ["synchronisation_of_the_parts", "  3 steps, 1 path", "  BOM sync"]
    assert expected == on_terminal("list", 40)
    expected = ["synchronisation_of_the_parts", "  0 of 2 arrows confirmed; 2 not", "    exercised"]
    assert expected == on_terminal("check --no-notes", 40)[:-1]


def test_no_line_of_a_flow_is_wider_than_the_terminal(project: Path) -> None:
    """`penstock show` folds what has no room, paths too; in a pipe, each step and path stays one line."""
    lines = on_terminal("show bom_sync --paths", 40)
    assert 40 >= max(map(len, lines))
    assert ["◆ handle_kafka_message", "│   ⇐ kafka:bom-updates"] == lines[3:5]
    assert "  handle_kafka_message → fetch_from_api" in lines
    assert "  handle_kafka_message → fetch_from_api → sync_to_database\n" in run("show", "bom_sync", "--paths").stdout


def test_hostile_names_do_not_reach_the_terminal(project: Path) -> None:
    """A name with terminal commands in it is printed without them, also in an error."""
    (project / "flows.py").write_text('from penstock import flow\nflow("a\\x1b]0;owned\\x07b").entrypoint(print)\n')
    done = run("show", "zzz")
    assert 2 == done.returncode
    assert "\x1b" not in done.stderr
    assert "owned" in done.stderr


LONG = '''
from penstock import flow

intake = flow("intake", title="Intake " + "of samples " * 12)


@intake.entrypoint(trigger="PUT /results/{sample}")
def enter():
    """Take a value by hand which a nurse has read from the display of an instrument, and which nobody has typed twice."""


@intake.step(after={"enter": "entered by a nurse or by whoever else is on duty"}, effects=["postgres:results", "queue:valid"])
def decide():
    """Let a doctor decide."""
'''
WHOLE = ("which nobody has typed twice.", "Let a doctor decide.")


@pytest.mark.parametrize("command", [("show", "intake"), ("render", "intake", "-f", "text", "--details")])
def test_titles_are_whole_in_a_pipe(project, monkeypatch, command):
    """Nothing is cut where there is no terminal, however long a title, a label or an effect of another step is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    (project / "flows.py").write_text(LONG)
    done = run(*command)
    assert [True, True] == [title in done.stdout for title in WHOLE]


def test_lists_in_a_pipe_have_one_line_for_each_flow(project, monkeypatch):
    """A program reads one line for each flow, with its whole title, whatever ``COLUMNS`` says."""
    monkeypatch.setenv("COLUMNS", "40")
    (project / "flows.py").write_text(LONG)
    assert [f"intake  2 steps, 1 path  Intake {'of samples ' * 12}".strip()] == run("list").stdout.splitlines()


@pytest.mark.parametrize("columns", [60, 90, 140])
def test_columns_say_how_wide_a_drawing_is(project, monkeypatch, columns):
    """Lines of a drawing and its heading end where ``COLUMNS`` says, in a pipe too."""
    monkeypatch.setenv("COLUMNS", str(columns))
    (project / "flows.py").write_text(LONG)
    shown = run("show", "intake").stdout
    assert columns * 2 // 3 < max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown


@pytest.mark.parametrize("columns", ["0", "-1", "wide", ""])
def test_columns_that_are_no_number_say_nothing(project, monkeypatch, columns):
    """Where ``COLUMNS`` is no number of columns, it is as if it were not set."""
    (project / "flows.py").write_text(LONG)
    monkeypatch.delenv("COLUMNS", raising=False)
    expected = run("show", "intake").stdout
    monkeypatch.setenv("COLUMNS", columns)
    assert expected == run("show", "intake").stdout
