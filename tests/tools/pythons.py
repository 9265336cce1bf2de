"""Finds other Pythons on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def find_python(version: str) -> str:
    """Return a Python that runs, from PATH or from where pyenv and uv put them; or an empty string."""
    name = f"python{version}"
    folders = (
        Path(sys.base_prefix).parent,
        Path.home() / ".pyenv" / "versions",
        Path.home() / ".local/share/uv/python",
    )
    near = [str(python) for folder in folders for python in sorted(folder.glob(f"*{version}.*/bin/{name}"))]
    return next((python for python in (shutil.which(name), *near) if python and _runs(python)), "")


def _runs(python: str) -> bool:
    """Return whether a command is a Python: pyenv puts names on PATH that only print where to find one."""
    return not subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode
