"""Statements, in their order of execution; a visitor returns ``False`` if the next statement is not reached."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.interpreter.annotations import annotate
from penstock.callgraph.interpreter.assignments import assign
from penstock.callgraph.interpreter.branches import copy_point, follow_branches, follow_loop, join_branches
from penstock.callgraph.interpreter.expressions import choose, is_always
from penstock.callgraph.interpreter.operators import add_operands, call_operator
from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.containers import Container, find_functions
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveObject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from penstock.callgraph.interpreter.state import Branch, FunctionState


def _visit_expression(state: FunctionState, node: ast.Expr) -> None:
    state.evaluate(node.value)


def _visit_assignment(state: FunctionState, node: ast.Assign) -> None:
    values = state.evaluate(node.value)
    for target in node.targets:
        assign(state, target, _keep_known_class(state, target, node.value, values))


def _keep_known_class(state: FunctionState, target: ast.expr, source: ast.expr, values: ValueSet) -> ValueSet:
    """Keep the class of a name that is passed to an unknown function and rebound to its result."""
    if len(values) or not (isinstance(target, ast.Name) and isinstance(source, ast.Call)):
        return values
    if not any(isinstance(argument, ast.Name) and argument.id == target.id for argument in source.args):
        return values
    return ValueSet((value for value in state.find(target.id) if isinstance(value, Instance)), values.tags)


def _visit_annotated_assignment(state: FunctionState, node: ast.AnnAssign) -> None:
    values = state.evaluate(node.value)
    if not values:
        values = ValueSet().update(values, annotate(state.lookup, node.annotation))
    if node.value is not None or values:
        assign(state, node.target, values)


def _visit_augmented_assignment(state: FunctionState, node: ast.AugAssign) -> None:
    values = state.evaluate(node.target)
    operand = state.evaluate(node.value)
    result = ValueSet().update(values, ValueSet(tags=operand.deep_tags()))
    result.update(
        call_operator(state, node.op, values, operand, node),
        add_operands(state, values, operand, node),
    )
    assign(state, node.target, result)


def _visit_delete(state: FunctionState, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            state.scope.names.pop(target.id, None)


# Jumps --------------------------------------------------------------------------------------------------------


def _visit_return(state: FunctionState, node: ast.Return) -> bool:
    state.returned.update(state.evaluate(node.value))
    return False


def _visit_raise(state: FunctionState, node: ast.Raise) -> bool:
    exceptions = state.evaluate(node.exc)
    state.evaluate(node.cause)
    state.call(ValueSet(value for value in exceptions if value.is_class), Arguments(), node)
    return False


def _visit_loop_exit(state: FunctionState, _: ast.Break | ast.Continue) -> bool:
    if state.loops:
        state.loops[-1].append(copy_point(state))
    return False


# Branches -----------------------------------------------------------------------------------------------------


def _visit_if(state: FunctionState, node: ast.If) -> bool:
    state.evaluate(node.test)
    return follow_branches(state, *(_block(state, way) for way in choose(node.test, node.body, node.orelse)))


def _block(state: FunctionState, statements: Sequence[ast.stmt]) -> Callable[[], bool]:
    return lambda: state.execute(statements)


def _visit_while(state: FunctionState, node: ast.While) -> bool:
    if is_always(node.test) is False:
        return state.execute(node.orelse)

    def iterate_once() -> bool:
        """Evaluate the condition, run the body, and return whether its end is reached."""
        state.evaluate(node.test)
        return state.execute(node.body)

    follow_loop(state, iterate_once)
    return state.execute(node.orelse)


def _visit_for(state: FunctionState, node: ast.For | ast.AsyncFor) -> bool:
    iterable = state.evaluate(node.iter)
    functions = find_functions(state, iterable)
    if functions:
        return _unroll_loop(state, node, functions) and state.execute(node.orelse)
    items = iterable.iterate(state)
    if isinstance(node, ast.AsyncFor):
        items = items.wait(state)

    def iterate_once() -> bool:
        """Assign the items to the target, run the body, and return whether its end is reached."""
        assign(state, node.target, items)
        return state.execute(node.body)

    follow_loop(state, iterate_once)
    return state.execute(node.orelse)


def _unroll_loop(state: FunctionState, node: ast.For | ast.AsyncFor, items: list[ValueSet]) -> bool:
    """Unroll a loop over functions: each iteration may receive the result of the one before it."""
    for item in items:
        state.loops.append([])
        assign(state, node.target, item)
        goes_on = state.execute(node.body)
        ends = [copy_point(state)] if goes_on else []
        if not join_branches(state, [*ends, *state.loops.pop()]):
            return False
    return True


def _visit_match(state: FunctionState, node: ast.Match) -> bool:
    subject = state.evaluate(node.subject)
    ways = [_case(state, case, subject) for case in node.cases]
    last = node.cases[-1]
    is_whole = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
    return follow_branches(state, *ways, *([] if is_whole else [lambda: True]))


def _case(state: FunctionState, case: ast.match_case, subject: ValueSet) -> Callable[[], bool]:
    def execute_case() -> bool:
        """Bind the names of the pattern, run the case, and return whether its end is reached."""
        inside = ValueSet(tags=subject.deep_tags())
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                state.assign_name(name, subject if pattern is case.pattern else inside)
        state.evaluate(case.guard)
        return state.execute(case.body)

    return execute_case


def _visit_try(state: FunctionState, node: ast.Try) -> bool:
    before = copy_point(state)
    goes_on = state.execute(node.body)
    after = copy_point(state)
    ends: list[Branch] = []
    if goes_on and state.execute(node.orelse):
        ends.append(copy_point(state))
    join_branches(state, [before, after])
    for handler in node.handlers:
        start = copy_point(state)
        if _handle(state, handler):
            ends.append(copy_point(state))
        state.scope.names, state.past_steps = start
    join_branches(state, ends or [after])
    return state.execute(node.finalbody) and bool(ends)


def _handle(state: FunctionState, handler: ast.ExceptHandler) -> bool:
    state.evaluate(handler.type)
    if handler.name:
        state.assign_name(handler.name, ValueSet())
    return state.execute(handler.body)


# Context managers ---------------------------------------------------------------------------------------------


def _visit_with(state: FunctionState, node: ast.With | ast.AsyncWith) -> bool:
    exit_stack: list[ValueSet] = []
    for item in node.items:
        managers = state.evaluate(item.context_expr)
        entered_values, exits = _enter(state, managers, node)
        exit_stack.append(exits)
        if item.optional_vars is not None:
            assign(state, item.optional_vars, entered_values)
    goes_on = state.execute(node.body)
    state.wait_for_all()
    for exits in reversed(exit_stack):
        state.call(exits, Arguments(), node).wait(state)
    return goes_on


def _enter(state: FunctionState, managers: ValueSet, node: ast.AST) -> tuple[ValueSet, ValueSet]:
    """Return the values that ``with`` binds by ``as``, and the methods called on exit."""
    entered_values, exits = ValueSet(tags=managers.tags), ValueSet()
    for manager in managers:
        if isinstance(manager, Container):
            entered_values.update(manager.everything())
            continue
        enter, leave = ValueSet(), ValueSet()
        for prefix in ("", "a") if isinstance(manager, (Instance, LiveObject)) else ():
            enter.update(manager.attribute(state, f"__{prefix}enter__", node))
            leave.update(manager.attribute(state, f"__{prefix}exit__", node))
        functions = enter.functions(state)
        entered_values.update(
            state.call(functions, Arguments(), node).wait(state) if functions else ValueSet([manager])
        )
        exits.update(leave.functions(state))
    return entered_values, exits


VISITORS: dict[type[ast.AST], Callable[[FunctionState, Any], bool | None]] = {
    ast.Expr: _visit_expression,
    ast.Assign: _visit_assignment,
    ast.AnnAssign: _visit_annotated_assignment,
    ast.AugAssign: _visit_augmented_assignment,
    ast.Delete: _visit_delete,
    ast.Return: _visit_return,
    ast.Raise: _visit_raise,
    **dict.fromkeys((ast.Break, ast.Continue), _visit_loop_exit),
    ast.If: _visit_if,
    ast.While: _visit_while,
    **dict.fromkeys((ast.For, ast.AsyncFor), _visit_for),
    ast.Match: _visit_match,
    **dict.fromkeys((ast.Try, ast.TryStar), _visit_try),
    **dict.fromkeys((ast.With, ast.AsyncWith), _visit_with),
}
