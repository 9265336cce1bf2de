"""`penstock completion SHELL` completes commands, options and names of flows, in real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configured application, as the working directory, and penstock on PATH."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    text = 'from penstock import flow\nflow("orders", title="All: orders").entrypoint(lambda: 1, name="a")\n'
    (tmp_path / "flows.py").write_text(f'{text}flow("two words").entrypoint(lambda: 1, name="a")\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def complete(line: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the words that may stand at the end of a line."""
    main(["completion", "bash", "--words", *line.split(" ")])
    return [entry.partition("\t")[0] for entry in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sh", ["show"]),
        ("evidence ", ["merge", "from-otlp", "from-jaeger", "from-sql"]),
        ("show ", ["orders", "two words"]),
        ("show or", ["orders"]),
        ("show --direction LR or", ["orders"]),
        ("show orders ", []),
        ("check orders tw", ["two words"]),
        ("show -C nowhere ", []),
        ("show --pat", ["--path", "--paths"]),
        ("render x --format q", ["quarto"]),
        ("render x -o ", ["FILES"]),
        ("diff ", ["FILES"]),
        ("list -p ", ["FILES"]),
        ("list -m ", []),
        ("explain unc", ["unclaimed"]),
        ("explain cycle unr", ["unreachable", "unread"]),
        ("example s", ["shop"]),
        ("example shop ", ["FILES"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("completion bash --", ["--help"]),
        ("nothing ", []),
    ],
)
def test_words_that_may_follow(line: str, words: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands, options, choices, flows and codes are proposed where they may stand; files where a file may."""
    assert words == complete(line, capsys)


def test_descriptions_stand_beside_the_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Zsh and fish show what a word means."""
    main(["completion", "fish", "--words", "show", "ord"])
    assert "orders\tAll: orders\n" == capsys.readouterr().out


def test_bash_completes(project: Path) -> None:
    """Bash proposes the names of flows, with blanks escaped, and files after -o."""
    script = """
    eval "$(penstock completion bash)"
    COMP_WORDS=(penstock show ""); COMP_CWORD=2; _penstock; printf '%s\\n' "${COMPREPLY[@]}"
    COMP_WORDS=(penstock render orders -o py); COMP_CWORD=4; _penstock; printf '%s\\n' "${COMPREPLY[@]}"
    complete -p penstock
    """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    expected = ["orders", "two\\ words", "pyproject.toml", "complete -F _penstock penstock"]
    assert (expected, "") == (done.stdout.splitlines(), done.stderr)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes(project: Path) -> None:
    """Fish proposes commands, flows and files."""
    script = """
    penstock completion fish | source
    complete --do-complete "penstock sh"
    complete --do-complete "penstock show "
    complete --do-complete "penstock render orders -o py"
    """
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    expected = ["show\tdraw a flow in the terminal", "orders\tAll: orders", "two words\ttwo words", "pyproject.toml"]
    assert (expected, "") == (done.stdout.splitlines(), done.stderr)


@pytest.fixture
def zsh(project: Path) -> Iterator[int]:
    """An interactive zsh with the completion, on a terminal."""
    process, terminal = pty.fork()
    if not process:
        os.environ |= {"PS1": "% ", "TERM": "dumb"}
        os.execvp("zsh", ["zsh", "-f", "-i"])
    os.write(terminal, b'autoload -U compinit; compinit -u -D; eval "$(penstock completion zsh)"; echo re""ady\n')
    read_until(terminal, "\nready")
    yield terminal
    os.close(terminal)
    os.waitpid(process, 0)


def read_until(terminal: int, text: str) -> str:
    """Return what a terminal shows up to a text."""
    shown, until = "", time.monotonic() + 60
    while text not in shown:
        assert time.monotonic() < until, shown
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace").replace("\r", "\n")
    return shown


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes(zsh: int) -> None:
    """Zsh completes a command, the name of a flow, and lists flows with their titles."""
    os.write(zsh, b"penstock sho\t")
    read_until(zsh, "show ")
    os.write(zsh, b"or\t")
    read_until(zsh, "orders ")
    os.write(zsh, b"\x15penstock show \t")
    assert "two words" in read_until(zsh, "All: orders")
