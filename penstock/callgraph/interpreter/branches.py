"""Branches: alternatives and loops, each from the same point, and the point where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.interpreter.step_order import merge_steps
from penstock.callgraph.values.base import ValueSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.interpreter.state import Branch, FunctionState

_TWICE = 3
"""How many nested loops are interpreted twice."""


def copy_point(state: FunctionState) -> Branch:
    """Return a copy of the names and steps at this point."""
    return dict(state.scope.names), dict(state.past_steps)


def follow_branches(state: FunctionState, *ways: Callable[[], bool]) -> bool:
    """Interpret alternatives, each from the current point; return whether any continues behind them."""
    names, steps = copy_point(state)
    ends = []
    for way in ways:
        state.scope.names, state.past_steps = dict(names), dict(steps)
        if way():
            ends.append((state.scope.names, state.past_steps))
    state.scope.names, state.past_steps = names, steps
    return join_branches(state, ends)


def join_branches(state: FunctionState, ends: list[Branch]) -> bool:
    """Continue from the merged ends of branches; return whether there is any."""
    if ends:
        names: dict[str, ValueSet] = {}
        for branch_names, _ in ends:
            for name, branch_values in branch_names.items():
                values = names.get(name, branch_values)
                names[name] = branch_values if values is branch_values else ValueSet().update(values, branch_values)
        state.scope.names = names
        state.past_steps = merge_steps(steps for _, steps in ends)
    return bool(ends)


def follow_loop(state: FunctionState, body: Callable[[], bool]) -> None:
    """Interpret a loop twice, so that its assignments reach its start; no iteration follows the next one."""
    start, steps = dict(state.past_steps), dict(state.past_steps)
    for _ in range(2 if len(state.loops) < _TWICE else 1):
        state.past_steps = dict(start)
        state.loops.append([])
        follow_branches(state, body, lambda: True)
        exits = state.loops.pop()
        join_branches(state, [copy_point(state), *exits])
        steps = merge_steps([steps, state.past_steps])
    state.past_steps = steps
