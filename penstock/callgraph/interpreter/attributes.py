"""Name and attribute lookup, with descriptor binding."""

from __future__ import annotations

import builtins
from functools import cached_property, singledispatchmethod
from types import FunctionType
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Arguments, Instance, LocalFunction, Made, Method, Real, Some, Super
from penstock.callgraph.interpreter.state import FunctionInterpreter
from penstock.callgraph.live_objects import (
    NOTHING,
    by_name,
    callable_type,
    held_by,
    implementations,
    is_module,
    layers,
    peek,
)
from penstock.callgraph.program import is_protocol, subclasses

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from penstock.callgraph.abstract_values import Value


class Attributes(FunctionInterpreter):
    """Resolves names and attributes."""

    def find(self, name: str) -> Some:
        """Return the possible values of a name."""
        local_values = self.scope.find(name)
        if local_values is not None:
            return local_values
        module = self.body.module
        assignments = self.program.heap.get((id(module), name), Some())
        if name in module:
            return Some([Real(module[name])]).update(assignments)
        builtin = vars(builtins).get(name, NOTHING)
        return Some(assignments) if builtin is NOTHING else Some([Real(builtin)])

    def resolve_typing_import(self, name: str) -> Any:
        """Return the object that a type-checking-only import would bind, or ``NOTHING``."""
        full = self.body.imports.get(name, "")
        if full.startswith("."):
            bare = full.lstrip(".")
            package = self.body.package
            for _ in range(len(full) - len(bare) - 1):
                package = package.rpartition(".")[0]
            full = f"{package}.{bare}"
        return by_name(full) if full else NOTHING

    def attribute(self, value: Value, name: str, node: ast.AST) -> Some:
        """Return the possible values of an attribute; a property is called."""
        if isinstance(value, Instance):
            return self._of_instance(value, name, node)
        if isinstance(value, Super):
            return self._of_super(value, name, node)
        if isinstance(value, Made) or (isinstance(value, Real) and is_class(value)):
            return self._of_class(value, name, node)
        return self._of_object(value, name, node) if isinstance(value, Real) else Some()

    def _of_instance(self, value: Instance, name: str, node: ast.AST) -> Some:
        if name in value.attributes:
            return value.attributes[name]
        class_values = self._in_class(value.owner, name)
        if isinstance(value.owner, Real) and (class_values is None or _says_nothing(class_values)):
            self._initialize(value, value.owner.thing)
            instance_values = value.attributes.get(name) or self._declared_for(value.owner.thing, name)
            if instance_values is not None:
                return instance_values
        result = self._bind_attribute(class_values or Some(), value, node)
        if value.open and isinstance(value.owner, Real):
            for subclass_values in self._below(value.owner.thing, name):
                result.update(self._bind_attribute(subclass_values, value, node))
        if not result and class_values is None:
            result.tags |= value.tags
        return result

    def _declared_for(self, kind: type, name: str) -> Some | None:
        """Return the values that an annotation in a class or its bases declares for an attribute, or ``None``."""
        own_bases = (base for base in kind.__mro__ if self.program.owns_class(base))
        declarations = (self.find_declared_attributes(base).get(name) for base in own_bases)
        return next((values for values in declarations if values is not None), None)

    def _below(self, kind: type, name: str) -> Iterator[Some]:
        """Yield the values that subclasses, or classes that implement a protocol, have under a name."""
        others = self._fitting(kind) if is_protocol(kind) else subclasses(kind)
        for candidate in others:
            if name in candidate.__dict__ and self.program.owns_class(candidate):
                yield Some([Real(candidate.__dict__[name])])

    def _fitting(self, protocol: type) -> list[type]:
        methods = {name for name, value in protocol.__dict__.items() if type(value) is FunctionType and name[0] != "_"}
        classes = [kind for kind in self.program.own_classes() if not is_protocol(kind)]
        return [kind for kind in classes if methods and all(peek(kind, name) is not NOTHING for name in methods)]

    def _initialize(self, value: Instance, kind: type) -> None:
        """Interpret ``__init__`` of a class, once for its representative instance."""
        if "__init__" in value.attributes or not value.open:
            return
        value.attributes["__init__"] = Some()
        initialize = peek(kind, "__init__")
        if type(initialize) is FunctionType and self.program.owns(initialize):
            self.commit(
                self.call(Method(Real(initialize), value), Arguments(), self.body.node)._replace(reach={}, started={})
            )

    def find_declared_attributes(self, kind: type) -> dict[str, Some]:
        """Return the attributes that annotations in a class body declare, with their values."""
        raise NotImplementedError

    def _of_super(self, value: Super, name: str, node: ast.AST) -> Some:
        owner, receiver = value.owner, value.receiver
        if isinstance(owner, Made):
            for parent_class in (base_class for some in owner.bases for base_class in some):
                class_values = self._in_class(parent_class, name)
                if class_values is not None:
                    return self._bind_attribute(class_values, receiver, node)
            return Some()
        kind = (
            receiver.owner.thing if isinstance(receiver, Instance) and isinstance(receiver.owner, Real) else owner.thing
        )
        order = kind.__mro__ if any(base is owner.thing for base in kind.__mro__) else owner.thing.__mro__
        for base in order[[base is owner.thing for base in order].index(True) + 1 :]:
            if name in base.__dict__:
                return self._bind_attribute(Some([Real(base.__dict__[name])]), receiver, node)
        return Some()

    def _of_class(self, value: Real | Made, name: str, node: ast.AST) -> Some:
        return self._bind_attribute(self._in_class(value, name) or Some(), None, node, value)

    def _in_class(self, owner: Value, name: str) -> Some | None:
        """Return the values that a class or its bases have under a name, or ``None``."""
        if isinstance(owner, Made):
            if name in owner.attributes:
                return owner.attributes[name]
            base_values = (self._in_class(base, name) for some in owner.bases for base in some)
            return next((values for values in base_values if values is not None), None)
        if not (isinstance(owner, Real) and is_class(owner)):
            return None
        for base in owner.thing.__mro__:
            assignments = self.program.heap.get((id(base), name))
            if name in base.__dict__ or assignments is not None:
                own_values = [Real(base.__dict__[name])] if name in base.__dict__ else []
                return Some(own_values).update(assignments or Some())
        return None

    def _of_object(self, value: Real, name: str, node: ast.AST) -> Some:
        thing = value.thing
        assignments = self.program.heap.get((id(thing), name), Some())
        if is_module(thing):
            entry = held_by(thing).get(name, NOTHING)
            full = str(held_by(thing).get("__name__"))
            member = entry if entry is not NOTHING else by_name(f"{full}.{name}")
            assignments = self.program.heap.get((id(held_by(thing)), name), assignments)
            return Some(assignments) if member is NOTHING else Some([Real(member)]).update(assignments)
        member = peek(thing, name)
        if member is NOTHING:
            return Some().update(assignments)
        own = peek_own(thing, name)
        values = (
            Some([Real(member)]) if own else self._bind_attribute(Some([Real(member)]), value, node, Real(type(thing)))
        )
        return values.update(assignments)

    def _bind_attribute(self, found: Some, receiver: Value | None, node: ast.AST, owner: Value | None = None) -> Some:
        """Return a class attribute as an instance, or the class itself, sees it."""
        result = Some(tags=found.tags)
        if owner is None and isinstance(receiver, Instance):
            owner = receiver.owner
        for value in found:
            if isinstance(value, Real):
                result.update(self._bound_object(value, receiver, owner, node))
            elif isinstance(value, LocalFunction):
                result.update(self._bound_inner(value, receiver, owner, node))
            else:
                result.add(value)
        return result

    def _bound_object(  # noqa: PLR0911 - one for each kind of descriptor
        self, value: Real, receiver: Value | None, owner: Value | None, node: ast.AST
    ) -> Some:
        thing = value.thing
        kind = type(thing)
        if kind is staticmethod:
            return Some([Real(thing.__func__)])
        if kind is classmethod:
            return Some([Method(Real(thing.__func__), owner or value)])
        if issubclass(kind, singledispatchmethod):
            methods = [
                self._bound_object(Real(callee), receiver, owner, node) for callee in implementations(thing.dispatcher)
            ]
            return Some().update(*methods)
        if receiver is None:
            return Some([value])
        getter = getter_of(thing)
        if getter is not None:
            return self.commit_call(Some([Method(Real(getter), receiver)]), Arguments(), node)
        if issubclass(kind, type):
            return Some([value])
        get = peek(kind, "__get__")
        if kind is not FunctionType and type(get) is FunctionType and self.program.owns(get):
            arguments = Arguments([Some([receiver]), Some([owner or value])])
            return self.commit_call(Some([Method(Real(get), value)]), arguments, node)
        is_function = any(type(callee) is FunctionType for callee in layers(thing))
        return Some([Method(value, receiver) if is_function and kind.__module__ != "celery.local" else value])

    def _bound_inner(self, value: LocalFunction, receiver: Value | None, owner: Value | None, node: ast.AST) -> Some:
        if "staticmethod" in value.decorators or value.body.owner is None:
            return Some([value])
        if "classmethod" in value.decorators and owner is not None:
            return Some([Method(value, owner)])
        if receiver is None:
            return Some([value])
        method = Method(value, receiver)
        if value.decorators & {"property", "cached_property"}:
            return self.commit_call(Some([method]), Arguments(), node)
        return Some([method])


def _says_nothing(some: Some) -> bool:
    """Return whether a class has nothing but a default, such as ``None``, under a name."""
    return all(value.key[0] == "constant" for value in some)


def is_class(value: Value) -> bool:
    """Return whether a value is a class."""
    return isinstance(value, Made) or (isinstance(value, Real) and issubclass(type(value.thing), type))


def getter_of(thing: Any) -> Any:
    """Return the function behind a property, or ``None``."""
    if issubclass(type(thing), property):
        return thing.fget
    if issubclass(type(thing), cached_property):
        return thing.func
    if type(thing).__name__ == "cached_property":  # Django's and Werkzeug's
        function = peek(thing, "func")
        return function if callable_type(function) else None
    return None


def peek_own(thing: Any, name: str) -> bool:
    """Return whether an object itself has an attribute, not only its class."""
    try:
        attributes = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return False
    return isinstance(attributes, dict) and name in attributes
