"""Finds the imported names in an annotation: ``Mapping`` alone does not identify its target."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


def import_bindings(node: ast.AST) -> Iterable[tuple[str, str]]:
    """Return each name that an import statement binds, with its target; relative imports keep their dots."""
    if isinstance(node, ast.Import):
        return [(alias.asname, alias.name) for alias in node.names if alias.asname]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        base = "." * node.level + (f"{node.module}." if node.module else "")
        return [(alias.asname or alias.name, f"{base}{alias.name}") for alias in node.names if alias.name != "*"]
    return ()


def spoken_of(signature: str, names: Mapping[str, str], package: str) -> Iterator[str]:
    """Yield each imported name that occurs in a signature, in the form of an import statement."""
    for name in sorted(set(_WORD.findall(signature)).intersection(names)):
        full = _absolute(names[name], package)
        yield full if full.endswith(f".{name}") else f"{full} as {name}"


def _absolute(name: str, package: str) -> str:
    bare = name.lstrip(".")
    for _ in range(len(name) - len(bare) - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{bare}" if package and bare != name else bare
