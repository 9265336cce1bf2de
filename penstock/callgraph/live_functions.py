"""Definitions of functions that exist since the import: their source, closure and defaults."""

from __future__ import annotations

import ast
import linecache
from typing import TYPE_CHECKING

from penstock._introspection.definitions import find_source
from penstock.callgraph.function_bodies import Body, LocalNames, positional
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType

    from penstock.callgraph.function_bodies import Node


def body_of(function: FunctionType, tags: tuple[int, ...], owner: type | None) -> Body | None:
    """Return the definition of an existing function, or ``None`` where its source is not available."""
    code = function.__code__
    source = find_source(function)
    node: Node | None
    if source is not None and not isinstance(source.node, ast.ClassDef):
        node, imports, is_package = source.node, source.index.imports, source.index.is_package
    else:
        node, imports, is_package = _lambda_at(code), {}, False
    if node is None:
        return None
    name = str(function.__globals__.get("__name__", ""))
    return Body(
        key=("function", id(function)),
        node=node,
        file=code.co_filename,
        module=function.__globals__,
        outer=_closure(function),
        owner=wrap(owner) if owner is not None else None,
        defaults=_defaults(function, node),
        imports=imports,
        package=name if is_package else name.rpartition(".")[0],
        tags=tags,
        keep=function,
    )


def _closure(function: FunctionType) -> LocalNames | None:
    names = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = ValueSet([wrap(cell.cell_contents)])
        except ValueError:  # not assigned yet
            names[name] = ValueSet()
    return LocalNames(names=names) if names else None


def _defaults(function: FunctionType, node: Node) -> dict[str, ValueSet]:
    names = positional(node)
    values = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=False)) | (function.__kwdefaults__ or {})
    return {name: ValueSet([wrap(value)]) for name, value in defaults.items()}


_lambdas: dict[str, tuple[list[str], dict[tuple[int, int], ast.Lambda]]] = {}


def _lambda_at(code: CodeType) -> ast.Lambda | None:
    if code.co_name != "<lambda>":
        return None
    lines = linecache.getlines(code.co_filename)
    entry = _lambdas.get(code.co_filename)
    if entry is None or entry[0] is not lines:
        entry = _lambdas[code.co_filename] = lines, dict(_find_lambdas(lines))
    start = next((place[2] for place in code.co_positions() if place[0] and place[2]), 0)
    near = [item for item in entry[1].items() if item[0][0] == code.co_firstlineno]
    return min(near, key=lambda item: abs(item[0][1] - (start or 0)), default=(None, None))[1]


def _find_lambdas(lines: list[str]) -> Iterator[tuple[tuple[int, int], ast.Lambda]]:
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            yield (node.lineno, node.body.col_offset), node
