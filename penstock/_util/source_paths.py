"""Files of source: as absolute and as relative paths, and whose they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_INSTALLED = re.compile(r"(^|/)(site-packages|dist-packages|lib/python3\.\d+)/")


def absolute(path: str | Path) -> str:
    """Return a path made absolute without following links: modules are known by the path that leads to them."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() follows links


def is_installed(file: str) -> bool:
    """Return whether a path leads through a folder of installed packages."""
    return bool(_INSTALLED.search(f"{file.replace(os.sep, '/')}/"))


def is_own(file: str, roots: Iterable[str]) -> bool:
    """Return whether a file is the user's own code: below one of the roots, but not in an environment there."""
    for root in roots:
        inside = file.startswith(root.rstrip(os.sep) + os.sep)
        if file == root or (inside and not is_installed(file[len(root) :])):
            return True
    return False


def relative(file: str | Path, project: Path) -> str:
    """Return a path relative to the project, with forward slashes and ``..`` where it lies outside."""
    if Path(file).is_relative_to(project):
        return Path(file).relative_to(project).as_posix()
    try:
        path, base = Path(file).resolve(), project.resolve()
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
        return Path(os.path.relpath(file, project)).as_posix()
    except ValueError:  # another drive, or no path at all
        return Path(file).as_posix()
