"""Finds the functions of a project in its sources, without importing them."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.discover.recording import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MAX_FUNCTIONS = 1500
"""The functions that are read, those nearest to the entrypoint by imports first."""

_SKIPPED = frozenset({"tests", "test", "node_modules", "site-packages", "build", "dist", "docs", "migrations"})
"""Folders without the code of an application."""


@dataclass
class ProjectModules:
    """The modules below some folders.

    Attributes:
        roots (Sequence[Path]): The folders that modules are imported from.
        project (Path): The folder that files are named relative to.
    """

    roots: Sequence[Path]
    project: Path
    _trees: dict[str, ast.Module] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._files = {name: file for root in self.roots for name, file in _find_modules(root)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def list_functions(self, module: str) -> list[Function]:
        """Return the functions of a module that can be decorated."""
        file = self._files[module]
        name = str(file.relative_to(self.project)) if file.is_relative_to(self.project) else str(file)
        return [
            Function(module, prefix + node.name, name, _first_line(node), _kind(node))
            for prefix, node in _find_definitions(self._parse(module))
            if not (node.name.startswith("__") and node.name != "__call__")
        ]

    def find_nearest(self, module: str) -> Iterator[str]:
        """Yield a module and those that it imports, the nearest first."""
        known, waiting = {module}, [module]
        for name in waiting:
            yield name
            new = [imported for imported in self._list_imports(name) if imported not in known]
            known.update(new)
            waiting += new

    def _list_imports(self, module: str) -> list[str]:
        package = module if self._files[module].name == "__init__.py" else module.rpartition(".")[0]
        names: list[str] = []
        for node in ast.walk(self._parse(module)):
            if isinstance(node, ast.Import):
                names += (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = _resolve(node, package)
                names += (base, *(f"{base}.{alias.name}" for alias in node.names))
        return [name for name in dict.fromkeys(names) if name in self._files]

    def _parse(self, module: str) -> ast.Module:
        if module not in self._trees:
            try:
                with tokenize.open(self._files[module]) as stream:
                    self._trees[module] = ast.parse(stream.read())
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                self._trees[module] = ast.Module([], [])
        return self._trees[module]


def list_functions(modules: ProjectModules, names: Iterable[str]) -> list[Function]:
    """Return the functions of modules, up to the most that are read."""
    functions: list[Function] = []
    for name in names:
        functions += modules.list_functions(name)
        if len(functions) >= MAX_FUNCTIONS:
            break
    return functions[:MAX_FUNCTIONS]


def _find_modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the modules below a folder with their files; folders with a dot, of tests or with an environment are left out."""
    waiting = [(root, "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.suffix == ".py" and not entry.name.startswith(("test_", "conftest.")):
                name = prefix.removesuffix(".") if entry.stem == "__init__" else prefix + entry.stem
                if name and all(part.isidentifier() for part in name.split(".")):
                    yield name, entry
            elif entry.name.isidentifier() and entry.name not in _SKIPPED and _is_package_folder(entry):
                waiting.append((entry, f"{prefix}{entry.name}."))


def _is_package_folder(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "pyvenv.cfg").exists()


def _find_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the functions of a module and the methods of its classes, each with the names of the classes around it."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    for node, prefix in waiting:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix, child
            elif isinstance(child, ast.ClassDef):
                waiting.append((child, f"{prefix}{child.name}."))
            elif isinstance(child, ast.If | ast.Try | ast.With):
                waiting.append((child, prefix))


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
    is_async = isinstance(node, ast.AsyncFunctionDef)
    return ("async generator" if is_async else "generator") if yields else "coroutine" if is_async else "function"


def _resolve(node: ast.ImportFrom, package: str) -> str:
    """Return the module that names are imported from."""
    if not node.level:
        return node.module or ""
    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parents, *filter(None, [node.module])])
