"""Calls of libraries as the code says them: the names of the callee and its receiver, and the texts among the arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.callgraph.live_objects import full_name, held_by, peek
from penstock.callgraph.values.classes import Super
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import Constant, LiveClass, LiveModule, LiveObject
from penstock.callgraph.values.opaque import LibraryObject, PartialText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.callgraph.values.base import Arguments, Value, ValueSet
    from penstock.callgraph.values.frame import Frame


class Text(NamedTuple):
    """A text of which at least the beginning is known.

    Attributes:
        start: The beginning.
        is_whole: Whether that is all of it.
    """

    start: str
    is_whole: bool = True


class PlainCall(NamedTuple):
    """A call of a function that is not the user's.

    Attributes:
        name: The bare name of the function or method.
        function: The full name of the function, where it is known.
        receiver: The only value that it may be a method of, where that is known.
        classes: The full names of the receiver's class and its bases.
        spoken: The last name in the expression of the receiver, in lower case: ``session`` of ``self.session.add()``.
        arguments: The arguments.
        node: The call.
    """

    name: str
    function: str
    receiver: Value | None
    classes: frozenset[str]
    spoken: str
    arguments: Arguments
    node: ast.Call

    def argument(self, position: int, *names: str) -> ValueSet | None:
        """Return the values of an argument that is given by position or by one of some names, or ``None``."""
        named = next((self.arguments.named[name] for name in names if name in self.arguments.named), None)
        positional = self.arguments.positional
        return positional[position] if named is None and position < len(positional) else named

    def text(self, position: int, *names: str) -> Text | None:
        """Return the text of an argument, or ``None`` where it may be several, or nothing is known of it."""
        values = self.argument(position, *names)
        return read_text(values) if values is not None else None


def read_text(values: ValueSet) -> Text | None:
    """Return the only text that a value can be, or ``None``."""
    lone = values.lone
    if isinstance(lone, Constant) and type(lone.thing) is str:
        return Text(lone.thing)
    return Text(lone.start, is_whole=False) if isinstance(lone, PartialText) and lone.start else None


def describe_call(frame: Frame, targets: ValueSet, arguments: Arguments, node: ast.Call) -> PlainCall | None:
    """Return a call of a plain name, or ``None`` if it may be one of the user's functions."""
    if targets.functions(frame) or any(_is_own(frame, value) for value in targets):
        return None
    lone = targets.lone
    function = full_name(lone.thing) if isinstance(lone, LiveObject) else ""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    return PlainCall(name, function, None, frozenset(), "", arguments, node)


def describe_method_call(frame: Frame, targets: ValueSet, arguments: Arguments, node: ast.Call) -> PlainCall | None:
    """Return a call of a method or of a module's function, or ``None`` if it may be the user's, or of several objects."""
    if not isinstance(node.func, ast.Attribute):
        return None
    receivers = [value for value in targets if not (isinstance(value, Constant) and value.thing is None)]
    name = node.func.attr
    if len(receivers) > 1 or any(_has_own(frame, value, name) for value in receivers):
        return None
    receiver = _behind_super(receivers[0]) if receivers else None
    function = full_name(held_by(receiver.thing).get(name)) if isinstance(receiver, LiveModule) else ""
    return PlainCall(name, function, receiver, _find_classes(receiver), _last_name(node.func.value), arguments, node)


def _behind_super(value: Value) -> Value:
    """Return the object that ``super()`` stands for, or the value itself."""
    return value.receiver if isinstance(value, Super) else value


def _is_own(frame: Frame, value: Value) -> bool:
    return not isinstance(value, LiveObject) or (isinstance(value, LiveClass) and frame.code.owns_class(value.thing))


def _has_own(frame: Frame, value: Value, name: str) -> bool:
    """Return whether a method is the user's, or of an object that only the interpreter knows."""
    if isinstance(value, Instance):
        owner = value.owner.thing if isinstance(value.owner, LiveClass) else None
        return owner is None or _is_own_function(frame, peek(owner, name))
    if isinstance(value, Super):
        return bool(value.attribute(frame, name, frame.body.node).functions(frame))
    if isinstance(value, LiveModule):
        return _is_own_function(frame, held_by(value.thing).get(name))
    return isinstance(value, LiveObject) and _is_own_function(frame, peek(value.thing, name))


def _is_own_function(frame: Frame, thing: Any) -> bool:
    code = getattr(thing, "__code__", None) if type(thing).__module__ == "builtins" else None
    return code is not None and frame.code.owns_file(code.co_filename)


def _find_classes(value: Value | None) -> frozenset[str]:
    return frozenset(full_name(base) for base in _mro(value))


def _mro(value: Value | None) -> Iterable[type]:
    if isinstance(value, LibraryObject):
        return value.kind.__mro__
    if isinstance(value, Instance):
        return value.owner.thing.__mro__ if isinstance(value.owner, LiveClass) else ()
    if isinstance(value, LiveObject) and not value.is_class:
        mro: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(value.thing))
        return mro
    return ()


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return str(name).lower()
