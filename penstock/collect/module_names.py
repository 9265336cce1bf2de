"""Finds the modules of a setting: one, or with ``.*`` a package and everything under it."""

from __future__ import annotations

import contextlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.collect import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType


def import_all(name: str, attempt: Callable[[str], object], note_folder: Callable[[str], object]) -> None:
    """Import the modules of a name.

    Args:
        name: A module's name, or ``package.*``.
        attempt: Imports one module, and does not raise.
        note_folder: Records a searched folder.
    """
    bare = name.removesuffix(".*")
    attempt(bare)
    if name != bare:
        _descend(bare, search_path(bare), set(), attempt, note_folder)


def _descend(
    package: str,
    folders: Sequence[str],
    visited_folders: set[str],
    attempt: Callable[[str], object],
    note_folder: Callable[[str], object],
) -> None:
    """Import everything in a package; a folder without ``__init__.py`` is a namespace package."""
    names: dict[str, list[str]] = {}
    for folder in folders:
        real = os.path.realpath(folder)
        if real in visited_folders:  # a link that leads back up
            continue
        visited_folders.add(real)
        if Path(folder).is_dir():
            note_folder(folder)
        names |= {module.name: [] for module in pkgutil.iter_modules([folder]) if module.name.isidentifier()}
        for name in inputs.subfolders(folder):
            if names.get(name) != []:
                names.setdefault(name, []).append(str(Path(folder, name)))
    for name, parts in sorted(names.items()):
        full = f"{package}.{name}"
        if parts:
            _descend(full, parts, visited_folders, attempt, note_folder)
        elif name != "__main__":
            attempt(full)
            _descend(full, search_path(full), visited_folders, attempt, note_folder)


def search_path(name: str) -> list[str]:
    """Return the folders in which a package searches its modules; empty for plain or missing modules."""
    with contextlib.suppress(Exception):  # an unusual module may raise anything, or return nonsense
        return [str(folder) for folder in attributes(sys.modules[name]).get("__path__", ())]
    return []


def attributes(module: ModuleType) -> dict[str, Any]:
    """Return the namespace of a module; any other access would load a lazy module."""
    namespace: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return namespace
