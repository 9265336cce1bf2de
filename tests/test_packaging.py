"""What an index of packages shows of penstock."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from trove_classifiers import classifiers

if TYPE_CHECKING:
    from email.message import Message

PROJECT = Path(__file__).parents[1]
TARGET = re.compile(r"\]\(([^)]*)\)")
EXTRAS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
EXTRAS_PAGE = (PROJECT / "docs" / "reference" / "extras.md").read_text("utf-8")
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def build(project: Path, kind: str, folder: Path) -> Path:
    """Return a distribution of a project."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=project, capture_output=True, text=True, check=True, timeout=300)
    [made] = folder.glob("penstock-*")
    return made


def described(folder: Path, repository: str) -> Message:
    """Return the metadata of a wheel that is built from the source distribution, with this address of the repository."""
    with tarfile.open(build(PROJECT, "sdist", folder / "sdist")) as source:
        source.extractall(folder, filter="data")
    [unpacked] = folder.glob("penstock-*")
    settings = unpacked / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('repository = ""', f'repository = "{repository}"'), "utf-8")
    with zipfile.ZipFile(build(unpacked, "wheel", folder / "wheel")) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(wheel.read(name))


def description_of(metadata: Message) -> str:
    """Return the text that an index shows."""
    assert "text/markdown" == metadata["Description-Content-Type"]
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_without_a_public_repository_nothing_is_promised(tmp_path: Path) -> None:
    """Pictures, and links to files of the repository, are left out; their words and all code stay."""
    metadata = described(tmp_path, "")
    text = description_of(metadata)
    assert [] == [target for target in TARGET.findall(text) if not target.startswith("https://")]
    assert "Why penstock compares more tools" in text
    assert "## Documentation and source" not in text
    assert "> " not in text[: text.index("## ")]
    assert CODE.findall((PROJECT / "README.md").read_text(encoding="utf-8")) == CODE.findall(text)
    assert None is metadata.get_all("Project-URL")


def test_a_public_repository_has_the_pictures_and_pages(tmp_path: Path) -> None:
    """With one setting, pictures and links lead into the repository, and the index lists its addresses."""
    metadata = described(tmp_path, "https://code.example/penstock")
    targets = TARGET.findall(description_of(metadata))
    assert "https://code.example/penstock/raw/HEAD/docs/_static/order_changed.svg" in targets
    assert "https://code.example/penstock/blob/HEAD/docs/tutorial.md" in targets
    assert [] == [target for target in targets if not target.startswith("https://")]
    assert "Source, https://code.example/penstock" in metadata.get_all("Project-URL", [])


def test_the_index_shows_the_licenses_of_extras(tmp_path: Path) -> None:
    """The table of the extras is a part of the description."""
    assert "\n## Extras and their licenses\n" in description_of(described(tmp_path, ""))


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"all"}))
def test_extras_and_their_licenses_are_listed(extra: str) -> None:
    """The reference lists the packages of each extra, with the licenses that these state themselves."""
    [row] = re.findall(rf"^\| `{extra}` \|.*$", EXTRAS_PAGE, re.MULTILINE)
    for requirement in map(Requirement, EXTRAS[extra]):
        names = [f"`{name}`" for name in requirement.extras] if requirement.name == "penstock" else [requirement.name]
        assert [] == [name for name in names if name not in row]
        if requirement.name != "penstock" and (license_ := license_of(requirement.name)):
            assert license_ in row


def license_of(package: str) -> str:
    """Return the license of an installed package as it states it by SPDX, if it does."""
    try:
        return str(distribution(package).metadata.get("License-Expression", ""))
    except PackageNotFoundError:
        return ""


def test_the_index_knows_every_classifier() -> None:
    """An index would refuse a classifier that it does not know."""
    named = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    assert [] == [name for name in named if name not in classifiers]
