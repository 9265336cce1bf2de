"""What an index of packages shows of penstock."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def build(project: Path, kind: str, folder: Path) -> Path:
    """Return a distribution of a project."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=project, capture_output=True, text=True, check=True, timeout=300)
    [made] = folder.glob("penstock-*")
    return made


def test_the_description_leads_nowhere_that_an_index_does_not_have(tmp_path: Path) -> None:
    """Pictures and links of README that are files of the repository are left out; their words and all else stay."""
    with tarfile.open(build(PROJECT, "sdist", tmp_path / "sdist")) as source:
        source.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.glob("penstock-*")
    with zipfile.ZipFile(build(unpacked, "wheel", tmp_path / "wheel")) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(wheel.read(name))
    shown = metadata.get_payload(decode=True).decode()
    assert "text/markdown" == metadata["Description-Content-Type"]
    assert [] == [target for target in re.findall(r"\]\(([^)]*)\)", shown) if not target.startswith("https://")]
    assert "**Diagrams that are checked**: each arrow" in shown
    assert CODE.findall((PROJECT / "README.md").read_text(encoding="utf-8")) == CODE.findall(shown)
