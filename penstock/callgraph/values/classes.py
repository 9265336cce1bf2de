"""Classes that the analysed code defines inside functions, and ``super()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.values.base import Outcome, Value, ValueSet
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveClass, wrap

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Arguments
    from penstock.callgraph.values.frame import Frame


class LocalClass(Value):
    """A class defined inside a function."""

    __slots__ = ("attributes", "bases", "node")
    is_class = True

    def __init__(self, node: ast.ClassDef, bases: list[ValueSet], attributes: dict[str, ValueSet]) -> None:
        self.node, self.bases, self.attributes = node, bases, attributes
        super().__init__("made", id(node))

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of making an instance."""
        instance = Instance(self, frame.where(node))
        instance.tags |= arguments.tags()
        outcome = Outcome.of(ValueSet([instance]))
        initializers = instance.attribute(frame, "__init__", node)
        outcome.merge(initializers.call(frame, arguments, node)._replace(result=ValueSet()))
        if not initializers:
            instance.attributes |= arguments.named
        return outcome

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        """Return the values that the class or its bases have under a name."""
        values = self.find_in_class(frame, name)
        return ValueSet() if values is None else values.bind(frame, None, self, node)

    def set_attribute(self, frame: Frame, name: str, values: ValueSet) -> None:  # noqa: ARG002
        """Assign to an attribute."""
        self.attributes[name] = ValueSet().update(values)

    def find_in_class(self, frame: Frame, name: str) -> ValueSet | None:
        """Return the values that the class or its bases have under a name, or ``None``."""
        return self.attributes[name] if name in self.attributes else self.find_in_bases(frame, name)

    def find_in_bases(self, frame: Frame, name: str) -> ValueSet | None:
        """Return the values that the first base with a name has under it, or ``None``."""
        base_values = (base.find_in_class(frame, name) for values in self.bases for base in values)
        return next((values for values in base_values if values is not None), None)


class Super(Value):
    """The object that ``super()`` returns."""

    __slots__ = ("owner", "receiver")

    def __init__(self, owner: LiveClass | LocalClass, receiver: Value) -> None:
        self.owner, self.receiver = owner, receiver
        super().__init__("super", owner.key, receiver.key)

    def attribute(self, frame: Frame, name: str, node: ast.AST) -> ValueSet:
        """Return the values of an attribute of the receiver, from behind the class in the resolution order."""
        if isinstance(self.owner, LocalClass):
            values = self.owner.find_in_bases(frame, name)
        else:
            values = self._find_behind(self.owner.thing, name)
        return ValueSet() if values is None else values.bind(frame, self.receiver, self.receiver.class_of(), node)

    def _find_behind(self, kind: type, name: str) -> ValueSet | None:
        owner = self.receiver.class_of()
        order = owner.thing.__mro__ if isinstance(owner, LiveClass) else kind.__mro__
        if not any(base is kind for base in order):
            order = kind.__mro__
        for base in order[[base is kind for base in order].index(True) + 1 :]:
            if name in base.__dict__:
                return ValueSet([wrap(base.__dict__[name])])
        return None
