"""The reading of one function: its names, what it has called so far, and the branches of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.check.callgraph._bodies import Scope
from penstock.check.callgraph._contexts import FORGOTTEN, family_of
from penstock.check.callgraph._outcomes import Outcome
from penstock.check.callgraph._values import Job, Some
from penstock.check.callgraph._ways import Activation

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable

    from penstock.check.callgraph._bodies import Body
    from penstock.check.callgraph._program import Program, Summary
    from penstock.check.callgraph._values import Arguments, Value
    from penstock.check.callgraph._ways import Reach, Site

Seen = dict[int, tuple[frozenset[Activation], ...]]
"""The steps that have run, each with the calls through which it did, for each way in which it may have."""

State = tuple[dict[str, Some], Seen]
"""What each name may hold, and the steps that have run, at one point of a function."""

_WAYS = 6
"""In how many ways a step may have run, so that each is compared with what comes after."""
_TWICE = 3
"""How many loops inside each other are read twice."""


class Frame:
    """One function, read with certain arguments.

    Attributes:
        seen: The steps that have run on some way to here.
        returned: What it may return.
        yielded: What it yields, or ``None`` as long as it yields nothing.
        begun: The steps in work that was started.
    """

    def __init__(self, program: Program, body: Body, names: dict[str, Some], summary: Summary) -> None:
        known, shared = program.names(body.node)
        self.program, self.body, self.summary = program, body, summary
        self.scope = Scope(body.outer, names, known, shared)
        self.family = family_of(body)
        self.seen: Seen = {}
        self.returned = Some()
        self.yielded: Some | None = None
        self.begun: Reach = {}
        self.loops: list[list[State]] = []

    def evaluate(self, node: ast.expr | None) -> Some:
        """Return what an expression may be."""
        raise NotImplementedError

    def parts(self, node: ast.AST) -> Some:
        """Return what is made from the parts of something of which we know no more."""
        raise NotImplementedError

    def call(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return what a call leads to."""
        raise NotImplementedError

    def attribute(self, value: Value, name: str, node: ast.AST) -> Some:
        """Return what an attribute may be."""
        raise NotImplementedError

    def site(self, node: ast.AST) -> Site:
        """Return where a node is."""
        return self.body.file, getattr(node, "lineno", self.body.node.lineno)

    def where(self, node: ast.AST) -> tuple[Any, ...]:
        """Return what tells a node apart from all others."""
        return (self.body.key, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node).__name__)

    def call_all(self, values: Some, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return what a call leads to that may be of any of these."""
        outcome = Outcome.of()
        for value in values:
            outcome.merge(self.call(value, arguments, node))
        return outcome

    def commit(self, outcome: Outcome) -> Some:
        """Let a call happen here: it comes after all that has run, and what it leads to has run from now on."""
        self._begin(outcome.reach)
        self._see(outcome.reach)
        self._begin(outcome.started)
        self.begun |= outcome.started
        return outcome.result

    def called(self, values: Some, arguments: Arguments, node: ast.AST) -> Some:
        """Let a call of any of these happen here, and return its result."""
        return self.commit(self.call_all(values, arguments, node))

    def _begin(self, reach: Reach) -> None:
        for target, way in reach.items():
            self.summary.inner.setdefault(target, way)
            for source, ways in self.seen.items():
                if not all(self._is_again(source, target, earlier, way.through) for earlier in ways):
                    self.program.note("order", source, target, way)

    def _is_again(self, source: int, target: int, earlier: frozenset[Activation], later: frozenset[Activation]) -> bool:
        """Return whether one step comes after another only because a function that leads to both is called again.

        What order they have is that within each call, as in the rounds of a loop.
        """
        return (
            any(one.is_open or (self.family in one.bodies and source in one.steps) for one in later)
            or any(one.is_open or (self.family in one.bodies and target in one.steps) for one in earlier)
            or any(
                one.body == other.body and (source in one.steps or target in other.steps)
                for one in later
                for other in earlier
            )
        )

    def _see(self, reach: Reach) -> None:
        self.summary.finished.update(reach)
        for tag, way in reach.items():
            ways = self.seen.get(tag, ())
            if way.through not in ways:
                self.seen[tag] = (*ways, way.through)[:_WAYS]

    def wait(self, some: Some) -> Some:
        """Wait for what may be work that was started; return its results."""
        result = Some(tags=some.tags)
        for value in some:
            if isinstance(value, Job):
                self._see(value.reach)
                result.update(value.result)
            else:
                result.add(value)
        return result

    def wait_for_all(self) -> None:
        """Wait for everything that was started, as the end of a ``with`` block does."""
        self._see(self.begun)

    def give_up(self, node: ast.AST, reason: str) -> None:
        """Note that the reading does not get further here."""
        self.program.give_up(self.summary, self.site(node), reason)

    def is_forgotten(self, some: Some, node: ast.AST) -> bool:
        """Return whether the reading has forgotten what something is, and note that it does not get further here."""
        forgotten = any(value is FORGOTTEN for value in some)
        if forgotten:
            self.give_up(node, FORGOTTEN.reason)
        return forgotten

    # Branches -------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return a copy of what holds here."""
        return dict(self.scope.names), dict(self.seen)

    def branch(self, *ways: Callable[[], bool]) -> bool:
        """Read alternatives, each from what holds here; tell whether any goes on behind them."""
        names, seen = self.state()
        ends = []
        for way in ways:
            self.scope.names, self.seen = dict(names), dict(seen)
            if way():
                ends.append((self.scope.names, self.seen))
        self.scope.names, self.seen = names, seen
        return self.meet(ends)

    def meet(self, ends: list[State]) -> bool:
        """Go on from where any of these ended; tell whether there is any."""
        if ends:
            names: dict[str, Some] = {}
            for held, _ in ends:
                for name, some in held.items():
                    known = names.get(name, some)
                    names[name] = some if known is some else Some().update(known, some)
            self.scope.names = names
            self.seen = _merged(seen for _, seen in ends)
        return bool(ends)

    def loop(self, body: Callable[[], bool]) -> None:
        """Read a loop twice, so that what it assigns reaches its beginning; a round comes not after the next."""
        start, seen = dict(self.seen), dict(self.seen)
        for _ in range(2 if len(self.loops) < _TWICE else 1):
            self.seen = dict(start)
            self.loops.append([])
            self.branch(body, lambda: True)
            left = self.loops.pop()
            self.meet([self.state(), *left])
            seen = _merged([seen, self.seen])
        self.seen = seen


def _merged(several: Iterable[Seen]) -> Seen:
    merged: Seen = {}
    for seen in several:
        for tag, ways in seen.items():
            known = merged.get(tag, ways)
            merged[tag] = ways if known is ways else tuple(dict.fromkeys((*known, *ways)))[:_WAYS]
    return merged
