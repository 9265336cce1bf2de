"""Finds the modules of a project that declare flows, by reading their source; nothing is imported."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.atomic_files import read_bytes
from penstock.check.fix.module_scope import ModuleNames
from penstock.config.module_paths import module_of_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "test", "tests", "venv"})
_MARKS = ("step", "entrypoint", "flow_task")


class DeclaringModule(NamedTuple):
    """A module that declares flows.

    Attributes:
        name: Its name.
        root: The folder that it is imported from, relative to the project.
        flows: The names of the flows that it names in its source.
    """

    name: str
    root: str
    flows: tuple[str, ...]


def find_declaring_modules(project: Path) -> list[DeclaringModule]:
    """Return the modules that declare flows, sorted by name; those of tests are left out."""
    files = sorted(_iter_files(project))
    modules = []
    for file in files:
        flows = _read_flows(file, files)
        if flows is not None:
            name, root = module_of_file(str(file.relative_to(project)), project)
            modules.append(DeclaringModule(name, root.as_posix(), tuple(flows)))
    return sorted(modules)


def _iter_files(project: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(project):
        folders[:] = [
            name
            for name in folders
            if name not in _SKIPPED
            and not name.startswith(".")
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - a walk of texts
        ]
        yield from (Path(folder, name) for name in names if name.endswith(".py") and not _is_test(name))


def _is_test(name: str) -> bool:
    return name.startswith("test_") or name.endswith("_test.py") or name in {"conftest.py", "tests.py"}


def _read_flows(file: Path, files: Sequence[Path]) -> list[str] | None:
    """Return the flows that a module names, or ``None`` if it declares nothing."""
    try:
        text = read_bytes(file)
    except OSError:
        return None
    if not any(word in text for word in (b"penstock", b".step", b".entrypoint", b".flow_task")):
        return None
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call | ast.Attribute)]
    except (SyntaxError, ValueError, RecursionError):
        return None
    scope = ModuleNames(file, text, files)
    flows = [name for node in calls if (name := _flow_of(node, scope)) is not None]
    return list(dict.fromkeys(filter(None, flows))) if flows else None


def _flow_of(node: ast.Call | ast.Attribute, scope: ModuleNames) -> str | None:
    """Return the flow that a call names, or the one whose mark a handle gives; empty without a literal name."""
    if isinstance(node, ast.Attribute):
        return scope.flow(ast.unparse(node.value)) if node.attr in _MARKS else None
    if scope.expand_name(ast.unparse(node.func)) not in {"penstock.flow", "penstock.contrib.celery.flow_task"}:
        return None
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
