"""`penstock example` gives a reader an application to try, without a clone of the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penstock.cli.bundle.example import EXAMPLES
from penstock.cli.main import main

ROOT = Path(__file__).parents[2]


def test_examples_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name, each example has a line with its purpose."""
    assert 0 == main(["example"])
    lines = capsys.readouterr().out.splitlines()
    assert list(EXAMPLES) == [line.split()[0] for line in lines[:-2]]
    assert "Copy one: penstock example shop DIR" == lines[-1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_copied_as_it_is_tracked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy has every tracked file of the example and no other, and the output names the next commands."""
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["example", name, "my app"])
    tracked = subprocess.run(
        ["git", "ls-files", "."], cwd=ROOT / "docs/examples" / name, capture_output=True, text=True, check=True
    )
    copied = [path.relative_to("my app").as_posix() for path in Path("my app").rglob("*") if path.is_file()]
    assert sorted(tracked.stdout.split()) == sorted(copied)
    commands = capsys.readouterr().out.splitlines()[1:]
    assert "  cd 'my app'" == commands[0]
    assert len(commands) >= 3


def test_the_folder_has_the_examples_name_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example goes to a folder of its own name."""
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["example", "parts"])
    assert Path("parts/pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        ("shop/note.txt", "penstock: shop is not empty, and nothing was written. Name a new folder, such as shop-ex"),
        ("shop", "penstock: shop is a file, and nothing was written. Name a new folder"),
    ],
)
def test_nothing_is_overwritten(
    existing: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not empty, or a file, is refused with the cure."""
    monkeypatch.chdir(tmp_path)
    Path(existing).parent.mkdir(exist_ok=True)
    Path(existing).write_text("mine")
    assert 2 == main(["example", "shop"])
    assert capsys.readouterr().err.startswith(message)
    assert "mine" == Path(existing).read_text()


def test_the_working_directory_is_answered_by_a_folder_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`penstock example shop .` in a folder with files names a folder below it."""
    monkeypatch.chdir(tmp_path)
    Path("note.txt").touch()
    assert 2 == main(["example", "shop", "."])
    assert capsys.readouterr().err.endswith("Name a new folder, such as shop\n")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A folder that was made beforehand is fine as long as it is empty."""
    assert 0 == main(["example", "shop", str(tmp_path)])
    assert (tmp_path / "shop" / "orders.py").is_file()


def test_a_copied_example_has_its_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The copy is whole: its flows can be listed."""
    main(["example", "parts", str(tmp_path)])
    capsys.readouterr()
    assert 0 == main(["list", "-C", str(tmp_path), "-f", "names"])
    assert ["bom_sync", "user_update"] == capsys.readouterr().out.split()


def test_an_unknown_example_has_a_near_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelled name is answered by the right one."""
    assert 2 == main(["example", "shp"])
    assert "there is no example 'shp'. Did you mean 'shop'?" in capsys.readouterr().err


def test_python_finds_the_module_of_the_command() -> None:
    """`python -m penstock example` is the same command."""
    done = subprocess.run([sys.executable, "-m", "penstock", "example"], capture_output=True, text=True, check=False)
    assert (0, True) == (done.returncode, done.stdout.startswith("shop "))
