"""Models of functools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.models.identity import return_last
from penstock.callgraph.models.library import Library
from penstock.callgraph.values.base import Arguments, Outcome, ValueSet
from penstock.callgraph.values.containers import find_functions
from penstock.callgraph.values.functions import Partial
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.frame import Frame


def _model_partial(_: Frame, arguments: Arguments, __: ast.AST) -> Outcome:
    rest = Arguments(arguments.positional[1:], arguments.named, arguments.rest)
    return Outcome.of(ValueSet(Partial(function, rest) for values in arguments.positional[:1] for function in values))


def _model_reduce(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    functions, sequence, *initial = [*arguments.positional, ValueSet(), ValueSet()][: max(2, len(arguments.positional))]
    result = ValueSet().update(*initial[:1])
    items = find_functions(frame, sequence)
    for item in items or [sequence.iterate(frame)] * 2:  # twice, so that the result becomes an argument again
        operand = result if items or initial else ValueSet().update(result, item)
        new_result = frame.commit(functions.call(frame, Arguments([operand, item]), node))
        result = ValueSet().update(new_result, *([] if items else [result]))
    return Outcome.of(result)


def _model_update_wrapper(_: Frame, arguments: Arguments, __: ast.AST) -> Outcome:
    return Outcome.of(ValueSet().update(*arguments.positional[:1]))


def _model_wraps(_: Frame, __: Arguments, ___: ast.AST) -> Outcome:
    return Outcome.of(ValueSet([wrap(return_function)]))


def return_function(function: Any) -> Any:
    """Return the function: the decorator that ``wraps()`` makes."""
    return function


LIBRARY = Library(
    calls={
        "_functools.reduce": _model_reduce,
        "functools.partial": _model_partial,
        "functools.update_wrapper": _model_update_wrapper,
        "functools.wraps": _model_wraps,
        f"{__name__}.{return_function.__qualname__}": return_last,
    }
)
