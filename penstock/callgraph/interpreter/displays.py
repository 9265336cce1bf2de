"""Expressions that create containers or look into them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.interpreter.assignments import assign
from penstock.callgraph.live_objects import is_constant, is_hashable
from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.interpreter.state import FunctionState
    from penstock.callgraph.values.base import Value


def _visit_sequence(state: FunctionState, node: ast.List | ast.Tuple | ast.Set) -> ValueSet:
    container = Container("tuple" if isinstance(node, ast.Tuple) else "list", state.where(node))
    for element in node.elts:
        if isinstance(element, ast.Starred):
            container.rest.update(state.evaluate(element.value).iterate(state))
        else:
            container.items[len(container.items)] = state.evaluate(element)
    return ValueSet([container])


def _visit_dict(state: FunctionState, node: ast.Dict) -> ValueSet:
    container = Container("dict", state.where(node))
    for key, value in zip(node.keys, node.values, strict=True):
        keys = state.evaluate(key)
        values = state.evaluate(value)
        if key is None:
            _merge_dictionaries(container, values)
        else:
            _add_entry(container, keys, values)
    return ValueSet([container])


def _merge_dictionaries(container: Container, values: ValueSet) -> None:
    for value in values:
        if isinstance(value, Container):
            container.items |= value.items
            container.rest.update(value.rest)
    container.rest.tags |= values.tags


def _add_entry(container: Container, keys: ValueSet, values: ValueSet) -> None:
    key = keys.lone
    if isinstance(key, LiveObject) and (is_constant(key.thing) or is_hashable(key.thing)):
        container.items[key.thing] = values
    else:
        container.rest.update(values)


def _visit_subscript(state: FunctionState, node: ast.Subscript) -> ValueSet:
    containers = state.evaluate(node.value)
    if isinstance(node.slice, ast.Slice):
        state.evaluate_parts(node.slice)
        return ValueSet([Container.at(state.where(node), rest=containers.iterate(state))], containers.tags)
    keys = state.evaluate(node.slice)
    result = ValueSet(tags=containers.tags)
    for value in containers:
        result.update(_find_item(state, value, keys, node))
    return result


def _find_item(state: FunctionState, value: Value, keys: ValueSet, node: ast.AST) -> ValueSet:
    if isinstance(value, Instance):
        return state.call(value.attribute(state, "__getitem__", node), Arguments([keys]), node)
    known_keys = [key.thing for key in keys if isinstance(key, LiveObject) and is_hashable(key.thing)]
    if known_keys and len(known_keys) == len(keys):
        return ValueSet().update(*(value.item(state, key) for key in known_keys))
    if state.is_forgotten(keys, node):
        return ValueSet(tags=ValueSet([value]).deep_tags())
    return _find_all_items(state, value)


def _find_all_items(state: FunctionState, value: Value) -> ValueSet:
    """Return all values that a container may hold under any key."""
    outcome = state.call_library_method(value, "values", Arguments(), state.body.node)
    items = outcome.result.iterate(state) if outcome is not None else ValueSet()
    return items or ValueSet([value]).iterate(state)


def _visit_comprehension(state: FunctionState, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ValueSet:
    return _comprehend(state, node, node.generators, [node.elt], "list")


def _visit_dict_comprehension(state: FunctionState, node: ast.DictComp) -> ValueSet:
    return _comprehend(state, node, node.generators, [node.key, node.value], "dict")


def _comprehend(
    state: FunctionState, node: ast.expr, generators: list[ast.comprehension], parts: list[ast.expr], kind: str
) -> ValueSet:
    names = dict(state.scope.names)
    for generator in generators:
        items = state.evaluate(generator.iter).iterate(state)
        assign(state, generator.target, items.wait(state) if generator.is_async else items)
        for test in generator.ifs:
            state.evaluate(test)
    values = [state.evaluate(part) for part in parts][-1]
    for name in _target_names(generators):
        state.scope.names.pop(name, None)
        if name in names:
            state.scope.names[name] = names[name]
    return ValueSet([Container.at(state.where(node), kind, values)])


def _target_names(generators: list[ast.comprehension]) -> set[str]:
    nodes = (node for generator in generators for node in ast.walk(generator.target))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], ValueSet]] = {
    **dict.fromkeys((ast.List, ast.Tuple, ast.Set), _visit_sequence),
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp), _visit_comprehension),
    ast.Dict: _visit_dict,
    ast.DictComp: _visit_dict_comprehension,
    ast.Subscript: _visit_subscript,
}
