"""Annotations: the user's classes that a parameter or an attribute is annotated with. Nothing is evaluated."""

from __future__ import annotations

import ast
import sys
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from penstock._introspection.definitions import find_source
from penstock.callgraph.abstract_values import ContainerValue, Real, Some
from penstock.callgraph.function_bodies import LocalNames, parameters
from penstock.callgraph.interpreter.containers import Containers
from penstock.callgraph.live_objects import NOTHING, held_by, is_module, peek

if TYPE_CHECKING:
    from collections.abc import Iterator

_THROUGH = frozenset(
    {"Optional", "Union", "Annotated", "ClassVar", "Final", "Awaitable", "Coroutine", "InitVar", "Required", "Self"}
)
_CONTAINERS = frozenset(
    {"list", "set", "tuple", "frozenset", "dict", "deque", "defaultdict", "Sequence", "Iterable", "Iterator", "Mapping"}
    | {"Collection", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "MutableMapping", "List"}
    | {"MutableSequence", "Set", "AbstractSet", "Dict", "Tuple", "Queue"}
)


class Annotations(Containers):
    """Understands annotations."""

    def annotated_values(self, node: ast.expr | None) -> Some:
        """Return the values that an annotation allows."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.annotated_values(_parse_annotation(node.value))
        if isinstance(node, ast.BinOp):
            return Some().update(self.annotated_values(node.left), self.annotated_values(node.right))
        if isinstance(node, ast.Subscript):
            return self._generic(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return Some().update(*map(self._instances, self._resolve_name(node)))
        return Some()

    def _generic(self, node: ast.Subscript) -> Some:
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name in _THROUGH:
            return Some().update(*map(self.annotated_values, parts))
        if name in ("type", "Type"):
            return Some(Real(kind) for part in parts for kind in self._classes(part))
        if name in _CONTAINERS:
            box = ContainerValue("list", ("annotation", id(node)))
            box.rest.update(*map(self.annotated_values, parts))
            return Some([box]) if box.rest else Some()
        return self.annotated_values(node.value)

    def _classes(self, node: ast.expr) -> Iterator[type]:
        for thing in self._resolve_name(node) if isinstance(node, (ast.Name, ast.Attribute)) else ():
            if issubclass(type(thing), type) and self.program.owns_class(thing):
                yield thing

    def _instances(self, thing: Any) -> Some:
        if issubclass(type(thing), type) and self.program.owns_class(thing):
            return Some([self.program.typical(thing)])
        if issubclass(type(thing), (types.UnionType, types.GenericAlias)):  # an alias of several
            return Some().update(*map(self._instances, thing.__args__))
        return Some()

    def _resolve_name(self, node: ast.expr) -> Iterator[Any]:
        if isinstance(node, ast.Name):
            things = [value.thing for value in self.find(node.id) if isinstance(value, Real)]
            yield from things or [thing for thing in [self.resolve_typing_import(node.id)] if thing is not NOTHING]
        elif isinstance(node, ast.Attribute):
            for outer in self._resolve_name(node.value):
                inner = held_by(outer).get(node.attr, NOTHING) if is_module(outer) else peek(outer, node.attr)
                if inner is not NOTHING:
                    yield inner

    def hint(self) -> None:
        """Assign the annotated types to parameters whose values are otherwise unknown."""
        for parameter in parameters(self.body.node):
            values = self.scope.names.get(parameter.arg)
            if values is None or parameter.annotation is None or any(value.key[0] != "constant" for value in values):
                continue
            annotation_values = self.annotated_values(parameter.annotation)
            if annotation_values:
                self.scope.names[parameter.arg] = Some().update(values, annotation_values)

    def find_declared_attributes(self, kind: type) -> dict[str, Some]:
        """Return the attributes that annotations in a class body declare, with their values."""
        declarations = self.program.declared
        if id(kind) not in declarations:
            self.program.kept.append(kind)
            declarations[id(kind)] = {}  # an annotation may lead back here
            declarations[id(kind)] = dict(self._declarations(kind))
        return declarations[id(kind)]

    def _declarations(self, kind: type) -> Iterator[tuple[str, Some]]:
        source = find_source(kind)
        for node in source.node.body if source is not None else ():
            if source is not None and isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                values = self._spoken_in(kind, node.annotation, source.index.imports)
                if values:
                    yield node.target.id, values

    def _spoken_in(self, kind: type, annotation: ast.expr, imports: dict[str, str]) -> Some:
        """Resolve an annotation with the names of the module that defines the class."""
        outer_state = self.body, self.scope
        module = sys.modules.get(kind.__module__)
        package = kind.__module__.rpartition(".")[0]
        names = held_by(module) if module is not None else {}
        self.body = replace(self.body, module=names, imports=imports, package=package, outer=None)
        self.scope = LocalNames()
        try:
            return self.annotated_values(annotation)
        finally:
            self.body, self.scope = outer_state


def _parse_annotation(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
