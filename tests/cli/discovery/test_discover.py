"""`penstock discover` lists where flows could begin, and proposes, changes and writes one."""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.cli.main import main
from recorded_bakery import copy_bakery

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = "bakery.orders:place_order"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example without flows, with a recording of its tests, as the working directory."""
    monkeypatch.chdir(copy_bakery(tmp_path))
    return tmp_path


@pytest.fixture
def type_lines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that makes a terminal of the streams, in which these lines are typed; the input ends after the last."""

    def start(*lines: str) -> None:
        """Type the lines."""
        waiting = list(lines)

        def read_line(question: str) -> str:
            """Print the question, and return the next line."""
            print(question)
            if not waiting:
                raise EOFError
            return waiting.pop(0)

        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr("builtins.input", read_line)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    return start


def read_files(folder: Path) -> dict[str, str]:
    """Return the files of a project, without what penstock keeps for itself."""
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*.*")
        if file.suffix in (".py", ".toml")
    }


def test_candidates_are_listed_with_the_next_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--from`, the likeliest entrypoint is the first line, and the last line proposes its flow."""
    assert 0 == main(["discover"])
    first, *_, last = capsys.readouterr().out.splitlines()
    assert f"1  {PLACE}  4 runs, 8 functions inside  ⇒ files:labels, sqlite:sales, sqlite:shelf" == first
    assert f"Next: penstock discover --from {PLACE}" == last


def test_a_proposal_is_drawn_and_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The flow is drawn with its effects, conditions and evidence, and nothing is written."""
    before = read_files(project)
    assert 0 == main(["discover", "--from", "place_order"])
    printed = capsys.readouterr().out
    parts = [
        "Take an order, and return its number (place_order)",
        "⇒ sqlite:sales",
        "(if is_member)",
        "arrows confirmed by 4 runs",
    ]
    assert ([], before) == ([part for part in parts if part not in printed], read_files(project))
    assert "  penstock discover --from place_order --write decorators\n" in printed


@pytest.mark.parametrize("way", ["decorators", "outside"])
def test_a_written_flow_passes_the_check_at_once(project: Path, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The settings and the evidence are written with the flow, so that there is no finding."""
    assert 0 == main(["discover", "--from", "place_order", "--write", way, "--yes"])
    assert re.search(
        r"^place_order  (\d+) of \1 arrows confirmed by 4 runs on 20", capsys.readouterr().out, re.MULTILINE
    )
    assert (0, "0 findings, 0 notes") == (main(["check"]), capsys.readouterr().out.splitlines()[-1])


def test_a_second_run_finds_the_flow(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flow that is declared is marked in the table, and only what it lacks is written."""
    main(["discover", "--from", "place_order", "--write", "outside", "--yes"])
    files = read_files(project)
    main(["discover"])
    assert "begins the flow place_order" in capsys.readouterr().out
    assert 0 == main(["discover", "--from", "place_order", "--steps", "7", "--write", "outside", "--yes"])
    assert "note: the flow place_order begins there already; what it lacks is proposed." in capsys.readouterr().err
    added = {name for name, text in read_files(project).items() if files[name] != text}
    assert added <= {"penstock_flows.py"}


def test_a_conversation_changes_the_proposal(
    project: Path, type_lines: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The reader picks an entrypoint by its number, changes steps, and has decorators written."""
    type_lines("1", "drop print_label", "rename record_sale sell", "drap x", "write", "d", "y")
    assert 0 == main(["discover"])
    assert "there is no answer 'drap'. Did you mean 'drop'?" in capsys.readouterr().err
    files = read_files(project)
    sell = '@step(after=["price_order", "apply_discount"], name="sell", effects=["sqlite:sales"])\ndef record_sale('
    assert sell in files["bakery/ledger.py"]
    assert ")\n\n\ndef print_label(" in files["bakery/orders.py"]


@pytest.mark.parametrize("typed", [["1", "quit"], ["1", "write", ""], ["1", "write", "d", "n"], ["1"], [""], []])
def test_a_conversation_can_end_without_a_change(
    project: Path, type_lines: Callable[..., None], typed: list[str]
) -> None:
    """Whatever is not confirmed is not written, also where the input ends."""
    before = read_files(project)
    type_lines(*typed)
    main(["discover"])
    assert before == read_files(project)


def test_a_page_shows_the_proposal(project: Path) -> None:
    """`--html` writes the diagram and the steps, as `penstock open` shows them."""
    assert 0 == main(["discover", "--from", "place_order", "--html", "page.html"])
    page = Path("page.html").read_text()
    parts = ["<svg", "record_sale</text>", "Write a sale into the books"]
    assert [] == [part for part in parts if part not in page]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--from place_ordr", "place_order"),
        ("--static", "--static: name the function at which the flow begins"),
        ("--static --from x -- pytest", "--static: it reads the code only"),
        (
            "pytest",
            "there is no file 'pytest' (No such file or directory). To watch a command: penstock discover -- pytest",
        ),
        ("--steps none", "--steps: 'none' is not a number of steps"),
        ("--write decorator", "--write: there is no way 'decorator'. Ways: decorators, outside [FILE]."),
        ("--write decorators x.json", "--write: unexpected x.json"),
        ("--from place_order --write outside ../x.py --yes", "is no module in"),
        ("-C /nowhere", "--project: there is no folder '/nowhere'"),
        ("-- no-such-command", "cannot start 'no-such-command'"),
        ("a.appmap.json -- pytest", "read recordings, or watch a command: not both"),
    ],
)
def test_a_wrong_command_line_says_the_cure(
    project: Path, arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every contradiction is one error, with exit code 2."""
    assert (2, True) == (main(["discover", *arguments.split()]), message in capsys.readouterr().err)


def test_without_a_recording_the_cure_is_to_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A project in which nothing was watched gets the command to begin with."""
    monkeypatch.chdir(tmp_path)
    assert 2 == main(["discover"])
    assert "nothing was watched yet. Watch your tests: penstock discover -- pytest" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All files of a flow are written, or none."""
    (project / "pyproject.toml").write_text("#" * 50_000)
    before = read_files(project)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        assert 2 == main(["discover", "--from", "place_order", "--write", "decorators", "--yes"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "pyproject.toml: File too large" in capsys.readouterr().err
    assert before == read_files(project)


def test_what_is_to_be_written_is_written_unread(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that ends early, as in `penstock discover … | head -1`, does not keep the flow from being written."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert 0 == main(["discover", "--from", "place_order", "--yes", "--write", "outside"])
    assert "penstock_flows.py" in read_files(project)
