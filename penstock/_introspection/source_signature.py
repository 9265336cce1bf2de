"""Formats signatures as written in the source: names, defaults and annotations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def format_signature(node: ast.FunctionDef | ast.AsyncFunctionDef, *, is_method: bool) -> str:
    """Return a signature as written; for a method, without its bound argument."""
    parameters = list(_parameters(node.args))
    if is_method and parameters:
        skip = 2 if len(node.args.posonlyargs) == 1 else 1  # a lone ``self, /`` takes its slash along
        parameters = parameters[skip:]
    returns = f" -> {_annotation(node.returns)}" if node.returns else ""
    return f"({', '.join(parameters)}){returns}"


def _parameters(args: ast.arguments) -> Iterator[str]:
    positional = [*args.posonlyargs, *args.args]
    defaults = [*[None] * (len(positional) - len(args.defaults)), *args.defaults]
    for index, (arg, default) in enumerate(zip(positional, defaults, strict=True), start=1):
        yield _parameter(arg, default)
        if index == len(args.posonlyargs):
            yield "/"
    if args.vararg:
        yield f"*{_parameter(args.vararg, None)}"
    elif args.kwonlyargs:
        yield "*"
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _parameter(arg, default)
    if args.kwarg:
        yield f"**{_parameter(args.kwarg, None)}"


def _parameter(arg: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {_annotation(arg.annotation)}" if arg.annotation else ""
    equals = " = " if annotation else "="
    return f"{arg.arg}{annotation}{equals + ast.unparse(default) if default else ''}"


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Name):  # the usual case; unparsing is slow
        return node.id
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)
