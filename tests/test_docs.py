"""Types the pages as a reader would, and holds the reference against the code."""

from __future__ import annotations

import doctest
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import penstock
from penstock import errors, manifest, model, observers
from penstock.config import SETTINGS
from penstock.render import FORMATS
from penstock_mkdocs.options import OPTIONS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)
FILE_ABOVE = re.compile(r"`([^`\s]+)`:\s*\Z")
FLOW_ID = re.compile(r"\b[0-9a-f]{32}\b")

PAGES = {
    "README.md": None,
    "docs/tutorial.md": None,
    "docs/how-to/command-line.md": "docs/examples/shop",
    "docs/how-to/sphinx.md": "docs/examples/shop",
    "docs/how-to/mkdocs.md": "docs/examples/shop",
    "docs/how-to/properdocs-and-zensical.md": "docs/examples/shop",
    "docs/how-to/logging.md": None,
    "docs/how-to/hard-to-import.md": None,
    "docs/how-to/several-services.md": "docs/examples",
    "docs/how-to/code-that-is-not-yours.md": None,
    "docs/reference/command-line.md": "docs/examples/shop",
}
"""The pages that are typed, each with the folder that its reader stands in: empty, or a copy of an example."""


class Block(NamedTuple):
    """A fenced block: a file to write, or commands with what they print."""

    file: str
    info: str
    body: str


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        file = FILE_ABOVE.search(text[: match.start()])
        found.append(Block(file[1] if file else "", match["info"].strip(), match["body"]))
    return found


def type_page(page: str, folder: Path) -> None:
    """Write the page's files and run its commands in the order of the page; every output must be as shown."""
    code = 0
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.info == "console":
            for command, shown in commands(block.body):
                assert code == 0 or command == "echo $?", f"{page} does not show that the command before fails: {command}"
                code, printed = run(command, code, folder)
                assert normal(command, shown) == normal(command, printed), f"{page}: {command}"
    assert code == 0


def commands(body: str) -> list[tuple[str, str]]:
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def run(command: str, previous: int, folder: Path) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        ["bash", "-c", f"(exit {previous}); {command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return result.returncode, result.stdout


def normal(command: str, text: str) -> str:
    """Return what has to be equal: IDs are random, and argparse of each Python wraps and words in its own way."""
    if command.endswith("--help"):
        return " ".join(re.sub(r"(-\w) ([^,\s]+), (--\w+) \2", r"\1, \3 \2", text).split())
    text = text.replace(sys.executable, "/app/.venv/bin/python")
    names: dict[str, str] = {}
    return FLOW_ID.sub(lambda match: names.setdefault(match[0], f"ID {len(names) + 1}"), text)


@pytest.mark.parametrize(("page", "start"), PAGES.items())
def test_pages_can_be_typed_as_they_stand(page, start, tmp_path):
    """Whoever types a page from top to bottom sees exactly what it shows."""
    folder = tmp_path / "work"
    if start:
        shutil.copytree(ROOT / start, folder, ignore=shutil.ignore_patterns(".penstock", "__pycache__", "site", ".cache"))
    else:
        folder.mkdir()
    type_page(page, folder)
    for check in CHECKS.get(page, ()):
        check(folder)
