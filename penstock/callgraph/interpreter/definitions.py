"""Statements that define names: imports, functions and classes inside the interpreted function."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from penstock.callgraph.interpreter.expressions import make_body
from penstock.callgraph.live_objects import NOTHING, by_name, held_by
from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.classes import LocalClass
from penstock.callgraph.values.functions import LocalFunction
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.interpreter.state import FunctionState


def _visit_import(state: FunctionState, node: ast.Import) -> None:
    for alias in node.names:
        name = alias.name if alias.asname else alias.name.partition(".")[0]
        _bind_import(state, alias.asname or name, sys.modules.get(name, NOTHING))


def _visit_import_from(state: FunctionState, node: ast.ImportFrom) -> None:
    base = node.module or ""
    if node.level:
        parts = state.body.package.split(".")
        base = ".".join(filter(None, [*parts[: len(parts) - node.level + 1], node.module]))
    module = sys.modules.get(base)
    for alias in node.names:
        thing = held_by(module).get(alias.name, NOTHING) if module is not None else NOTHING
        if thing is NOTHING:
            thing = by_name(f"{base}.{alias.name}")
        _bind_import(state, alias.asname or alias.name, thing)


def _bind_import(state: FunctionState, name: str, thing: Any) -> None:
    state.assign_name(name, ValueSet([wrap(thing)] if thing is not NOTHING else []))


def _visit_function(state: FunctionState, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    decorators = frozenset(
        expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "") for expr in node.decorator_list
    )
    function = ValueSet([LocalFunction(make_body(state, node), decorators)])
    state.assign_name(node.name, _apply_decorators(state, function, node.decorator_list))


def _apply_decorators(state: FunctionState, values: ValueSet, decorators: list[ast.expr]) -> ValueSet:
    for decorator in reversed(decorators):
        outcome = state.evaluate(decorator).call(state, Arguments([values]), decorator)
        results = state.commit(outcome._replace(reach={}, started={}))
        values = results if len(results) else values
    return values


def _visit_class(state: FunctionState, node: ast.ClassDef) -> None:
    bases = [state.evaluate(base) for base in node.bases]
    kind = LocalClass(node, bases, {})
    names = dict(state.scope.names)
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            decorators = frozenset(getattr(decorator, "id", "") for decorator in statement.decorator_list)
            kind.attributes[statement.name] = ValueSet([LocalFunction(make_body(state, statement, kind), decorators)])
        else:
            names_before = set(state.scope.names)
            state.execute([statement])
            new_names = set(state.scope.names) - names_before
            kind.attributes |= {name: state.scope.names[name] for name in new_names}
    state.scope.names = names
    state.assign_name(node.name, _apply_decorators(state, ValueSet([kind]), node.decorator_list))


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], bool | None]] = {
    ast.Import: _visit_import,
    ast.ImportFrom: _visit_import_from,
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef), _visit_function),
    ast.ClassDef: _visit_class,
}
