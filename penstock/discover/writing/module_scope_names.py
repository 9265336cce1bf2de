"""The names of a module's own scope, and those that it has for penstock's marks."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class ModuleScope:
    """The names that decorators in a module may use, and those that they may not take.

    Attributes:
        tree: The module.
    """

    tree: ast.Module

    @cached_property
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        """The imports that always run: those below ``if`` or ``try`` do not count."""
        return [node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]

    @cached_property
    def marks(self) -> dict[str, str]:
        """The module's expression for each of penstock's names that it imports."""
        aliases = [alias for node in self.imports if _is_from_penstock(node) for alias in node.names]
        return {alias.name: alias.asname or alias.name for alias in aliases}

    @cached_property
    def package(self) -> str:
        """The module's name for penstock itself, or an empty string."""
        plain = [alias for node in self.imports if isinstance(node, ast.Import) for alias in node.names]
        return next((alias.asname or alias.name for alias in plain if alias.name == "penstock"), "")

    @cached_property
    def taken(self) -> frozenset[str]:
        """The names that mean something else in the module or in one of its classes."""
        ours = {alias for node in self.imports if _is_from_penstock(node) for alias in node.names}
        bound = {name for node in _iter_scope(self.tree) for name in _bound_names(node, ours)}
        shared = {name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}
        if any(alias.name == "*" for node in self.imports for alias in node.names):
            shared |= {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        return frozenset((bound | shared) - {*self.marks.values()} - {self.package})


def _is_from_penstock(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "penstock" and not node.level


def _iter_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a module and its classes, but not those inside functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _SCOPES):
            yield from _iter_scope(child)


def _bound_names(node: ast.AST, ours: set[ast.alias]) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.alias) and node not in ours:
        return [(node.asname or node.name).partition(".")[0]]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    return []
