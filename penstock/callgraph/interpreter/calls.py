"""Call expressions: the callee, then the arguments, then the call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.touches import find_touches
from penstock.callgraph.values.base import Arguments, Outcome, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.functions import Method

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.callgraph.interpreter.state import FunctionState


def _visit_call(state: FunctionState, node: ast.Call) -> ValueSet:
    if isinstance(node.func, ast.Attribute):
        receivers = state.evaluate(node.func.value)
        arguments = evaluate_arguments(state, node)
        state.note_touches(find_touches(state, receivers, arguments, node), node)
        return state.commit(_call_method(state, receivers, node.func.attr, arguments, node))
    targets = state.evaluate(node.func)
    arguments = evaluate_arguments(state, node)
    _check_parameter(state, node.func, targets, node)
    state.note_touches(find_touches(state, targets, arguments, node), node)
    if len(targets):
        outcome = targets.call(state, arguments, node)
    else:
        outcome = state.call_unknown(getattr(node.func, "id", ""), arguments, node)
    outcome.result.tags |= targets.tags
    return state.commit(outcome)


def _call_method(state: FunctionState, receivers: ValueSet, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
    """Return the outcome of calling a method of any of these values."""
    outcome = Outcome.of(ValueSet(tags=receivers.tags))
    for value in receivers:
        method_outcome = value.call_method(state, name, arguments, node)
        if method_outcome is None:
            methods = _add_tags(value.attribute(state, name, node), receivers.tags)
            method_outcome = (
                methods.call(state, arguments, node) if methods else state.call_unknown(name, arguments, node)
            )
        outcome.merge(method_outcome)
    if not len(receivers):
        outcome.merge(state.call_unknown(name, arguments, node))
    return outcome


def _add_tags(methods: ValueSet, tags: set[int]) -> ValueSet:
    """Return bound methods that carry the tags of the result that they were found on."""
    if not tags:
        return methods
    return ValueSet(
        (method.with_tags(tags) if isinstance(method, Method) else method for method in methods), methods.tags
    )


def _check_parameter(state: FunctionState, function: ast.expr, targets: ValueSet, node: ast.AST) -> None:
    """Record a gap where a called parameter has no known values, and the sites where it has some."""
    if not isinstance(function, ast.Name) or function.id not in _parameter_names(state.body.node.args):
        return
    if len(targets):
        state.program.answered.add(state.site(node))
    else:
        state.give_up(node, f"{function.id}() is whatever a caller passes, and no call that was read passes anything")


def _parameter_names(args: ast.arguments) -> Iterable[str]:
    return (parameter.arg for parameter in (*args.posonlyargs, *args.args, *args.kwonlyargs))


def evaluate_arguments(state: FunctionState, node: ast.Call) -> Arguments:
    """Return the arguments of a call."""
    arguments = Arguments()
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            _spread(state, state.evaluate(argument.value), arguments)
        else:
            arguments.positional.append(state.evaluate(argument))
    for keyword in node.keywords:
        values = state.evaluate(keyword.value)
        if keyword.arg is not None:
            arguments.named[keyword.arg] = values
        else:
            _spread_named(values, arguments)
    return arguments


def _spread(state: FunctionState, values: ValueSet, arguments: Arguments) -> None:
    """Add the items of ``*values``: one by one where their number is known."""
    lone = values.lone
    length = lone.length() if lone is not None else None
    if lone is not None and length is not None and arguments.rest is None:
        arguments.positional += [lone.item(state, at).update(ValueSet(tags=values.tags)) for at in range(length)]
    else:
        arguments.rest = ValueSet().update(values.iterate(state), *filter(None, [arguments.rest]))


def _spread_named(values: ValueSet, arguments: Arguments) -> None:
    """Add the items of ``**values``."""
    for value in values:
        if isinstance(value, Container):
            arguments.named |= {key: item for key, item in value.items.items() if isinstance(key, str)}
            if value.rest or value.rest.tags:
                arguments.rest = ValueSet().update(value.rest, *filter(None, [arguments.rest]))
    if values.tags:
        rest = arguments.rest
        arguments.rest = ValueSet(rest or (), values.tags | (rest.tags if rest else set()))


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], ValueSet]] = {ast.Call: _visit_call}
