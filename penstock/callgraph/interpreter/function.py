"""The interpreter of a function: all visitors over one state."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from penstock.callgraph.interpreter import calls, definitions, displays, expressions, operators, statements
from penstock.callgraph.interpreter.annotations import annotate, apply_annotations
from penstock.callgraph.interpreter.state import FunctionState, Visitors
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.program import Program, Summary

_VISITORS = Visitors(
    expressions={**expressions.VISITORS, **calls.VISITORS, **displays.VISITORS, **operators.VISITORS},
    statements={**statements.VISITORS, **definitions.VISITORS},
)


def interpret_function(program: Program, body: Body, names: dict[str, ValueSet], summary: Summary) -> None:
    """Interpret a function with certain arguments, and write what it does into its summary."""
    state = FunctionState(program, body, names, summary, _VISITORS)
    try:
        summary.result = _find_result(state)
    except RecursionError:
        state.give_up(body.node, "the code is nested too deeply to be read")
    except (Exception, SystemExit) as error:  # an unforeseen construct must not cost the rest
        state.give_up(body.node, f"the code cannot be read ({type(error).__name__})")


def _find_result(state: FunctionState) -> ValueSet:
    """Interpret the whole function; return the values that a call of it returns."""
    apply_annotations(state.lookup)
    node = state.body.node
    if isinstance(node, ast.Lambda):
        state.returned.update(state.evaluate(node.body))
    else:
        state.execute(node.body)
    result = state.returned
    if state.yielded is not None:
        key = state.body.key
        generator = Container("generator", ("generator", *key) if isinstance(key, tuple) else "generator")
        generator.rest.update(state.yielded)
        result = ValueSet([generator], state.yielded.tags)
    if not result and not isinstance(node, ast.Lambda):
        result.update(annotate(state.lookup, node.returns))
    return result
