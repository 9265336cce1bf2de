"""Both ends of a call: the arguments become parameters, and the result becomes that of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.function_bodies import positional
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    from penstock.callgraph.codebase import Codebase
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.values.base import Arguments, Value


def bind_arguments(body: Body, arguments: Arguments) -> dict[str, ValueSet]:
    """Return the values of each parameter."""
    parameters = body.node.args
    names = positional(body.node)
    every = [*names, *(parameter.arg for parameter in parameters.kwonlyargs)]
    values = {name: body.defaults.get(name, ValueSet()) for name in every}
    rest = arguments.rest
    if rest is not None:
        values |= {name: ValueSet().update(values[name], rest) for name in every[len(arguments.positional) :]}
    values |= dict(zip(names, arguments.positional, strict=False))
    values |= {name: argument for name, argument in arguments.named.items() if name in values}
    if parameters.vararg:
        items = dict(enumerate(arguments.positional[len(names) :]))
        values[parameters.vararg.arg] = _collect_rest(body, "tuple", items, rest)
    if parameters.kwarg:
        keywords = {name: argument for name, argument in arguments.named.items() if name not in every}
        values[parameters.kwarg.arg] = _collect_rest(body, "dict", keywords, rest)
    return values


def _collect_rest(body: Body, kind: str, items: dict[Any, ValueSet], rest: ValueSet | None) -> ValueSet:
    keys = frozenset((key, value.key) for key, values in items.items() for value in values)
    return ValueSet([Container(kind, ("rest", body.key, keys), items, rest)])


def tag_result(code: Codebase, result: ValueSet, tags: tuple[int, ...]) -> ValueSet:
    """Tag a result with its step, and remove the tags of other steps of the same flow."""
    if not tags:
        return result
    flows = code.flows_of(tags)
    hidden_tags = {tag for tag in result.deep_tags() if code.labels[tag][0] in flows} - set(tags)
    visible_result = ValueSet((_hide_tags(value, hidden_tags) for value in result), result.tags - hidden_tags)
    return visible_result.update(ValueSet(tags=tags))


def _hide_tags(value: Value, tags: set[int]) -> Value:
    return value.without_tags(tags) if tags and isinstance(value, Container) else value
