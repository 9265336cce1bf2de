"""A definition in a source file."""

from __future__ import annotations

import ast
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A definition found in its file: the node, the class around it, the file's index."""

    node: Definition
    parent: ast.AST
    index: Index


class Index(dict[tuple[int, str], tuple[Definition, ast.AST]]):
    """A file's index: definitions by first line and name, and by 0 and qualified name; and its imports."""

    def __init__(self, file: str, lines: list[str]) -> None:
        super().__init__()
        self.is_package = file.endswith("__init__.py")
        self.lines = lines
        self.imports: dict[str, str] = {}
