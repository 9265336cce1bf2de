"""Names and attributes: where Python looks for them, and what it binds them to."""

from __future__ import annotations

import builtins
from functools import cached_property, singledispatchmethod
from types import FunctionType
from typing import TYPE_CHECKING, Any

from penstock.check.callgraph._frame import Frame
from penstock.check.callgraph._objects import (
    NOTHING,
    by_name,
    callable_type,
    held_by,
    implementations,
    is_module,
    layers,
    peek,
)
from penstock.check.callgraph._program import is_protocol, subclasses
from penstock.check.callgraph._values import Arguments, Inner, Instance, Made, Method, Real, Some, Super

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from penstock.check.callgraph._values import Value


class Attributes(Frame):
    """Finds what names and attributes stand for."""

    def find(self, name: str) -> Some:
        """Return what a name may stand for."""
        found = self.scope.find(name)
        if found is not None:
            return found
        module = self.body.module
        assigned = self.program.heap.get((id(module), name), Some())
        if name in module:
            return Some([Real(module[name])]).update(assigned)
        builtin = vars(builtins).get(name, NOTHING)
        return Some(assigned) if builtin is NOTHING else Some([Real(builtin)])

    def imported(self, name: str) -> Any:
        """Return what an import for type checkers only would give, or ``NOTHING``."""
        full = self.body.imports.get(name, "")
        if full.startswith("."):
            bare = full.lstrip(".")
            package = self.body.package
            for _ in range(len(full) - len(bare) - 1):
                package = package.rpartition(".")[0]
            full = f"{package}.{bare}"
        return by_name(full) if full else NOTHING

    def attribute(self, value: Value, name: str, node: ast.AST) -> Some:
        """Return what an attribute may be; a property is called."""
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
        found = self._in_class(value.owner, name)
        if isinstance(value.owner, Real) and (found is None or _says_nothing(found)):
            self._initialize(value, value.owner.thing)
            said = value.attributes.get(name) or self._declared_for(value.owner.thing, name)
            if said is not None:
                return said
        result = self._bound(found or Some(), value, node)
        if value.open and isinstance(value.owner, Real):
            for below in self._below(value.owner.thing, name):
                result.update(self._bound(below, value, node))
        if not result and found is None:
            result.tags |= value.tags
        return result

    def _declared_for(self, kind: type, name: str) -> Some | None:
        """Return what an annotation in a class or its bases says of an attribute, or ``None``."""
        owned = (base for base in kind.__mro__ if self.program.owns_class(base))
        found = (self.declared(base).get(name) for base in owned)
        return next((each for each in found if each is not None), None)

    def _below(self, kind: type, name: str) -> Iterator[Some]:
        """Yield what subclasses, or classes that fit a protocol, have under a name."""
        others = self._fitting(kind) if is_protocol(kind) else subclasses(kind)
        for other in others:
            if name in other.__dict__ and self.program.owns_class(other):
                yield Some([Real(other.__dict__[name])])

    def _fitting(self, protocol: type) -> list[type]:
        wanted = {name for name, value in protocol.__dict__.items() if type(value) is FunctionType and name[0] != "_"}
        found = [kind for kind in self.program.own_classes() if not is_protocol(kind)]
        return [kind for kind in found if wanted and all(peek(kind, name) is not NOTHING for name in wanted)]

    def _initialize(self, value: Instance, kind: type) -> None:
        """Read ``__init__`` of a class, once for the instance that stands for all."""
        if "__init__" in value.attributes or not value.open:
            return
        value.attributes["__init__"] = Some()
        initialize = peek(kind, "__init__")
        if type(initialize) is FunctionType and self.program.owns(initialize):
            self.commit(
                self.call(Method(Real(initialize), value), Arguments(), self.body.node)._replace(reach={}, started={})
            )

    def declared(self, kind: type) -> dict[str, Some]:
        """Return what the annotations in a class's body say of its instances."""
        raise NotImplementedError

    def _of_super(self, value: Super, name: str, node: ast.AST) -> Some:
        owner, receiver = value.owner, value.receiver
        if isinstance(owner, Made):
            for above in (each for some in owner.bases for each in some):
                found = self._in_class(above, name)
                if found is not None:
                    return self._bound(found, receiver, node)
            return Some()
        kind = (
            receiver.owner.thing if isinstance(receiver, Instance) and isinstance(receiver.owner, Real) else owner.thing
        )
        order = kind.__mro__ if any(base is owner.thing for base in kind.__mro__) else owner.thing.__mro__
        for base in order[[base is owner.thing for base in order].index(True) + 1 :]:
            if name in base.__dict__:
                return self._bound(Some([Real(base.__dict__[name])]), receiver, node)
        return Some()

    def _of_class(self, value: Real | Made, name: str, node: ast.AST) -> Some:
        return self._bound(self._in_class(value, name) or Some(), None, node, value)

    def _in_class(self, owner: Value, name: str) -> Some | None:
        """Return what a class or its bases have under a name, or ``None``."""
        if isinstance(owner, Made):
            if name in owner.attributes:
                return owner.attributes[name]
            found = (self._in_class(base, name) for some in owner.bases for base in some)
            return next((each for each in found if each is not None), None)
        if not (isinstance(owner, Real) and is_class(owner)):
            return None
        for base in owner.thing.__mro__:
            assigned = self.program.heap.get((id(base), name))
            if name in base.__dict__ or assigned is not None:
                held = [Real(base.__dict__[name])] if name in base.__dict__ else []
                return Some(held).update(assigned or Some())
        return None

    def _of_object(self, value: Real, name: str, node: ast.AST) -> Some:
        thing = value.thing
        assigned = self.program.heap.get((id(thing), name), Some())
        if is_module(thing):
            held = held_by(thing).get(name, NOTHING)
            full = str(held_by(thing).get("__name__"))
            found = held if held is not NOTHING else by_name(f"{full}.{name}")
            assigned = self.program.heap.get((id(held_by(thing)), name), assigned)
            return Some(assigned) if found is NOTHING else Some([Real(found)]).update(assigned)
        found = peek(thing, name)
        if found is NOTHING:
            return Some().update(assigned)
        own = peek_own(thing, name)
        bound = Some([Real(found)]) if own else self._bound(Some([Real(found)]), value, node, Real(type(thing)))
        return bound.update(assigned)

    def _bound(self, found: Some, receiver: Value | None, node: ast.AST, owner: Value | None = None) -> Some:
        """Return what an attribute of a class is for an instance, or for the class itself."""
        result = Some(tags=found.tags)
        if owner is None and isinstance(receiver, Instance):
            owner = receiver.owner
        for value in found:
            if isinstance(value, Real):
                result.update(self._bound_object(value, receiver, owner, node))
            elif isinstance(value, Inner):
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
            bound = [
                self._bound_object(Real(each), receiver, owner, node) for each in implementations(thing.dispatcher)
            ]
            return Some().update(*bound)
        if receiver is None:
            return Some([value])
        getter = getter_of(thing)
        if getter is not None:
            return self.called(Some([Method(Real(getter), receiver)]), Arguments(), node)
        if issubclass(kind, type):
            return Some([value])
        get = peek(kind, "__get__")
        if kind is not FunctionType and type(get) is FunctionType and self.program.owns(get):
            arguments = Arguments([Some([receiver]), Some([owner or value])])
            return self.called(Some([Method(Real(get), value)]), arguments, node)
        is_function = any(type(each) is FunctionType for each in layers(thing))
        return Some([Method(value, receiver) if is_function and kind.__module__ != "celery.local" else value])

    def _bound_inner(self, value: Inner, receiver: Value | None, owner: Value | None, node: ast.AST) -> Some:
        if "staticmethod" in value.decorators or value.body.owner is None:
            return Some([value])
        if "classmethod" in value.decorators and owner is not None:
            return Some([Method(value, owner)])
        if receiver is None:
            return Some([value])
        method = Method(value, receiver)
        if value.decorators & {"property", "cached_property"}:
            return self.called(Some([method]), Arguments(), node)
        return Some([method])


def _says_nothing(some: Some) -> bool:
    """Tell whether all that a class has under a name is a default, such as ``None``."""
    return all(value.key[0] == "constant" for value in some)


def is_class(value: Value) -> bool:
    """Tell whether a value is a class."""
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
    """Tell whether an object itself has an attribute, not only its class."""
    try:
        held = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return False
    return isinstance(held, dict) and name in held
