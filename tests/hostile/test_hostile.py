"""The harnesses in small: `make hostile` runs them in full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SIZES = {
    "builders": 1,
    "clocks": 2,
    "corrupted": 8,
    "disks": 1,
    "docstrings": 30,
    "kills": 2,
    "modules": 4,
    "texts": 100,
}
NEEDS = {
    "builders": ["sphinx", "mkdocs"],
    "disks": ["sphinx", "mkdocs"],
    "docstrings": ["bs4", "markdown"],
    "kills": ["sphinx", "mkdocs"],
}
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, forks and limits of POSIX")


@pytest.mark.parametrize(("name", "size"), SIZES.items(), ids=SIZES)
def test_nothing_goes_wrong(name, size):
    """None of some attempts to hurt penstock succeeds."""
    for module in NEEDS.get(name, []):
        pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py", str(size), "1"], capture_output=True, text=True, timeout=300, check=False
    )
    assert (0, f"{name}: {size} tried, 0 wrong (seed 1)\n", "") == (done.returncode, done.stdout, done.stderr)


WRONG = """
import sys
sys.path.insert(0, {here!r})
from harness import main
main(lambda chance, folder: "it was even" if chance.random() < 0.5 else "", 20)
"""


def test_what_goes_wrong_is_counted_and_can_be_repeated():
    """A harness that finds something exits with 1, and prints the command that finds exactly that again."""
    program = WRONG.format(here=str(HERE))
    first = subprocess.run([sys.executable, "-c", program, "20", "7"], capture_output=True, text=True, check=False)
    *found, total = first.stdout.splitlines()
    assert (1, f"-c: 20 tried, {len(found)} wrong (seed 7)") == (first.returncode, total)
    arguments = found[0].partition(":")[0].split()[2:]
    again = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert [found[0], "-c: 1 tried, 1 wrong (seed 7)"] == again.stdout.splitlines()
