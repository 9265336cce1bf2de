"""Finds the module that a path leads to, for users who name a file where a module is expected."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SOURCE_FOLDERS = frozenset({"src", "lib", "python"})
"""Usual names of folders that modules are imported from."""


def module_of_file(name: str, base: Path) -> tuple[str, Path]:
    """Return the module that a path leads to, and the folder to import it from, relative to ``base``."""
    is_whole = name.endswith(("*", "/", "\\"))
    path = Path(re.sub(r"[/\\]+", "/", name.strip().rstrip("*").rstrip("/\\.")) or ".")
    if path.is_absolute() and path.is_relative_to(base):
        path = path.relative_to(base)
    elif path.is_absolute() or ".." in path.parts:
        path = Path(os.path.relpath(base / path, base))
    if path == Path():
        return name, path
    folder = _find_import_folder(path, base)
    parts = path.relative_to(folder).with_suffix("" if path.suffix == ".py" else path.suffix).parts
    module = ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)
    return f"{module}.*" if is_whole and (base / path).is_dir() else module, folder


def _find_import_folder(path: Path, base: Path) -> Path:
    """Return the folder above the outermost package of a path; without packages, the source folder or ``base``."""
    packages = [parent for parent in path.parents if (base / parent / "__init__.py").is_file()]
    if packages or (base / path / "__init__.py").is_file():
        return (packages[-1] if packages else path).parent
    sources = [parent for parent in path.parents if parent.name in _SOURCE_FOLDERS or parent.name == ".."]
    return sources[0] if sources else Path()
