"""Labels of arrows: the condition under which the source calls a step, where it is short."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from penstock.discover.choice.source import last_name

if TYPE_CHECKING:
    from penstock.discover.choice.source import FunctionSource

_MAX_LENGTH = 32
"""Characters of a condition that a reader takes in beside an arrow."""


def find_label(caller: FunctionSource | None, name: str) -> str:
    """Return the condition of a function's calls of another one, as in ``if paid``; an empty string if there is none.

    Args:
        caller: The definition of the calling function.
        name: The name of the called one.
    """
    if caller is None:
        return ""
    labels = set(_find_conditions(caller.node, name))
    return labels.pop() if len(labels) == 1 else ""


def _find_conditions(function: ast.AST, name: str) -> list[str]:
    """Return the condition right above each call, or an empty string where it has none or a long one."""
    conditions: list[str] = []
    waiting: list[tuple[ast.AST, str]] = [(child, "") for child in ast.iter_child_nodes(function)]
    while waiting:
        node, condition = waiting.pop()
        if isinstance(node, ast.Call) and last_name(node.func) == name:
            conditions.append(condition)
        if isinstance(node, ast.If | ast.IfExp):
            waiting.append((node.test, condition))
            waiting += ((child, _describe(node.test)) for child in _as_list(node.body))
            waiting += ((child, _negate(node.test)) for child in _as_list(node.orelse))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += ((child, condition) for child in ast.iter_child_nodes(node))
    return conditions


def _as_list(part: ast.AST | list[ast.stmt]) -> list[ast.AST]:
    return [*part] if isinstance(part, list) else [part]


def _describe(test: ast.expr) -> str:
    return _shorten(f"if {ast.unparse(test)}")


def _negate(test: ast.expr) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _describe(test.operand)
    if isinstance(test, ast.Name | ast.Attribute | ast.Call):
        return _shorten(f"if not {ast.unparse(test)}")
    return ""


def _shorten(label: str) -> str:
    return label if len(label) <= _MAX_LENGTH and label.isprintable() else ""
