"""Instances of the user's classes."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import peek
from penstock.callgraph.values.base import Arguments, Outcome, Value, ValueSet

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable

    from penstock.callgraph.values.frame import Frame


class Instance(Value):
    """An instance of a class of the user's.

    Attributes:
        owner: The class.
        attributes: The values assigned to its attributes.
        tags: The steps whose results it was made from.
        may_be_subclass: Whether it may be of a subclass too, since it is known only from an annotation.
    """

    __slots__ = ("attributes", "may_be_subclass", "owner", "tags")
    is_container = True

    def __init__(self, owner: Value, where: Hashable, *, open: bool = False) -> None:
        self.owner = owner
        self.attributes: dict[str, ValueSet] = {}
        self.tags: set[int] = set()
        self.may_be_subclass = open
        super().__init__("instance", owner.key, where)

    def class_of(self) -> Value:
        """Return its class."""
        return self.owner

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of its ``__call__``."""
        methods = self.attribute(frame, "__call__", node)
        return methods.call(frame, arguments, node) if methods else frame.call_unknown("", arguments, node)

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        """Return the values of an attribute: its own, then its class's."""
        if name in self.attributes:
            return self.attributes[name]
        class_values = self.owner.find_in_class(frame, name)
        if class_values is None or _says_nothing(class_values):
            instance_values = self.owner.find_on_instances(frame, self, name)
            if instance_values is not None:
                return instance_values
        result = ValueSet() if class_values is None else class_values.bind(frame, self, self.owner, node)
        if self.may_be_subclass:
            for subclass_values in self.owner.find_in_subclasses(frame, name):
                result.update(subclass_values.bind(frame, self, self.owner, node))
        if not result and class_values is None:
            result.tags |= self.tags
        return result

    def set_attribute(self, frame: Frame, name: str, values: ValueSet) -> None:  # noqa: ARG002
        """Assign to an attribute; where it stands for several instances, it keeps the earlier values."""
        earlier_values = self.attributes.get(name) if self.may_be_subclass else None
        self.attributes[name] = ValueSet().update(values, *([earlier_values] if earlier_values is not None else []))

    def iterate(self, frame: Frame) -> ValueSet:
        """Return the values that its iterator yields."""
        return iterate_by_protocol(frame, self)


def _says_nothing(values: ValueSet) -> bool:
    """Return whether a class has nothing but a default, such as ``None``, under a name."""
    return all(value.key[0] == "constant" for value in values)


def iterate_by_protocol(frame: Frame, value: Value) -> ValueSet:
    """Return the values that the iterator of an object yields."""
    node = frame.body.node
    for first, following in (("__iter__", "__next__"), ("__aiter__", "__anext__")):
        methods = value.attribute(frame, first, node)
        if methods:
            result = ValueSet()
            for iterator in frame.commit(methods.call(frame, Arguments(), node)):
                inner = iterator.attribute(frame, following, node) if isinstance(iterator, Instance) else ValueSet()
                result.update(
                    frame.commit(inner.call(frame, Arguments(), node)).wait(frame) if inner else iterator.everything()
                )
            return result
    return ValueSet()


def construct(frame: Frame, owner: Value, kind: type, arguments: Arguments, node: ast.AST) -> Outcome:
    """Return the outcome of making an instance of a class that exists since the import."""
    instance = Instance(owner, frame.where(node))
    instance.tags |= arguments.tags()
    outcome = Outcome.of(ValueSet([instance]))
    has_constructor = False
    for name, first in (("__new__", owner), ("__init__", instance)):
        function = peek(kind, name)
        function = function.__func__ if type(function) is staticmethod else function
        if type(function) is FunctionType and frame.can_run(function):
            has_constructor = True
            inside = frame.run_function(function, arguments.after(ValueSet([first])), node)
            outcome.merge(inside._replace(result=ValueSet()))
    if not has_constructor:
        _fill_fields(instance, kind, arguments)
        outcome.merge(_call_post_init(frame, instance, kind, node))
    return outcome


def _call_post_init(frame: Frame, instance: Instance, kind: type, node: ast.AST) -> Outcome:
    """Call the ``__post_init__`` of a dataclass."""
    function = peek(kind, "__post_init__")
    if not (type(function) is FunctionType and frame.can_run(function)):
        return Outcome.of()
    return frame.run_function(function, Arguments([ValueSet([instance])]), node)._replace(result=ValueSet())


def _fill_fields(instance: Instance, kind: type, arguments: Arguments) -> None:
    """Assign the arguments to the fields of a dataclass, a named tuple or the like."""
    fields = peek(kind, "__dataclass_fields__")
    names = fields if isinstance(fields, dict) else peek(kind, "_fields")
    if issubclass(type(names), (dict, tuple)):
        instance.attributes |= dict(zip(names, arguments.positional, strict=False))
    instance.attributes |= arguments.named
