"""Finds the modules that a setting names: one, or with ``.*`` a package and everything under it."""

from __future__ import annotations

import contextlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock import _inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType


def import_all(name: str, attempt: Callable[[str], object], note_folder: Callable[[str], object]) -> None:
    """Import the modules that a name stands for.

    Args:
        name: A module's name, or ``package.*``.
        attempt: Imports one module, and does not raise.
        note_folder: Takes note of a folder that was searched.
    """
    bare = name.removesuffix(".*")
    attempt(bare)
    if name != bare:
        _descend(bare, search_path(bare), set(), attempt, note_folder)


def _descend(
    package: str,
    folders: Sequence[str],
    seen: set[str],
    attempt: Callable[[str], object],
    note_folder: Callable[[str], object],
) -> None:
    """Import everything in a package; a folder without ``__init__.py`` is a namespace package."""
    names: dict[str, list[str]] = {}
    for folder in folders:
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back up
            continue
        seen.add(real)
        if Path(folder).is_dir():
            note_folder(folder)
        names |= {found.name: [] for found in pkgutil.iter_modules([folder]) if found.name.isidentifier()}
        for name in _inputs.subfolders(folder):
            if names.get(name) != []:
                names.setdefault(name, []).append(str(Path(folder, name)))
    for name, parts in sorted(names.items()):
        full = f"{package}.{name}"
        if parts:
            _descend(full, parts, seen, attempt, note_folder)
        elif name != "__main__":
            attempt(full)
            _descend(full, search_path(full), seen, attempt, note_folder)


def search_path(name: str) -> list[str]:
    """Return the folders in which a package looks for its modules; none if it is not imported, or no package."""
    with contextlib.suppress(Exception):  # an odd module may fail with anything, or answer nonsense
        return [str(folder) for folder in attributes(sys.modules[name]).get("__path__", ())]
    return []


def attributes(module: ModuleType) -> dict[str, Any]:
    """Return what a module holds; a lazy one would load itself if it were asked in any other way."""
    held: dict[str, Any] = object.__getattribute__(module, "__dict__")
    return held
