"""Mistakes in conf.py that would end in a warning of Sphinx's own, or in nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import penstock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["penstock", "penstock_mkdocs"])
def test_the_name_of_the_library_is_no_extension(name: str, tmp_path: Path) -> None:
    """`extensions = ["penstock"]` loads the extension, with a warning that says its name."""
    if name == "penstock_mkdocs":
        pytest.importorskip("markdown")
    (tmp_path / "conf.py").write_text(f"extensions = [{name!r}]")
    (tmp_path / "index.rst").write_text("Title\n=====\n")
    command = [sys.executable, "-m", "sphinx", "-q", tmp_path, tmp_path / "out"]
    plain = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, env=plain, capture_output=True, text=True, check=False, timeout=120)
    cure = "the Sphinx extension of penstock is penstock_sphinx. Write: extensions = ['penstock_sphinx']"
    [warning] = done.stderr.strip().splitlines()
    assert (0, True, True) == (done.returncode, warning.startswith("WARNING: "), cure in warning)


def test_the_library_has_no_setup_of_its_own() -> None:
    """Where Sphinx is not at work, the library has no name `setup` to take for something else."""
    code = "import penstock; print(hasattr(penstock, 'setup'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "False\n" == done.stdout
    assert "setup" not in penstock.__all__
