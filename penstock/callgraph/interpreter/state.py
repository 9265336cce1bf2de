"""Interprets one function: its names, the steps called so far, and the branches of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Job, Some
from penstock.callgraph.call_contexts import FORGOTTEN, family_of
from penstock.callgraph.call_outcome import Outcome
from penstock.callgraph.call_paths import Activation
from penstock.callgraph.function_bodies import LocalNames

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable

    from penstock.callgraph.abstract_values import Arguments, Value
    from penstock.callgraph.call_paths import Reach, Site
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.program import Program, Summary

Seen = dict[int, tuple[frozenset[Activation], ...]]
"""The steps that have run, each with the calls that led to it, for each way in which it may have run."""

State = tuple[dict[str, Some], Seen]
"""The possible values of each name, and the steps that have run, at one point of a function."""

_WAYS = 6
"""How many ways to reach a step are kept and compared with later steps."""
_TWICE = 3
"""How many nested loops are interpreted twice."""


class FunctionInterpreter:
    """Interprets one function with certain arguments.

    Attributes:
        seen: The steps that have run on some path to this point.
        returned: The values that it may return.
        yielded: The values that it yields, or ``None`` if it yields none so far.
        begun: The steps in started work.
    """

    def __init__(self, program: Program, body: Body, names: dict[str, Some], summary: Summary) -> None:
        local_names, shared_names = program.names(body.node)
        self.program, self.body, self.summary = program, body, summary
        self.scope = LocalNames(body.outer, names, local_names, shared_names)
        self.family = family_of(body)
        self.seen: Seen = {}
        self.returned = Some()
        self.yielded: Some | None = None
        self.begun: Reach = {}
        self.loops: list[list[State]] = []

    def evaluate(self, node: ast.expr | None) -> Some:
        """Return the possible values of an expression."""
        raise NotImplementedError

    def parts(self, node: ast.AST) -> Some:
        """Return the tags of the parts of a node that is not understood further."""
        raise NotImplementedError

    def call(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of a call."""
        raise NotImplementedError

    def attribute(self, value: Value, name: str, node: ast.AST) -> Some:
        """Return the possible values of an attribute."""
        raise NotImplementedError

    def site(self, node: ast.AST) -> Site:
        """Return the location of a node."""
        return self.body.file, getattr(node, "lineno", self.body.node.lineno)

    def where(self, node: ast.AST) -> tuple[Any, ...]:
        """Return the key that identifies a node."""
        return (self.body.key, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node).__name__)

    def call_all(self, values: Some, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of a call whose target may be any of these values."""
        outcome = Outcome.of()
        for value in values:
            outcome.merge(self.call(value, arguments, node))
        return outcome

    def commit(self, outcome: Outcome) -> Some:
        """Apply a call here: its steps follow all that have run, and have run from now on."""
        self._begin(outcome.reach)
        self._see(outcome.reach)
        self._begin(outcome.started)
        self.begun |= outcome.started
        return outcome.result

    def commit_call(self, values: Some, arguments: Arguments, node: ast.AST) -> Some:
        """Call any of these values here, and return the result."""
        return self.commit(self.call_all(values, arguments, node))

    def _begin(self, reach: Reach) -> None:
        for target, way in reach.items():
            self.summary.inner.setdefault(target, way)
            for source, ways in self.seen.items():
                if not all(self._is_again(source, target, earlier, way.through) for earlier in ways):
                    self.program.note("order", source, target, way)

    def _is_again(self, source: int, target: int, earlier: frozenset[Activation], later: frozenset[Activation]) -> bool:
        """Return whether one step follows another only because a function that leads to both is called again.

        Their order is then the one within each call, as in the iterations of a loop.
        """
        return (
            any(call.is_open or (self.family in call.bodies and source in call.steps) for call in later)
            or any(call.is_open or (self.family in call.bodies and target in call.steps) for call in earlier)
            or any(
                call.body == earlier_call.body and (source in call.steps or target in earlier_call.steps)
                for call in later
                for earlier_call in earlier
            )
        )

    def _see(self, reach: Reach) -> None:
        self.summary.finished.update(reach)
        for tag, way in reach.items():
            ways = self.seen.get(tag, ())
            if way.through not in ways:
                self.seen[tag] = (*ways, way.through)[:_WAYS]

    def wait(self, some: Some) -> Some:
        """Wait for started work among some values; return the results."""
        result = Some(tags=some.tags)
        for value in some:
            if isinstance(value, Job):
                self._see(value.reach)
                result.update(value.result)
            else:
                result.add(value)
        return result

    def wait_for_all(self) -> None:
        """Wait for all started work, as the end of a ``with`` block does."""
        self._see(self.begun)

    def give_up(self, node: ast.AST, reason: str) -> None:
        """Record a gap of the analysis here."""
        self.program.give_up(self.summary, self.site(node), reason)

    def is_forgotten(self, some: Some, node: ast.AST) -> bool:
        """Return whether a value was omitted from the context; if so, record a gap of the analysis here."""
        forgotten = any(value is FORGOTTEN for value in some)
        if forgotten:
            self.give_up(node, FORGOTTEN.reason)
        return forgotten

    # Branches -------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return a copy of the current state."""
        return dict(self.scope.names), dict(self.seen)

    def branch(self, *ways: Callable[[], bool]) -> bool:
        """Interpret alternatives, each from the current state; return whether any continues behind them."""
        names, steps = self.state()
        ends = []
        for way in ways:
            self.scope.names, self.seen = dict(names), dict(steps)
            if way():
                ends.append((self.scope.names, self.seen))
        self.scope.names, self.seen = names, steps
        return self.meet(ends)

    def meet(self, ends: list[State]) -> bool:
        """Continue from the merged end states; return whether there is any."""
        if ends:
            names: dict[str, Some] = {}
            for branch_names, _ in ends:
                for name, some in branch_names.items():
                    values = names.get(name, some)
                    names[name] = some if values is some else Some().update(values, some)
            self.scope.names = names
            self.seen = _merge_seen(steps for _, steps in ends)
        return bool(ends)

    def loop(self, body: Callable[[], bool]) -> None:
        """Interpret a loop twice, so that its assignments reach its start; no iteration follows the next one."""
        start, steps = dict(self.seen), dict(self.seen)
        for _ in range(2 if len(self.loops) < _TWICE else 1):
            self.seen = dict(start)
            self.loops.append([])
            self.branch(body, lambda: True)
            exits = self.loops.pop()
            self.meet([self.state(), *exits])
            steps = _merge_seen([steps, self.seen])
        self.seen = steps


def _merge_seen(several: Iterable[Seen]) -> Seen:
    result: Seen = {}
    for steps in several:
        for tag, ways in steps.items():
            earlier_ways = result.get(tag, ways)
            result[tag] = ways if earlier_ways is ways else tuple(dict.fromkeys((*earlier_ways, *ways)))[:_WAYS]
    return result
