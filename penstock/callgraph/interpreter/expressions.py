"""Expressions: names, attributes, conditions and the like, in Python's order of evaluation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.function_bodies import Body, positional
from penstock.callgraph.interpreter.assignments import assign
from penstock.callgraph.interpreter.branches import follow_branches
from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.functions import LocalFunction
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import wrap
from penstock.callgraph.values.pending import PendingCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.interpreter.state import FunctionState
    from penstock.callgraph.values.classes import LocalClass


def _visit_constant(_: FunctionState, node: ast.Constant) -> ValueSet:
    return ValueSet([wrap(node.value)])


def _visit_name(state: FunctionState, node: ast.Name) -> ValueSet:
    return state.find(node.id)


def _visit_attribute(state: FunctionState, node: ast.Attribute) -> ValueSet:
    owners = state.evaluate(node.value)
    result = ValueSet(tags=owners.tags)
    for owner in owners:
        result.update(owner.attribute(state, node.attr, node))
        if isinstance(owner, (Container, PendingCall)):
            result.tags |= ValueSet([owner]).deep_tags()
    return result


def _visit_await(state: FunctionState, node: ast.Await) -> ValueSet:
    awaitables = state.evaluate(node.value)
    result = awaitables.wait(state)
    for value in awaitables:
        if isinstance(value, Instance):
            result.update(state.call(value.attribute(state, "__await__", node), Arguments(), node))
    return result


def _visit_starred(state: FunctionState, node: ast.Starred) -> ValueSet:
    return state.evaluate(node.value)


def _visit_named(state: FunctionState, node: ast.NamedExpr) -> ValueSet:
    values = state.evaluate(node.value)
    assign(state, node.target, values)
    return values


def _visit_conditional(state: FunctionState, node: ast.IfExp) -> ValueSet:
    state.evaluate(node.test)
    result = ValueSet()
    follow_branches(state, *(_evaluate_into(state, way, result) for way in choose(node.test, node.body, node.orelse)))
    return result


def _evaluate_into(state: FunctionState, node: ast.expr, result: ValueSet) -> Callable[[], bool]:
    def evaluate_branch() -> bool:
        """Evaluate the expression, add its values to the result, and return ``True``."""
        result.update(state.evaluate(node))
        return True

    return evaluate_branch


def _visit_boolean(state: FunctionState, node: ast.BoolOp) -> ValueSet:
    result = ValueSet().update(state.evaluate(node.values[0]))
    for value in node.values[1:]:
        follow_branches(state, _evaluate_into(state, value, result), lambda: True)
    return result


def choose(test: ast.expr, body: Any, orelse: Any) -> list[Any]:
    """Return which of two branches a test may choose."""
    constant = is_always(test)
    return [way for way, may_run in ((body, constant is not False), (orelse, constant is not True)) if may_run]


def is_always(test: ast.expr) -> bool | None:
    """Return whether a test always or never holds: ``if False:``, ``if TYPE_CHECKING:``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = is_always(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.Constant):
        return bool(test.value)
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return False if name == "TYPE_CHECKING" else None


def _visit_yield(state: FunctionState, node: ast.Yield) -> ValueSet:
    state.yielded = (state.yielded or ValueSet()).update(state.evaluate(node.value))
    return ValueSet()


def _visit_yield_from(state: FunctionState, node: ast.YieldFrom) -> ValueSet:
    source = state.evaluate(node.value)
    state.yielded = (state.yielded or ValueSet()).update(source.iterate(state))
    return ValueSet(tags=source.tags)


def _visit_lambda(state: FunctionState, node: ast.Lambda) -> ValueSet:
    return ValueSet([LocalFunction(make_body(state, node))])


def make_body(
    state: FunctionState, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: LocalClass | None = None
) -> Body:
    """Return a function that is defined inside the interpreted one."""
    names = positional(node)
    defaults = dict(zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=False))
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    defaults |= {parameter.arg: default for parameter, default in pairs if default is not None}
    return Body(
        key=(id(node), id(state.scope)),
        node=node,
        file=state.body.file,
        module=state.body.module,
        outer=state.scope,
        owner=owner or state.body.owner,
        defaults={name: state.evaluate(default) for name, default in defaults.items()},
        imports=state.body.imports,
        package=state.body.package,
    )


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], ValueSet]] = {
    ast.Constant: _visit_constant,
    ast.Name: _visit_name,
    ast.Attribute: _visit_attribute,
    ast.Await: _visit_await,
    ast.Starred: _visit_starred,
    ast.NamedExpr: _visit_named,
    ast.IfExp: _visit_conditional,
    ast.BoolOp: _visit_boolean,
    ast.Yield: _visit_yield,
    ast.YieldFrom: _visit_yield_from,
    ast.Lambda: _visit_lambda,
}
