"""Containers: reading items, adding items, and assignments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Arguments, ContainerValue, Instance, Job, Made, Real, Some, is_constant
from penstock.callgraph.call_outcome import Outcome
from penstock.callgraph.interpreter.attributes import Attributes
from penstock.callgraph.live_objects import elements, entries, held_by, is_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.callgraph.abstract_values import Value

ITEMS = "[]"
"""The heap key of items that code adds to containers which exist since the import."""


class Containers(Attributes):
    """Reads containers and assignments."""

    def box(self, node: ast.AST, kind: str = "list", rest: Some | None = None) -> ContainerValue:
        """Return a new container that this node creates."""
        box = ContainerValue(kind, (*self.where(node), kind))
        if rest is not None:
            box.rest.update(rest)
        return box

    def length(self, value: Value) -> int | None:
        """Return how many items a sequence has, if that is known."""
        if isinstance(value, ContainerValue):
            return len(value.items) if value.kind in ("list", "tuple") and not value.rest else None
        if isinstance(value, Real) and issubclass(type(value.thing), (list, tuple)):
            return len(elements(value.thing) or ())
        return None

    def item(self, value: Value, key: Any) -> Some:
        """Return the values under a known key or index."""
        if isinstance(value, ContainerValue):
            entry = value.items.get(self._position(value, key))
            return Some().update(value.rest, *([entry] if entry is not None else []))
        if not isinstance(value, Real):
            return Some()
        result = Some().update(self.program.heap.get((id(value.thing), ITEMS), Some()))
        contents = entries(value.thing)
        if contents is None:
            contents = dict(enumerate(elements(value.thing) or ()))
        if key in contents:
            result.add(Real(contents[key]))
        return result

    def _position(self, box: ContainerValue, key: Any) -> Any:
        return key + len(box.items) if isinstance(key, int) and key < 0 and box.kind != "dict" else key

    def items(self, some: Some) -> Some:
        """Return the values of iterating over any of these."""
        result = Some(tags=some.tags)
        for value in some:
            result.update(self._items(value))
        return result

    def _items(self, value: Value) -> Some:
        if isinstance(value, ContainerValue):
            keys = Some(Real(key) for key in value.items)
            return keys.update(Some(tags=value.rest.tags)) if value.kind == "dict" else value.everything()
        if isinstance(value, Real):
            mapping = entries(value.thing)
            contents: Iterable[Any] = mapping if mapping is not None else elements(value.thing) or ()
            assignments = self.program.heap.get((id(value.thing), ITEMS), Some())
            if not mapping and not contents and not assignments:
                return self._iterate_object(value)
            return Some(map(Real, list(contents)[:64])).update(assignments)
        if isinstance(value, Instance):
            return self._iterate_object(value)
        return self._items_of_job(value) if isinstance(value, Job) else Some()

    def _items_of_job(self, job: Job) -> Some:
        """Return the job, for iterating over futures, and the items of its result."""
        result = Some([job])
        for value in job.result:
            result.update(self._items(value))
        return result

    def _iterate_object(self, value: Value) -> Some:
        node = self.body.node
        for first, following in (("__iter__", "__next__"), ("__aiter__", "__anext__")):
            methods = self.attribute(value, first, node)
            if methods:
                result = Some()
                for iterator in self.commit_call(methods, Arguments(), node):
                    inner = self.attribute(iterator, following, node) if isinstance(iterator, Instance) else Some()
                    result.update(
                        self.wait(self.commit_call(inner, Arguments(), node)) if inner else self._plain(iterator)
                    )
                return result
        return Some()

    def _plain(self, value: Value) -> Some:
        return value.everything() if isinstance(value, ContainerValue) else Some()

    # Assignments ----------------------------------------------------------------------------------------------

    def assign(self, target: ast.expr, some: Some) -> None:
        """Assign to a name, to names in a tuple, to an attribute or to an item."""
        if isinstance(target, ast.Name):
            self.assign_name(target.id, some)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, some)
        elif isinstance(target, ast.Attribute):
            for value in self.evaluate(target.value):
                self._assign_attribute(value, target.attr, some)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, some)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, some)

    def assign_name(self, name: str, some: Some) -> None:
        """Bind a name to a value from here on."""
        if name not in self.scope.shared:
            self.scope.names[name] = Some().update(some)
            return
        outer = self.scope.owner_of(name)
        if outer is not None:
            outer.names[name] = Some().update(outer.names[name], some)
        else:
            self.remember(self.body.module, name, some)

    def remember(self, thing: Any, name: str, some: Some) -> None:
        """Record an assignment to an attribute or item of an object that exists since the import."""
        self.program.kept.append(thing)
        self.program.heap.setdefault((id(thing), name), Some()).update(some)

    def _assign_attribute(self, value: Value, name: str, some: Some) -> None:
        if isinstance(value, Instance):
            earlier_values = value.attributes.get(name) if value.open else None
            value.attributes[name] = Some().update(some, *([earlier_values] if earlier_values is not None else []))
        elif isinstance(value, Made):
            value.attributes[name] = Some().update(some)
        elif isinstance(value, Real):
            self.remember(held_by(value.thing) if is_module(value.thing) else value.thing, name, some)

    def _assign_item(self, target: ast.Subscript, some: Some) -> None:
        containers, keys = self.evaluate(target.value), self.evaluate(target.slice)
        constants = keys.constants()
        for value in containers:
            if isinstance(value, ContainerValue):
                self._put_item(value, constants if len(constants) == len(keys) == 1 else [], some)
            elif isinstance(value, Real):
                self.remember(value.thing, ITEMS, some)
        if isinstance(target.value, ast.Name) and not len(containers):
            self.assign_name(target.value.id, Some().update(containers, Some(tags=some.deep_tags())))

    def _put_item(self, box: ContainerValue, keys: list[Any], some: Some) -> None:
        if (keys and box.kind == "dict") or (keys and keys[0] in box.items):
            box.items[keys[0]] = Some().update(some)
        else:
            box.rest.update(some)

    def _unpack(self, target: ast.Tuple | ast.List, some: Some) -> None:
        star = next((at for at, element in enumerate(target.elts) if isinstance(element, ast.Starred)), None)
        for at, element in enumerate(target.elts):
            values = Some(tags=some.tags)
            for value in some:
                values.update(self._part(value, at, star, len(target.elts), element))
            self.assign(element, values)

    def _part(self, value: Value, at: int, star: int | None, count: int, node: ast.AST) -> Some:
        length = self.length(value)
        if star is None or at < star:
            return (
                self.item(value, at) if length is not None or isinstance(value, ContainerValue) else self._items(value)
            )
        if at == star:
            return Some([self.box(node, "list", self._items(value))])
        return self.item(value, length - (count - at)) if length is not None else self._items(value)

    # Methods --------------------------------------------------------------------------------------------------

    def container_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a container method, or ``None`` if the value is no container."""
        if isinstance(value, ContainerValue):
            method = _METHODS.get(name)
            return Outcome.of(method(self, value, arguments, node) if method else Some(tags=Some([value]).deep_tags()))
        kind = type(value.thing) if isinstance(value, Real) else None
        if isinstance(value, Real) and (kind is list or kind is set or entries(value.thing) is not None):
            return Outcome.of(self._real_method(value, name, arguments, node))
        return None

    def _real_method(self, value: Real, name: str, arguments: Arguments, node: ast.AST) -> Some:
        if name in ("append", "add", "insert", "setdefault", "extend", "update") and arguments.given:
            argument = arguments.given[-1]
            self.remember(value.thing, ITEMS, self.items(argument) if name in ("extend", "update") else argument)
        box = ContainerValue("dict", ("real", id(value.thing)))
        box.items = {key: Some([Real(entry)]) for key, entry in (entries(value.thing) or {}).items()}
        box.rest.update(self.program.heap.get((id(value.thing), ITEMS), Some()))
        if not box.items:
            box.rest.update(*[self._items(value)])
        method = _METHODS.get(name) if name not in ("append", "add", "insert", "extend", "update") else None
        return method(self, box, arguments, node) if method else Some()


def _append(_: Containers, box: ContainerValue, arguments: Arguments, __: ast.AST) -> Some:
    for some in arguments.given[-1:]:
        box.rest.update(some)
    return Some()


def _extend(frame: Containers, box: ContainerValue, arguments: Arguments, _: ast.AST) -> Some:
    for some in arguments.given[:1]:
        boxes = [value for value in some if isinstance(value, ContainerValue)]
        for other_box in boxes if box.kind == "dict" else ():
            box.items |= other_box.items
            box.rest.update(other_box.rest)
        box.rest.update(Some(tags=some.tags) if box.kind == "dict" else frame.items(some))
    box.items |= arguments.named if box.kind == "dict" else {}
    return Some()


def _get(frame: Containers, box: ContainerValue, arguments: Arguments, node: ast.AST) -> Some:
    keys = list(arguments.given[0].constants()) if arguments.given else []
    has_known_keys = arguments.given and keys and len(keys) == len(arguments.given[0])
    has_known_keys = has_known_keys or (arguments.given and frame.is_forgotten(arguments.given[0], node))
    result = Some().update(*(frame.item(box, key) for key in keys)) if has_known_keys else box.everything()
    if box.kind == "dict":
        result.update(*arguments.given[1:2])
    return result


def _set_default(frame: Containers, box: ContainerValue, arguments: Arguments, node: ast.AST) -> Some:
    for some in arguments.given[1:2]:
        box.rest.update(some)
    return _get(frame, box, arguments, node)


def _values(frame: Containers, box: ContainerValue, _: Arguments, node: ast.AST) -> Some:
    return Some([frame.box(node, "list", box.everything())])


def _pairs(frame: Containers, box: ContainerValue, _: Arguments, node: ast.AST) -> Some:
    pair = ContainerValue("tuple", (*frame.where(node), "pair"), {0: Some(map(Real, box.items)), 1: box.everything()})
    return Some([frame.box(node, "list", Some([pair]))])


def _keys(frame: Containers, box: ContainerValue, _: Arguments, node: ast.AST) -> Some:
    return Some([frame.box(node, "list", Some(Real(key) for key in box.items if is_constant(key)))])


def _self(_: Containers, box: ContainerValue, __: Arguments, ___: ast.AST) -> Some:
    return Some([box])


def _all(_: Containers, box: ContainerValue, __: Arguments, ___: ast.AST) -> Some:
    return box.everything()


_METHODS: dict[str, Callable[[Containers, ContainerValue, Arguments, ast.AST], Some]] = {
    **dict.fromkeys(("append", "add", "appendleft", "put", "put_nowait", "insert", "send"), _append),
    **dict.fromkeys(("extend", "update", "extendleft"), _extend),
    **dict.fromkeys(("get", "pop", "popleft", "__getitem__"), _get),
    **dict.fromkeys(("__iter__", "__aiter__", "copy", "__enter__", "__aenter__"), _self),
    **dict.fromkeys(("__next__", "__anext__", "popitem", "get_nowait"), _all),
    "setdefault": _set_default,
    "values": _values,
    "items": _pairs,
    "keys": _keys,
}
