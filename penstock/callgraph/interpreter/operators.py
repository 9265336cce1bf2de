"""Operators: methods of the user's classes, chains of tasks, and texts known in part."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING, Any

from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.functions import Partial
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import wrap
from penstock.callgraph.values.opaque import PartialText
from penstock.callgraph.values.pending import PendingCall, call_in_sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.interpreter.state import FunctionState

_METHODS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}


def _visit_binary(state: FunctionState, node: ast.BinOp) -> ValueSet:
    left, right = state.evaluate(node.left), state.evaluate(node.right)
    if isinstance(node.op, ast.BitOr) and any(isinstance(value, (Partial, PendingCall)) for value in left):
        return state.commit(call_in_sequence(state, [left, right], node))
    result = ValueSet(tags=left.deep_tags() | right.deep_tags())
    result.update(call_operator(state, node.op, left, right, node))
    return result.update(add_operands(state, left, right, node)) if isinstance(node.op, ast.Add) else result


def call_operator(state: FunctionState, operator: ast.AST, left: ValueSet, right: ValueSet, node: ast.AST) -> ValueSet:
    """Call the methods of an operator, of either operand, and return the results."""
    name = _METHODS.get(type(operator))
    result = ValueSet()
    for operand, argument, form in ((left, right, "__{}__"), (right, left, "__r{}__")) if name else ():
        for value in operand:
            if isinstance(value, Instance):
                methods = value.attribute(state, form.format(name), node)
                result.update(state.call(methods, Arguments([argument]), node))
    return result


def add_operands(state: FunctionState, left: ValueSet, right: ValueSet, node: ast.AST) -> ValueSet:
    """Return the sum of containers or of texts."""
    containers = [value for value in (*left, *right) if isinstance(value, Container)]
    if containers:
        items = ValueSet().update(*(container.everything() for container in containers))
        return ValueSet([Container.at(state.where(node), rest=items)])
    texts = [value for value in left.constants() if isinstance(value, str)]
    ends = [value for value in right.constants() if isinstance(value, str)]
    if texts and ends:
        return ValueSet(wrap(text + end) for text in texts[:4] for end in ends[:4])
    return ValueSet([PartialText(texts[0] if texts else "", ends[0] if ends else "")] if texts or ends else [])


def _visit_comparison(state: FunctionState, node: ast.Compare) -> ValueSet:
    left = state.evaluate(node.left)
    tags = left.deep_tags()
    for operator, comparator in zip(node.ops, node.comparators, strict=True):
        right = state.evaluate(comparator)
        tags |= right.deep_tags()
        call_operator(state, operator, left, right, node)
        left = right
    return ValueSet(tags=tags)


def _visit_joined_text(state: FunctionState, node: ast.JoinedStr) -> ValueSet:
    tags: set[int] = set()
    texts: list[str | None] = []
    for part in node.values:
        values = state.evaluate(part)
        tags |= values.deep_tags()
        constants = values.constants()
        texts.append(constants[0] if len(values) == len(constants) == 1 and type(constants[0]) is str else None)
    if None not in texts:
        return ValueSet([wrap("".join(filter(None, texts)))], tags)
    start, end = _join_known(texts), _join_known(texts[::-1], backwards=True)
    return ValueSet([PartialText(start, end)] if start or end else [], tags)


def _join_known(texts: list[str | None], *, backwards: bool = False) -> str:
    """Return the text in front of the first part that is not known; the parts may come in reversed order."""
    known_texts = [text or "" for text in itertools.takewhile(lambda text: text is not None, texts)]
    return "".join(known_texts[::-1] if backwards else known_texts)


def _visit_formatted_value(state: FunctionState, node: ast.FormattedValue) -> ValueSet:
    values = state.evaluate(node.value)
    if node.format_spec is not None:
        return ValueSet(tags=values.deep_tags() | state.evaluate(node.format_spec).deep_tags())
    is_plain = node.conversion == -1 and len(values) == len(values.constants()) == 1
    return ValueSet(values if is_plain else (), values.deep_tags())


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], ValueSet]] = {
    ast.BinOp: _visit_binary,
    ast.Compare: _visit_comparison,
    ast.JoinedStr: _visit_joined_text,
    ast.FormattedValue: _visit_formatted_value,
}
