"""Callables that the analysed code creates: local functions, bound methods and partials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.values.base import Arguments, Value, ValueSet

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.values.base import Outcome
    from penstock.callgraph.values.frame import Frame

_PROPERTIES = frozenset({"property", "cached_property"})


class LocalFunction(Value):
    """A function or lambda defined inside another function."""

    __slots__ = ("body", "decorators")

    def __init__(self, body: Body, decorators: frozenset[str] = frozenset()) -> None:
        self.body = body
        self.decorators = decorators
        super().__init__("inner", body.key)

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling it."""
        return frame.run(self.body, arguments, node)

    def bind(self, frame: Frame, receiver: Value | None, owner: Value | None, node: ast.AST) -> ValueSet:
        """Return it as a method of an instance or a class; a property is called."""
        if "staticmethod" in self.decorators or self.body.owner is None:
            return ValueSet([self])
        if "classmethod" in self.decorators and owner is not None:
            return ValueSet([Method(self, owner)])
        if receiver is None:
            return ValueSet([self])
        method = Method(self, receiver)
        if self.decorators & _PROPERTIES:
            return frame.commit(method.call(frame, Arguments(), node))
        return ValueSet([method])

    def is_function(self, frame: Frame) -> bool:  # noqa: ARG002
        """Return ``True``: it is the user's."""
        return True


class Method(Value):
    """A function bound to the receiver that it was found on."""

    __slots__ = ("function", "receiver", "tags")

    def __init__(self, function: Value, receiver: Value, tags: Iterable[int] = ()) -> None:
        self.function, self.receiver, self.tags = function, receiver, frozenset(tags)
        super().__init__("method", function.key, receiver.key, self.tags)

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling the function with the receiver in front."""
        return self.function.call(frame, arguments.after(ValueSet([self.receiver], self.tags)), node)

    def is_function(self, frame: Frame) -> bool:
        """Return whether the function is the user's, or a step."""
        return self.function.is_function(frame)

    def with_tags(self, tags: Iterable[int]) -> Method:
        """Return the same method, found on a result of these steps."""
        return Method(self.function, self.receiver, tags)


class Partial(Value):
    """A callable with some arguments already given.

    Attributes:
        function: The callable.
        arguments: The arguments given already.
        is_signature: Whether it is a signature of Celery's.
    """

    __slots__ = ("arguments", "function", "is_fixed", "is_signature")
    is_container = True

    def __init__(
        self, function: Value, arguments: Arguments, *, is_signature: bool = False, is_fixed: bool = False
    ) -> None:
        self.function, self.arguments = function, arguments
        self.is_signature, self.is_fixed = is_signature, is_fixed
        super().__init__("partial", function.key, *(value.key for values in arguments.all() for value in values))

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling the function with all arguments."""
        return self.function.call(frame, self.arguments.together(arguments), node)

    def contents(self) -> Iterable[ValueSet]:
        """Return the arguments given already."""
        return self.arguments.all()

    def is_function(self, frame: Frame) -> bool:  # noqa: ARG002
        """Return ``True``: it stands for a call that was prepared."""
        return True
