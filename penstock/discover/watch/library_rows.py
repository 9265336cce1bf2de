"""Finds the rows of the table of effects for a module, by its file: no module of a library is looked at otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import CodeType

    from penstock.effects.rows import LibraryFunction


class LibraryRows:
    """The rows, by the ends of the paths of their modules.

    Args:
        rows: The rows.
    """

    def __init__(self, rows: Iterable[LibraryFunction]) -> None:
        self._by_end: dict[str, dict[str, LibraryFunction]] = {}
        self._names: set[str] = set()
        for row in rows:
            path = row.module.replace(".", os.sep)
            for end in (f"{os.sep}{path}.py", f"{os.sep}{path}{os.sep}__init__.py"):
                self._by_end.setdefault(end, {})[row.qualname] = row
                self._names.add(end.rpartition(os.sep)[2])

    def find(self, code: CodeType) -> Mapping[str, LibraryFunction]:
        """Return the rows of a module, by qualified name, from the module's code."""
        file = code.co_filename
        if file.rpartition(os.sep)[2] not in self._names:
            return {}
        return next((rows for end, rows in self._by_end.items() if file.endswith(end)), {})
