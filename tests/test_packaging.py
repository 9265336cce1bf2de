"""What an index of packages shows of penstock."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def build(project: Path, kind: str, folder: Path) -> Path:
    """Return a distribution of a project."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=project, capture_output=True, text=True, check=True, timeout=300)
    [made] = folder.glob("penstock-*")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution as an index builds it."""
    folder = tmp_path_factory.mktemp("distributions")
    with tarfile.open(build(PROJECT, "sdist", folder / "sdist")) as source:
        source.extractall(folder, filter="data")
    [unpacked] = folder.glob("penstock-*")
    return build(unpacked, "wheel", folder / "wheel")


def test_the_description_leads_nowhere_that_an_index_does_not_have(wheel: Path) -> None:
    """Pictures and links of README that are files of the repository are left out; their words and all else stay."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    shown = metadata.get_payload(decode=True).decode()
    assert "text/markdown" == metadata["Description-Content-Type"]
    assert [] == [target for target in re.findall(r"\]\(([^)]*)\)", shown) if not target.startswith("https://")]
    assert "**Diagrams that are checked**: each arrow" in shown
    assert CODE.findall((PROJECT / "README.md").read_text(encoding="utf-8")) == CODE.findall(shown)


def test_the_wheel_has_the_examples_and_the_reference(wheel: Path, tmp_path: Path) -> None:
    """From a fresh environment, `penstock example` copies an application that runs, and `penstock explain` explains."""
    environment, app = tmp_path / "venv", tmp_path / "app"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=300)
    python = environment / "bin" / "python"
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, *install], check=True, timeout=300)

    def run(*arguments: object) -> str:
        """Return what a command prints in the copied example."""
        words = [python, "-m", *map(str, arguments)]
        cwd = app if app.exists() else tmp_path
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout + done.stderr

    assert "cd app" in run("penstock", "example", "shop", "app")
    assert "order_processing\nshipping\n" == run("penstock", "list", "-f", "names")
    assert "confirmed" in run("shop")
    assert "Mend it:" in run("penstock", "explain", "unmarked")
    assert "complete -F _penstock penstock" in run("penstock", "completion", "bash")
