"""Types in autodoc's spelling, derived from the source and from the imports of its module."""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_IMPORT = re.compile(r"([\w.]+?)(?: as (\w+))?")
_TYPING = re.compile(r"~?(?:typing|typing_extensions)\.(\w+)")


def qualify_types(annotation: ast.expr, imports: Iterable[str], module: str, *, short: bool) -> ast.expr:
    """Return an annotation with the full name of each type, and ``|`` for unions.

    Args:
        annotation: The annotation in the source; it is changed in place.
        imports: The imports of its names, such as ``typing as t``.
        module: The module that contains it and defines the other names.
        short: Whether to show only the last part of a name, which Sphinx marks with ``~``.
    """
    matches = (_IMPORT.fullmatch(entry) for entry in imports)
    names = {entry[2] or entry[1].rpartition(".")[2]: entry[1] for entry in matches if entry}
    speller = _TypeQualifier(names, "" if short else module, "~" if short else "")
    return speller.visit(annotation)  # type: ignore[no-any-return]


class _TypeQualifier(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], module: str, mark: str) -> None:
        self._names = names
        self._module = module
        self._mark = mark

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace a name by its full name."""
        return self._make_name(self._full(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Replace a dotted name by its full name; ``args`` and ``kwargs`` of a ParamSpec stay."""
        name = ast.unparse(node)
        first, _, rest = name.partition(".")
        if rest in ("args", "kwargs") and first not in self._names:  # of a ParamSpec
            return node
        # of unimported names, a class of the module begins with a capital, and another module does not
        prefix = self._full(first) if first[:1].isupper() else self._names.get(first, first)
        return self._make_name(f"{prefix}.{rest}")

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Read a type that is quoted because it is defined further down."""
        if not isinstance(node.value, str):
            return node
        try:
            expression = ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return node
        return self.visit(expression)  # type: ignore[no-any-return]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """Qualify the names in a generic type, and write ``Optional`` and ``Union`` with ``|``."""
        node.value = self.visit(node.value)
        kind = _TYPING.fullmatch(ast.unparse(node.value))
        special = kind[1] if kind else ""
        if "Literal" in (special, ast.unparse(node.value)):  # holds values; a star import hides whose it is
            return node
        if special == "Annotated" and isinstance(node.slice, ast.Tuple):
            node.slice.elts[0] = self.visit(node.slice.elts[0])
            return node
        node.slice = self.visit(node.slice)
        if special == "Optional":
            return ast.BinOp(node.slice, ast.BitOr(), ast.Constant(None))
        return _union(node.slice) if special == "Union" else node

    def _full(self, name: str) -> str:
        own = self._module and not hasattr(builtins, name)
        return self._names.get(name, f"{self._module}.{name}" if own else name)

    def _make_name(self, name: str) -> ast.Name:
        return ast.Name(f"{self._mark}{name}" if "." in name else name, ast.Load())


def _union(types: ast.expr) -> ast.expr:
    first, *others = types.elts if isinstance(types, ast.Tuple) else [types]
    for alternative in others:
        first = ast.BinOp(first, ast.BitOr(), alternative)
    return first
