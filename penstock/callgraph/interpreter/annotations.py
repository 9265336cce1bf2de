"""Annotations: the user's classes that a parameter or an attribute is annotated with. Nothing is evaluated."""

from __future__ import annotations

import ast
import sys
import types
from typing import TYPE_CHECKING, Any

from penstock._introspection.definitions import find_source
from penstock.callgraph.function_bodies import Body, LocalNames, parameters
from penstock.callgraph.interpreter.lookup import Lookup
from penstock.callgraph.live_objects import NOTHING, held_by, is_module, peek
from penstock.callgraph.models.clients import is_client
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.live import LiveObject, wrap
from penstock.callgraph.values.opaque import LibraryObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.callgraph.program import Program

_THROUGH = frozenset(
    {"Optional", "Union", "Annotated", "ClassVar", "Final", "Awaitable", "Coroutine", "InitVar", "Required", "Self"}
)
_CONTAINERS = frozenset(
    {"list", "set", "tuple", "frozenset", "dict", "deque", "defaultdict", "Sequence", "Iterable", "Iterator", "Mapping"}
    | {"Collection", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "MutableMapping", "List"}
    | {"MutableSequence", "Set", "AbstractSet", "Dict", "Tuple", "Queue"}
)


def annotate(lookup: Lookup, node: ast.expr | None) -> ValueSet:
    """Return the values that an annotation allows."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return annotate(lookup, _parse_annotation(node.value))
    if isinstance(node, ast.BinOp):
        return ValueSet().update(annotate(lookup, node.left), annotate(lookup, node.right))
    if isinstance(node, ast.Subscript):
        return _annotate_generic(lookup, node)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return ValueSet().update(*(_instances_of(lookup.program, thing) for thing in _resolve_name(lookup, node)))
    return ValueSet()


def _annotate_generic(lookup: Lookup, node: ast.Subscript) -> ValueSet:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in _THROUGH:
        return ValueSet().update(*(annotate(lookup, part) for part in parts))
    if name in ("type", "Type"):
        return ValueSet(wrap(kind) for part in parts for kind in _classes(lookup, part))
    if name in _CONTAINERS:
        container = Container("list", ("annotation", id(node)))
        container.rest.update(*(annotate(lookup, part) for part in parts))
        return ValueSet([container] if container.rest else [])
    return annotate(lookup, node.value)


def _classes(lookup: Lookup, node: ast.expr) -> Iterator[type]:
    for thing in _resolve_name(lookup, node) if isinstance(node, (ast.Name, ast.Attribute)) else ():
        if issubclass(type(thing), type) and lookup.program.code.owns_class(thing):
            yield thing


def _instances_of(program: Program, thing: Any) -> ValueSet:
    if issubclass(type(thing), type) and program.code.owns_class(thing):
        return ValueSet([program.make_typical(thing)])
    if is_client(thing):
        return ValueSet([LibraryObject(thing)])
    if issubclass(type(thing), (types.UnionType, types.GenericAlias)):  # an alias of several
        return ValueSet().update(*(_instances_of(program, part) for part in thing.__args__))
    return ValueSet()


def _resolve_name(lookup: Lookup, node: ast.expr) -> Iterator[Any]:
    if isinstance(node, ast.Name):
        things = [value.thing for value in lookup.find(node.id) if isinstance(value, LiveObject)]
        yield from things or [thing for thing in [lookup.find_type_import(node.id)] if thing is not NOTHING]
    elif isinstance(node, ast.Attribute):
        for outer in _resolve_name(lookup, node.value):
            inner = held_by(outer).get(node.attr, NOTHING) if is_module(outer) else peek(outer, node.attr)
            if inner is not NOTHING:
                yield inner


def apply_annotations(lookup: Lookup) -> None:
    """Give parameters whose values are otherwise unknown those of their annotations."""
    names = lookup.scope.names
    for parameter in parameters(lookup.body.node):
        values = names.get(parameter.arg)
        if values is None or parameter.annotation is None or any(value.key[0] != "constant" for value in values):
            continue
        annotation_values = annotate(lookup, parameter.annotation)
        if annotation_values:
            names[parameter.arg] = ValueSet().update(values, annotation_values)


def find_declared_attributes(program: Program, kind: type) -> dict[str, ValueSet]:
    """Return the attributes that annotations in a class body declare, with their values."""
    declarations = program.declared
    if id(kind) not in declarations:
        program.make_typical(kind)  # keeps the class alive, so that its id is not reused
        declarations[id(kind)] = {}  # an annotation may lead back here
        declarations[id(kind)] = dict(_find_declarations(program, kind))
    return declarations[id(kind)]


def _find_declarations(program: Program, kind: type) -> Iterator[tuple[str, ValueSet]]:
    source = find_source(kind)
    if source is None:
        return
    lookup = _look_from_class(program, kind, source.node, source.index.imports)
    for node in source.node.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            values = annotate(lookup, node.annotation)
            if values:
                yield node.target.id, values


def _look_from_class(program: Program, kind: type, node: Any, imports: dict[str, str]) -> Lookup:
    """Return the names of the module that defines a class."""
    module = sys.modules.get(kind.__module__)
    package = kind.__module__.rpartition(".")[0]
    names = held_by(module) if module is not None else {}
    return Lookup(program, Body(id(kind), node, "", names, imports=imports, package=package), LocalNames())


def _parse_annotation(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
