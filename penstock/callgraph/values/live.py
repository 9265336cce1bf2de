"""Objects that exist since the import."""

from __future__ import annotations

from functools import singledispatchmethod
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from penstock._callables.unwrap import CALLABLE_TYPES
from penstock.callgraph.codebase import is_protocol, subclasses
from penstock.callgraph.live_objects import (
    NOTHING,
    by_name,
    elements,
    entries,
    getter_of,
    has_own,
    held_by,
    implementations,
    is_bound_task,
    is_constant,
    layers,
    peek,
)
from penstock.callgraph.values.base import Arguments, Value, ValueSet
from penstock.callgraph.values.functions import Method
from penstock.callgraph.values.instances import Instance, construct, iterate_by_protocol

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable, Iterable, Iterator

    from penstock.callgraph.values.base import Outcome
    from penstock.callgraph.values.frame import Frame

ITEMS = "[]"
"""The name under which frames remember the items that code adds to a container."""


def wrap(thing: Any) -> LiveObject:
    """Return the value that an object is."""
    if is_constant(thing):
        return Constant(thing)
    kind = type(thing)
    if issubclass(kind, type):
        return LiveClass(thing)
    return LiveModule(thing) if issubclass(kind, ModuleType) else LiveObject(thing)


class LiveObject(Value):
    """An object that exists since the import."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any, *key: Hashable) -> None:
        self.thing = thing
        super().__init__(*(key or ("real", id(thing))))

    # Calls ----------------------------------------------------------------------------------------------------

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling its outermost layer that is understood."""
        outcome = frame.call_library_object(self, arguments, node)
        for layer in layers(self.thing) if outcome is None else ():
            outcome = self._call_layer(frame, layer, arguments, node)
            if outcome is not None:
                break
        return self._call_whole(frame, arguments, node) if outcome is None else outcome

    def _call_layer(  # noqa: PLR0911 - one for each kind of layer
        self, frame: Frame, layer: Any, arguments: Arguments, node: ast.AST
    ) -> Outcome | None:
        """Call the object below some of the decorators, or return ``None`` where only a lower one is understood."""
        kind = type(layer)
        if kind is FunctionType and frame.can_run(layer):
            return frame.run_function(layer, self._add_bound_task(arguments), node)
        if kind is MethodType:
            return Method(wrap(layer.__func__), wrap(layer.__self__)).call(frame, arguments, node)
        if kind.__module__ == "functools" and kind.__name__ == "partial":
            values = [ValueSet([wrap(value)]) for value in layer.args]
            keywords = {name: ValueSet([wrap(value)]) for name, value in layer.keywords.items()}
            return wrap(layer.func).call(frame, Arguments(values, keywords).together(arguments), node)
        if issubclass(kind, type):
            return wrap(layer).call(frame, arguments, node)
        if functions := implementations(layer):
            return ValueSet(map(wrap, functions)).call(frame, arguments, node)
        tags = frame.code.tags_of(layer)
        if tags and not any(frame.code.tags_of(inner_layer) for inner_layer in list(layers(layer))[1:]):
            return wrap(layer)._call_step(frame, tags, arguments, node)
        return None

    def _add_bound_task(self, arguments: Arguments) -> Arguments:
        if issubclass(type(self.thing), CALLABLE_TYPES) or not is_bound_task(self.thing):
            return arguments
        return arguments.after(ValueSet([self]))

    def _call_step(self, frame: Frame, tags: tuple[int, ...], arguments: Arguments, node: ast.AST) -> Outcome:
        """Call a step whose code is not the user's own, or a callable object that is a step."""
        call = peek(type(self.thing), "__call__")
        if type(call) is FunctionType and frame.can_run(call):
            inside = frame.run_function(call, arguments.after(ValueSet([self])), node)
        else:
            inside = frame.call_library(self.thing, arguments, node)
        return frame.run_as_step(tags, arguments, inside, node)

    def _call_whole(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        is_callable = issubclass(type(self.thing), CALLABLE_TYPES)
        call = NOTHING if is_callable else peek(type(self.thing), "__call__")
        if type(call) is FunctionType and frame.can_run(call):
            return Method(wrap(call), self).call(frame, arguments, node)
        return frame.call_library(self.thing, arguments, node)

    def is_function(self, frame: Frame) -> bool:
        """Return whether it is a function of the user's, or a step."""
        return any(
            frame.code.tags_of(layer) or (type(layer) is FunctionType and frame.code.owns(layer))
            for layer in layers(self.thing)
        )

    # Attributes -----------------------------------------------------------------------------------------------

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        """Return the values of an attribute: the object's, and what code assigns to it."""
        values = self._find_attribute(frame, name, node)
        method = frame.find_library_method(self, name) if not values else None
        return ValueSet([method]) if method is not None else values

    def _find_attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        assignments = frame.recall(self.thing, name)
        member = peek(self.thing, name)
        if member is NOTHING:
            return ValueSet().update(assignments)
        values = ValueSet([wrap(member)])
        if not has_own(self.thing, name):
            values = values.bind(frame, self, wrap(type(self.thing)), node)
        return values.update(assignments)

    def set_attribute(self, frame: Frame, name: str, values: ValueSet) -> None:
        """Remember an assignment to an attribute."""
        frame.remember(self.thing, name, values)

    def bind(self, frame: Frame, receiver: Value | None, owner: Value | None, node: ast.AST) -> ValueSet:  # noqa: PLR0911 - one for each kind of descriptor
        """Return it as an attribute that was found in a class: a method is bound, a property called."""
        thing, kind = self.thing, type(self.thing)
        if kind is staticmethod:
            return ValueSet([wrap(thing.__func__)])
        if kind is classmethod:
            return ValueSet([Method(wrap(thing.__func__), owner or self)])
        if issubclass(kind, singledispatchmethod):
            functions = ValueSet(map(wrap, implementations(thing.dispatcher)))
            return functions.bind(frame, receiver, owner, node)
        if receiver is None:
            return ValueSet([self])
        getter = getter_of(thing)
        if getter is not None:
            return frame.commit(Method(wrap(getter), receiver).call(frame, Arguments(), node))
        get = peek(kind, "__get__")
        if kind is not FunctionType and type(get) is FunctionType and frame.code.owns(get):
            arguments = Arguments([ValueSet([receiver]), ValueSet([owner or self])])
            return frame.commit(Method(wrap(get), self).call(frame, arguments, node))
        is_function = any(type(callee) is FunctionType for callee in layers(thing))
        return ValueSet([Method(self, receiver) if is_function and kind.__module__ != "celery.local" else self])

    # Items ----------------------------------------------------------------------------------------------------

    def iterate(self, frame: Frame) -> ValueSet:
        """Return its items, or the keys of a mapping."""
        mapping = entries(self.thing)
        contents: Iterable[Any] = mapping if mapping is not None else elements(self.thing) or ()
        assignments = frame.recall(self.thing, ITEMS)
        if not mapping and not contents and not assignments:
            return iterate_by_protocol(frame, self)
        return ValueSet(map(wrap, list(contents)[:64])).update(assignments)

    def length(self) -> int | None:
        """Return the length of a list or tuple, or ``None`` for other objects."""
        return len(elements(self.thing) or ()) if issubclass(type(self.thing), (list, tuple)) else None

    def item(self, frame: Frame, key: Any) -> ValueSet:
        """Return the values under a known key or index."""
        result = ValueSet().update(frame.recall(self.thing, ITEMS))
        contents = entries(self.thing)
        if contents is None:
            contents = dict(enumerate(elements(self.thing) or ()))
        if key in contents:
            result.add(wrap(contents[key]))
        return result

    def set_item(self, frame: Frame, keys: list[Any], values: ValueSet) -> None:  # noqa: ARG002
        """Remember an assignment to an item."""
        frame.remember(self.thing, ITEMS, values)


class Constant(LiveObject):
    """A text, a number or ``None``."""

    __slots__ = ()

    def __init__(self, thing: Any) -> None:
        kind: Any = type(thing)
        super().__init__(thing, "constant", kind, thing)

    def constants(self) -> Iterable[Any]:
        """Return it."""
        return (self.thing,)

    def is_function(self, frame: Frame) -> bool:  # noqa: ARG002
        """Return ``False``."""
        return False


class LiveModule(LiveObject):
    """A module."""

    __slots__ = ()

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:  # noqa: ARG002
        """Return the values of a global name, or a submodule."""
        names = held_by(self.thing)
        member = names.get(name, NOTHING)
        if member is NOTHING:
            member = by_name(f"{names.get('__name__')}.{name}")
        assignments = frame.recall(names if frame.remembers(names, name) else self.thing, name)
        return ValueSet([] if member is NOTHING else [wrap(member)]).update(assignments)

    def set_attribute(self, frame: Frame, name: str, values: ValueSet) -> None:
        """Remember an assignment to a global name."""
        frame.remember(held_by(self.thing), name, values)


class LiveClass(LiveObject):
    """A class."""

    __slots__ = ()
    is_class = True

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of making an instance."""
        tags = frame.code.tags_of(self.thing)
        inside = (
            construct(frame, self, self.thing, arguments, node)
            if frame.code.owns_class(self.thing)
            else frame.call_library(self.thing, arguments, node)
        )
        return frame.run_as_step(tags, arguments, inside, node) if tags else inside

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        """Return the values that the class or its bases have under a name."""
        values = self.find_in_class(frame, name)
        return ValueSet() if values is None else values.bind(frame, None, self, node)

    def bind(self, frame: Frame, receiver: Value | None, owner: Value | None, node: ast.AST) -> ValueSet:  # noqa: ARG002
        """Return it: a class inside a class is not bound."""
        return ValueSet([self])

    def find_in_class(self, frame: Frame, name: str) -> ValueSet | None:
        """Return the values that the class or its bases have under a name, or ``None``."""
        for base in self.thing.__mro__:
            if name in base.__dict__ or frame.remembers(base, name):
                own_values = [wrap(base.__dict__[name])] if name in base.__dict__ else []
                return ValueSet(own_values).update(frame.recall(base, name))
        return None

    def find_on_instances(self, frame: Frame, instance: Value, name: str) -> ValueSet | None:
        """Return the values that ``__init__`` or an annotation gives to an attribute, or ``None``."""
        if not isinstance(instance, Instance):
            return None
        self._initialize(frame, instance)
        assignments = instance.attributes.get(name)
        declarations = (frame.find_declared_attributes(base).get(name) for base in frame.code.bases(self.thing))
        return assignments or next((values for values in declarations if values is not None), None)

    def _initialize(self, frame: Frame, instance: Instance) -> None:
        """Interpret ``__init__``, once for the representative instance."""
        if "__init__" in instance.attributes or not instance.may_be_subclass:
            return
        instance.attributes["__init__"] = ValueSet()
        function = peek(self.thing, "__init__")
        if type(function) is FunctionType and frame.code.owns(function):
            outcome = Method(wrap(function), instance).call(frame, Arguments(), frame.body.node)
            frame.commit(outcome._replace(reach={}, started={}))

    def find_in_subclasses(self, frame: Frame, name: str) -> Iterator[ValueSet]:
        """Yield the values that subclasses, or classes that implement a protocol, have under a name."""
        for kind in self._implementations(frame) if is_protocol(self.thing) else subclasses(self.thing):
            if name in kind.__dict__ and frame.code.owns_class(kind):
                yield ValueSet([wrap(kind.__dict__[name])])

    def _implementations(self, frame: Frame) -> list[type]:
        members = self.thing.__dict__.items()
        methods = {name for name, value in members if type(value) is FunctionType and name[0] != "_"}
        classes = [kind for kind in frame.code.classes() if not is_protocol(kind)]
        return [kind for kind in classes if methods and all(peek(kind, name) is not NOTHING for name in methods)]
