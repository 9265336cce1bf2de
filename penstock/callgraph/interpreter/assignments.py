"""Assignments: to names, to several at once, to attributes and to items."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    from penstock.callgraph.interpreter.state import FunctionState
    from penstock.callgraph.values.base import Value


def assign(state: FunctionState, target: ast.expr, values: ValueSet) -> None:
    """Assign to a name, to names in a tuple, to an attribute or to an item."""
    if isinstance(target, ast.Name):
        state.assign_name(target.id, values)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(state, target, values)
    elif isinstance(target, ast.Attribute):
        for owner in state.evaluate(target.value):
            owner.set_attribute(state, target.attr, values)
    elif isinstance(target, ast.Subscript):
        _assign_item(state, target, values)
    elif isinstance(target, ast.Starred):
        assign(state, target.value, values)


def _assign_item(state: FunctionState, target: ast.Subscript, values: ValueSet) -> None:
    containers, keys = state.evaluate(target.value), state.evaluate(target.slice)
    constants = keys.constants()
    known_keys = constants if len(constants) == len(keys) == 1 else []
    for container in containers:
        container.set_item(state, known_keys, values)
    if isinstance(target.value, ast.Name) and not len(containers):
        state.assign_name(target.value.id, ValueSet().update(containers, ValueSet(tags=values.deep_tags())))


def _unpack(state: FunctionState, target: ast.Tuple | ast.List, values: ValueSet) -> None:
    star = next((at for at, element in enumerate(target.elts) if isinstance(element, ast.Starred)), None)
    for at, element in enumerate(target.elts):
        parts = ValueSet(tags=values.tags)
        for value in values:
            if at == star:
                rest = Container.at(state.where(element), rest=value.iterate(state))
                parts.add(rest)
            else:
                parts.update(_take_part(state, value, at, None if star is None or at < star else len(target.elts)))
        assign(state, element, parts)


def _take_part(state: FunctionState, value: Value, at: int, count: int | None) -> ValueSet:
    """Return the part for the target ``at`` from the left, or from the right of ``count`` targets behind a star."""
    length = value.length()
    if count is None:
        is_sequence = length is not None or isinstance(value, Container)
        return value.item(state, at) if is_sequence else value.iterate(state)
    return value.item(state, length - (count - at)) if length is not None else value.iterate(state)
