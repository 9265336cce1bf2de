"""Started work that may not have finished, and calls that follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.values.base import Arguments, Outcome, Value, ValueSet
from penstock.callgraph.values.containers import Container

if TYPE_CHECKING:
    import ast
    from collections.abc import Hashable, Iterable

    from penstock.callgraph.call_paths import Reach
    from penstock.callgraph.values.frame import Frame

_WAITS = frozenset({"result", "get", "join", "wait", "exception", "collect", "get_leaf"})
"""Methods that wait for the work and return its result."""
_THEN = frozenset({"add_done_callback", "then", "link"})
"""Methods that take what is called with the result."""


class PendingCall(Value):
    """Started work: a coroutine, a task, a future, a thread.

    Attributes:
        reach: The steps in it.
        result: The values that waiting for it returns.
    """

    __slots__ = ("reach", "result")
    is_container = True

    def __init__(self, reach: Reach, result: ValueSet, where: Hashable) -> None:
        self.reach, self.result = reach, result
        super().__init__("job", where, frozenset(reach))

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Call a chord's header with its callback, or start a chain."""
        if arguments.positional:
            return call_in_sequence(frame, [ValueSet([self]), *arguments.positional], node)
        return Outcome.of(ValueSet([self]))

    def call_method(self, frame: Frame, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Wait for the work, add what follows it, or do neither."""
        if name in _WAITS:
            return Outcome.of(self.wait(frame))
        if name in _THEN:
            callbacks = ValueSet().update(*arguments.positional)
            return call_in_sequence(frame, [ValueSet([self]), callbacks], node)
        return Outcome.of(ValueSet([self]))

    def wait(self, frame: Frame) -> ValueSet:
        """Wait for the work; return its result."""
        frame.wait_for(self.reach)
        return self.result

    def iterate(self, frame: Frame) -> ValueSet:
        """Return the work itself, for loops over futures, and the items of its result."""
        result = ValueSet([self])
        for value in self.result:
            result.update(value.iterate(frame))
        return result

    def contents(self) -> Iterable[ValueSet]:
        """Return the result."""
        return (self.result,)

    def result_values(self) -> ValueSet:
        """Return the result, as one who waits for it has it."""
        return self.result


def start(frame: Frame, outcome: Outcome, node: ast.AST) -> Outcome:
    """Return an outcome whose steps are only started."""
    reach: Reach = {**outcome.reach, **outcome.started}
    result = outcome.result.resolve()
    if not reach and not any(isinstance(value, PendingCall) for value in outcome.result):
        return outcome
    return Outcome(ValueSet([PendingCall(reach, result, frame.where(node))], result.tags), {}, reach)


def call_in_sequence(frame: Frame, parts: list[ValueSet], node: ast.AST) -> Outcome:
    """Return the outcome of a chain: each part receives the result of the one before it."""
    steps_before = dict(frame.past_steps)
    whole = Outcome.of()
    result = ValueSet()
    for part in parts:
        outcome = call_member(frame, flatten(part), result, node)
        frame.commit(Outcome(ValueSet(), {**outcome.reach, **outcome.started}, {}))
        whole.merge(outcome._replace(result=ValueSet()))
        result = outcome.result.resolve()
    frame.past_steps = steps_before
    return start(frame, whole._replace(result=result), node)


def call_member(frame: Frame, part: ValueSet, result: ValueSet, node: ast.AST) -> Outcome:
    """Return the outcome of one part of a chain, given the result of the one before it."""
    outcome = Outcome.of()
    for value in part:
        if isinstance(value, PendingCall):
            outcome.merge(Outcome(ValueSet([value], value.result.tags), {}, value.reach))
        else:
            arguments = Arguments() if value.is_fixed else Arguments([result.resolve()])
            outcome.merge(value.call(frame, arguments, node))
    return outcome


def flatten(values: ValueSet) -> ValueSet:
    """Return the values of containers inside each other."""
    result = ValueSet()
    for value in values:
        result.update(flatten(value.everything()) if isinstance(value, Container) else ValueSet([value]))
    return result
