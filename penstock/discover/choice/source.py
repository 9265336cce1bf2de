"""Reads the definitions of recorded functions in their source, without importing it."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.discover.recording import Function

    Definition = ast.FunctionDef | ast.AsyncFunctionDef

_ACCESSORS = frozenset({"property", "cached_property", "setter", "getter", "deleter", "classproperty"})
"""Decorators that turn a function into an attribute."""
_REGISTERED = frozenset(
    {
        "simple_tag",
        "inclusion_tag",
        "filter",
        "template_filter",
        "template_global",
        "overload",
        "receiver",
        "listens_for",
    }
)
"""Decorators of functions that templates or signals call, and of those that never run."""


_FRAMEWORK_FOLDERS = frozenset({"migrations", "templatetags"})
"""Packages whose functions only a framework calls, for its own purposes."""


def is_out_of_reach(function: Function) -> bool:
    """Return whether no decorator reaches a function, because it is inside another, or only a framework's machinery calls it."""
    return "<" in function.qualname or not _FRAMEWORK_FOLDERS.isdisjoint(function.module.split("."))


@dataclass(frozen=True)
class FunctionSource:
    """The definition of a function.

    Attributes:
        node (Definition): Its syntax tree.
        owner (ast.ClassDef | None): The class that it is a method of.
    """

    node: Definition
    owner: ast.ClassDef | None = None

    @property
    def docstring(self) -> str:
        """Its docstring, or an empty string."""
        return ast.get_docstring(self.node) or ""

    @cached_property
    def statements(self) -> int:
        """The number of its statements, at any depth, without the docstring."""
        count = sum(isinstance(node, ast.stmt) for node in ast.walk(self.node)) - 1
        return count - bool(self.docstring)

    @cached_property
    def decorators(self) -> frozenset[str]:
        """The last names of its decorators."""
        return frozenset(filter(None, map(last_name, self.node.decorator_list)))

    @property
    def is_attribute(self) -> bool:
        """Whether it is read like an attribute: a property, or its setter."""
        return not self.decorators.isdisjoint(_ACCESSORS)

    @property
    def is_plumbing(self) -> bool:
        """Whether templates or signals call it, which hold the function itself, so that no step can stand before it."""
        return not self.decorators.isdisjoint(_REGISTERED)


@dataclass
class SourceReader:
    """Finds definitions, and reads each file once.

    Attributes:
        project (Path): The folder that relative files are in.
    """

    project: Path
    _files: dict[str, dict[tuple[str, int], FunctionSource]] = field(default_factory=dict)

    def find(self, function: Function) -> FunctionSource | None:
        """Return the definition of a function; ``None`` where its source is missing or has changed."""
        if function.file not in self._files:
            self._files[function.file] = self._read(function.file)
        return self._files[function.file].get((function.name, function.line))

    def _read(self, file: str) -> dict[tuple[str, int], FunctionSource]:
        try:
            with tokenize.open(self.project / file) as stream:
                tree = ast.parse(stream.read())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return {}
        definitions: dict[tuple[str, int], FunctionSource] = {}
        waiting: list[tuple[ast.AST, ast.ClassDef | None]] = [(tree, None)]
        for node, owner in waiting:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                definitions[node.name, line] = FunctionSource(node, owner)
            inner = node if isinstance(node, ast.ClassDef) else None
            waiting += ((child, inner or (None if _is_scope(node) else owner)) for child in ast.iter_child_nodes(node))
        return definitions


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def last_name(node: ast.expr) -> str:
    """Return the last name of a dotted expression, or of what it calls; an empty string for others."""
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
