"""Models of callables that return what they are given, or a copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.models.library import Library, model_calls
from penstock.callgraph.values.base import Outcome, ValueSet

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Arguments
    from penstock.callgraph.values.frame import Frame


def return_last(_: Frame, arguments: Arguments, __: ast.AST) -> Outcome:
    """Return the outcome of a callable that returns its last argument."""
    return Outcome.of(ValueSet().update(*arguments.positional[-1:]))


LIBRARY = Library(
    calls=model_calls(
        "builtins.staticmethod",
        "builtins.classmethod",
        "builtins.property",
        "functools.cached_property",
        "copy.copy",
        "copy.deepcopy",
        "typing.cast",
        model=return_last,
    )
)
