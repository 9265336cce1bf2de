"""A source file as bytes and tree: finds definitions and inserts lines, and leaves every other byte as it is."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.atomic_files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from penstock.discover.recording import Function

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DefinitionNode = FunctionNode | ast.ClassDef


class UnwritableError(Exception):
    """A step that only a person can declare; the text says why."""


class Definition(NamedTuple):
    """The definition of a function.

    Attributes:
        node: The function.
        owners: The definitions around it, the outermost first.
    """

    node: FunctionNode
    owners: tuple[DefinitionNode, ...]


@dataclass(frozen=True)
class SourceFile:
    """One source file.

    Attributes:
        path: The file.
        data: Its content.
    """

    path: Path
    data: bytes

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """Return a file.

        Raises:
            UnwritableError: It cannot be read.
        """
        try:
            return cls(path, read_bytes(path))
        except OSError as error:
            raise UnwritableError(f"its file cannot be read: {error.strerror}") from None

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file.

        Raises:
            UnwritableError: This Python cannot read it.
        """
        try:
            return ast.parse(self.data)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise UnwritableError(f"its file cannot be parsed: {error}") from None

    @cached_property
    def lines(self) -> list[bytes]:
        """Its lines, with their ends, as Python counts them."""
        return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", self.data)

    @cached_property
    def newline(self) -> bytes:
        """The end of its lines: that of the first."""
        end = re.search(rb"\r\n|\r|\n", self.data)
        return end[0] if end else b"\n"

    @cached_property
    def encoding(self) -> str:
        """Its encoding, without a byte order mark."""
        return tokenize.detect_encoding(io.BytesIO(self.data).readline)[0].removesuffix("-sig")

    @cached_property
    def quote(self) -> str:
        """The quotes that most of its texts have; docstrings do not count."""
        texts = (node for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        starts = [self.lines[node.lineno - 1][node.col_offset :][:3] for node in texts]
        singles = sum(start[:1] == b"'" and start != b"'''" for start in starts)
        doubles = sum(start[:1] == b'"' and start != b'"""' for start in starts)
        return "'" if singles > doubles else '"'

    def find(self, function: Function) -> Definition:
        """Return the definition of a function.

        Raises:
            UnwritableError: It is not there, or decorators cannot stand above it.
        """
        if "<" in function.qualname:
            raise UnwritableError("it is made inside another function, so each call would declare it again")
        namesakes = [entry for entry in self.definitions if qualname_of(entry) == function.qualname]
        at_line = [entry for entry in namesakes if first_line(entry.node) <= function.line <= entry.node.lineno]
        choices = at_line or namesakes
        if not choices:
            raise UnwritableError("its definition is no longer there; watch the code again")
        if len(choices) > 1:
            lines = " and ".join(str(entry.node.lineno) for entry in choices)
            raise UnwritableError(f"it is defined several times, in the lines {lines}")
        return choices[0]

    @cached_property
    def definitions(self) -> list[Definition]:
        """The definitions of functions that are not inside others, in the order of the file."""
        return list(_iter_definitions(self.tree, ()))

    def indentation(self, definition: Definition) -> str:
        """Return the white space before a definition."""
        line = self.lines[definition.node.lineno - 1].removeprefix(b"\xef\xbb\xbf")
        return line[: len(line) - len(line.lstrip(b" \t\f"))].decode()

    @cached_property
    def indentation_unit(self) -> str:
        """The white space of one level."""
        match = re.search(rb"^(?:\t+|[ ]+)(?=[^\s#])", self.data, re.MULTILINE)
        return "\t" if match and match[0].startswith(b"\t") else "    "

    def insert(self, new_lines: Mapping[int, Sequence[str]], replaced: Mapping[int, str]) -> bytes:
        """Return the content with more lines.

        Args:
            new_lines: The lines to insert, by the number of the line that they come before.
            replaced: New texts of lines, by number.

        Raises:
            UnwritableError: The encoding of the file has no such letters, or the result would not be Python.
        """
        parts: list[bytes] = []
        try:
            for number, line in enumerate([*self.lines, b""], 1):
                if parts and new_lines.get(number) and not parts[-1].endswith((b"\n", b"\r")):
                    parts.append(self.newline)
                parts += [text.encode(self.encoding) + self.newline for text in new_lines.get(number, ())]
                parts.append(replaced[number].encode(self.encoding) + self.newline if number in replaced else line)
            result = b"".join(_keep_mark_first(parts))
            ast.parse(result)
        except UnicodeEncodeError:
            raise UnwritableError(f"its file is written in {self.encoding}, which lacks letters of the names") from None
        except SyntaxError as error:
            raise UnwritableError(f"the file with decorators would not be Python any more: {error}") from None
        return result


def _keep_mark_first(parts: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the parts with a byte order mark before all of them, as an insertion before line 1 would move it."""
    mark = b"\xef\xbb\xbf"
    if any(part.startswith(mark) for part in parts):
        yield mark
    yield from (part.removeprefix(mark) for part in parts)


def qualname_of(definition: Definition) -> str:
    """Return the qualified name of a definition."""
    parts = [f"{owner.name}{'' if isinstance(owner, ast.ClassDef) else '.<locals>'}" for owner in definition.owners]
    return ".".join([*parts, definition.node.name])


def first_line(node: FunctionNode) -> int:
    """Return the line of a function's first decorator, or of its definition without one."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _iter_definitions(node: ast.AST, owners: tuple[DefinitionNode, ...]) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield Definition(child, owners)
        if isinstance(child, ast.ClassDef):
            yield from _iter_definitions(child, (*owners, child))
        elif not isinstance(child, (ast.expr, FunctionNode)):
            yield from _iter_definitions(child, owners)
