"""The import of penstock's marks: their names in a module, and the place of the line that imports them."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.discover.writing.mark_text import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from penstock.discover.writing.module_scope_names import ModuleScope

_FUTURE, _STANDARD, _THIRD_PARTY, _OWN = range(4)
"""The groups of imports, in their usual order (PEP 8)."""

Import = ast.Import | ast.ImportFrom


@dataclass
class LineChanges:
    """Changes of a file, by line.

    Attributes:
        inserted: The lines to insert, by the number of the line that they come before.
        replaced: New texts of lines, by number.
    """

    inserted: dict[int, list[str]] = field(default_factory=dict)
    replaced: dict[int, str] = field(default_factory=dict)

    def insert(self, number: int, lines: Sequence[str]) -> None:
        """Insert lines before a line, below others that are inserted there."""
        self.inserted.setdefault(number, []).extend(lines)


def name_marks(scope: ModuleScope, needed: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the module's expressions for marks, and the names that it has to import.

    Args:
        scope: The names of the module.
        needed: The marks: ``flow``, ``entrypoint``, ``step``.

    Returns:
        The expressions by mark, and the imported names with the names that they get; ``{"": "penstock"}`` stands for
        the package itself.
    """
    known = {mark: scope.marks[mark] for mark in needed if mark in scope.marks}
    missing = sorted({*needed} - known.keys())
    if not missing:
        return known, {}
    if scope.package:
        return {mark: f"{scope.package}.{mark}" for mark in missing} | known, {}
    if not scope.taken.intersection(missing):
        return {mark: mark for mark in missing} | known, {mark: mark for mark in missing}
    if "penstock" not in scope.taken:
        return {mark: f"penstock.{mark}" for mark in missing} | known, {"": "penstock"}
    names = {mark: f"penstock_{mark}" for mark in missing}
    return names | known, names


def add_import(
    changes: LineChanges, scope: ModuleScope, names: Mapping[str, str], lines: Sequence[bytes], own: Collection[str]
) -> None:
    """Add the line that imports names of penstock, where the order of the other imports wants it.

    Args:
        changes: The changes of the file.
        scope: The names of the module.
        names: The imported names, as of :func:`name_marks`.
        lines: The lines of the file.
        own: The names of the project's own top-level modules.
    """
    if not names:
        return
    present = [node for node in scope.imports if isinstance(node, ast.ImportFrom) and _is_extensible(node, lines)]
    if present and "" not in names:
        extended = {alias.name: alias.asname or alias.name for alias in present[0].names} | {**names}
        if len(line := _import_line(extended)) <= MAX_LINE:
            changes.replaced[present[0].lineno] = line
            return
    _insert_line(changes, scope.tree, _import_line(names), lines, own)


def _import_line(names: Mapping[str, str]) -> str:
    if "" in names:
        return "import penstock"
    parts = (name if name == given else f"{name} as {given}" for name, given in sorted(names.items()))
    return f"from penstock import {', '.join(parts)}"


def _is_extensible(node: ast.ImportFrom, lines: Sequence[bytes]) -> bool:
    """Return whether a line imports from penstock and has nothing else in it, such as parentheses or a comment."""
    if node.module != "penstock" or node.level or node.lineno != node.end_lineno:
        return False
    return lines[node.lineno - 1].strip() == ast.unparse(node).encode()


def _insert_line(
    changes: LineChanges, tree: ast.Module, line: str, lines: Sequence[bytes], own: Collection[str]
) -> None:
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    head: list[Import] = []
    for node in body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            break
        head.append(node)
    if not head:
        _insert_without_imports(changes, tree, body, line, lines)
        return
    key = (_THIRD_PARTY, not line.startswith("import "), "penstock")
    position = next((i for i, node in enumerate(head) if _sort_key(node, own) > key), len(head))
    before = head[position - 1] if position else None
    behind = head[position] if position < len(head) else None
    if behind and _sort_key(behind, own)[0] == _THIRD_PARTY:
        changes.insert(behind.lineno, [line])
    elif before:
        number = (before.end_lineno or before.lineno) + 1
        is_grouped = _sort_key(before, own)[0] != _THIRD_PARTY and (not behind or number < behind.lineno)
        changes.insert(number, ["", line] if is_grouped else [line])
    elif behind:
        changes.insert(behind.lineno, [line, ""])


def _insert_without_imports(
    changes: LineChanges, tree: ast.Module, body: Sequence[ast.stmt], line: str, lines: Sequence[bytes]
) -> None:
    """Insert the line below the docstring, or above the first statement and the comment that belongs to it."""
    if body is not tree.body and tree.body[0].end_lineno:
        changes.insert(tree.body[0].end_lineno + 1, ["", line])
        return
    first = min(node.lineno for node in (body[0], *getattr(body[0], "decorator_list", ())))
    top = first
    while top > 1 and lines[top - 2].startswith(b"#"):
        top -= 1
    changes.insert(first if top == 1 else top, [line, "", ""])


def _sort_key(node: Import, own: Collection[str]) -> tuple[int, bool, str]:
    """Return the group of an import and its place there, as isort and Ruff sort."""
    is_from = isinstance(node, ast.ImportFrom)
    name = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
    root = name.partition(".")[0]
    if root == "__future__":
        group = _FUTURE
    elif (isinstance(node, ast.ImportFrom) and node.level) or root in own:
        group = _OWN
    else:
        group = _STANDARD if root in sys.stdlib_module_names else _THIRD_PARTY
    return group, is_from, name.lower()
