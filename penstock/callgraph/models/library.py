"""The record with which a library's model enters the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping

    from penstock.callgraph.values.base import Arguments, Outcome, Value
    from penstock.callgraph.values.frame import Frame

    CallModel = Callable[[Frame, Arguments, ast.AST], Outcome]
    ObjectModel = Callable[[Frame, Value, Arguments, ast.AST], Outcome | None]
    MethodModel = Callable[[Frame, Value, str, Arguments, ast.AST], Outcome | None]
    MethodFinder = Callable[[Value, str], Value | None]


class Library(NamedTuple):
    """A model of a library: what its callables and objects do with the functions that they are given.

    Attributes:
        calls: The model of each function and class, by its full name.
        call_object: Returns the outcome of calling one of its objects, or ``None`` for other objects.
        call_method: Returns the outcome of a method of one of its objects, or ``None`` for other values and methods.
        find_method: Returns a method that an object has only once it is used, or ``None``.
    """

    calls: Mapping[str, CallModel] = {}
    call_object: ObjectModel | None = None
    call_method: MethodModel | None = None
    find_method: MethodFinder | None = None


def model_calls(*names: str, model: Any) -> dict[str, CallModel]:
    """Return rows of ``calls``: the same model for several names."""
    return dict.fromkeys(names, model)
