"""Examples of the documentation with their declarations taken out, as code looks before anything is known of flows."""

from __future__ import annotations

import ast
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def copy_undeclared(example: Path, folder: Path) -> Path:
    """Copy an example without its declarations; return the copy."""
    copy = folder / example.name
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__", ".penstock", ".pytest_cache"))
    for file in copy.rglob("*.py"):
        tree = ast.parse(file.read_text())
        file.write_text(ast.unparse(_Eraser(tree).visit(tree)))
    (copy / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    return copy


class _Eraser(ast.NodeTransformer):
    """Takes out all that comes from penstock: imports, decorators, statements, arguments; an ID becomes a text."""

    def __init__(self, tree: ast.Module) -> None:
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and _is_ours(node)]
        self._names = {alias.asname or alias.name for node in imports for alias in node.names}
        for node in tree.body:
            if isinstance(node, ast.Assign) and self._mentions(node.value):
                self._names |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def _mentions(self, node: ast.AST) -> bool:
        return any(isinstance(inner, ast.Name) and inner.id in self._names for inner in ast.walk(node))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if _is_ours(node) else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        is_handle = any(isinstance(target, ast.Name) and target.id in self._names for target in node.targets)
        return None if is_handle else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return ast.Pass() if self._mentions(node) else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._undecorate(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._undecorate(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._undecorate(node)

    def _undecorate(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.decorator_list = [decorator for decorator in node.decorator_list if not self._mentions(decorator)]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self._mentions(node.func):
            return ast.Constant("")
        node.keywords = [keyword for keyword in node.keywords if not self._mentions(keyword.value)]
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        is_format = isinstance(node.value, str) and "%(flow_id)s" in node.value
        return ast.Constant(str(node.value).replace("%(flow_id)s ", "")) if is_format else node


def _is_ours(node: ast.ImportFrom) -> bool:
    return (node.module or "").partition(".")[0] == "penstock"
