"""The state of the interpreter: the names of one function, the steps called so far, and the branches of both."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.callgraph import models
from penstock.callgraph.call_contexts import FORGOTTEN, family_of
from penstock.callgraph.call_paths import PastSteps, Way
from penstock.callgraph.function_bodies import LocalNames
from penstock.callgraph.interpreter.annotations import find_declared_attributes
from penstock.callgraph.interpreter.invocation import bind_arguments, tag_result
from penstock.callgraph.interpreter.lookup import Lookup
from penstock.callgraph.interpreter.step_order import add_steps, is_repetition
from penstock.callgraph.models.unknown import call_unknown
from penstock.callgraph.values.base import Outcome, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.pending import PendingCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FunctionType

    from penstock.callgraph.call_paths import Reach, Site
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.program import Program, Summary
    from penstock.callgraph.values.base import Arguments, Value
    from penstock.effects.rows import Touch

Branch = tuple[dict[str, ValueSet], PastSteps]
"""The values of each name, and the steps that have run, at one point of a function."""


class Visitors(NamedTuple):
    """The functions that interpret syntax, by the class of the node.

    Attributes:
        expressions: Return the values of an expression.
        statements: Interpret a statement; return ``False`` if the next one is not reached.
    """

    expressions: Mapping[type[ast.AST], Callable[[FunctionState, Any], ValueSet]]
    statements: Mapping[type[ast.AST], Callable[[FunctionState, Any], bool | None]]


class FunctionState:
    """One function that is being interpreted with certain arguments: the :class:`Frame` of its values.

    Attributes:
        code: The user's code.
        body: The function.
        scope: The local names.
        lookup: All names that it sees.
        past_steps: The steps that have run on some path to this point.
        returned: The values that it may return.
        yielded: The values that it yields, or ``None`` if it yields none so far.
        loops: The ends of iterations by ``break`` and ``continue``, for each loop around this point.
    """

    def __init__(
        self, program: Program, body: Body, names: dict[str, ValueSet], summary: Summary, visitors: Visitors
    ) -> None:
        local_names, shared_names = program.names(body.node)
        self.program, self.body, self.code = program, body, program.code
        self.scope = LocalNames(body.outer, names, local_names, shared_names)
        self.lookup = Lookup(program, body, self.scope)
        self.past_steps: PastSteps = {}
        self.returned = ValueSet()
        self.yielded: ValueSet | None = None
        self.loops: list[list[Branch]] = []
        self._summary = summary
        self._family = family_of(body)
        self._started_steps: Reach = {}
        self._is_sending = False
        self._expressions, self._statements = visitors

    # Syntax ---------------------------------------------------------------------------------------------------

    def evaluate(self, node: ast.expr | None) -> ValueSet:
        """Return the possible values of an expression."""
        if node is None:
            return ValueSet()
        visit = self._expressions.get(type(node))
        return visit(self, node) if visit is not None else self.evaluate_parts(node)

    def evaluate_parts(self, node: ast.AST) -> ValueSet:
        """Return the tags of the parts of a node that is not understood further."""
        tags: set[int] = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                tags |= self.evaluate(child).deep_tags()
            elif isinstance(child, (ast.comprehension, ast.keyword)):
                self.evaluate_parts(child)
        return ValueSet(tags=tags)

    def execute(self, statements: Sequence[ast.stmt]) -> bool:
        """Interpret statements in order; return whether the code behind them is reached."""
        for node in statements:
            visit = self._statements.get(type(node))
            if visit is None:
                self.evaluate_parts(node)
            elif visit(self, node) is False:
                return False
        return True

    def site(self, node: ast.AST) -> Site:
        """Return the location of a node."""
        return self.body.file, getattr(node, "lineno", self.body.node.lineno)

    def where(self, node: ast.AST) -> tuple[Any, ...]:
        """Return the key that identifies a node."""
        return (self.body.key, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node).__name__)

    def find(self, name: str) -> ValueSet:
        """Return the possible values of a name."""
        return self.lookup.find(name)

    def assign_name(self, name: str, values: ValueSet) -> None:
        """Bind a name to values from here on."""
        if name not in self.scope.shared:
            self.scope.names[name] = ValueSet().update(values)
            return
        outer = self.scope.owner_of(name)
        if outer is not None:
            outer.names[name] = ValueSet().update(outer.names[name], values)
        else:
            self.remember(self.body.module, name, values)

    # Calls ----------------------------------------------------------------------------------------------------

    def can_run(self, function: FunctionType) -> bool:
        """Return whether a function is the user's own, and its source is at hand."""
        return self.code.owns(function) and self.program.body(function) is not None

    def run_function(self, function: FunctionType, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a function that exists since the import."""
        body = self.program.body(function)
        return self.run(body, arguments, node) if body is not None else Outcome.of()

    def run(self, body: Body, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a function."""
        self._hand_over(body.tags, arguments, node)
        summary = self.program.run(body, bind_arguments(body, arguments))
        if not body.tags and not self._is_sending:
            self._summary.touches = {**summary.touches, **self._summary.touches}
        reach = self.program.visible_relations(summary, self.site(node))
        if not body.tags:
            for site, reason in summary.blind.items():
                self.program.give_up(self._summary, site, reason)
        finished_steps = summary.finished.union(body.tags)
        run = {tag: way for tag, way in reach.items() if tag in finished_steps}
        result = tag_result(self.code, summary.result, body.tags)
        if body.is_async and not any(isinstance(value, Container) and value.kind == "generator" for value in result):
            return Outcome(ValueSet([PendingCall(run, result, self.where(node))], result.tags), {}, reach)
        return Outcome(result, run, {tag: way for tag, way in reach.items() if tag not in finished_steps})

    def run_as_step(self, tags: tuple[int, ...], arguments: Arguments, inside: Outcome, node: ast.AST) -> Outcome:
        """Return the outcome of calling a step whose code is not analysed as a function of its own."""
        self._hand_over(tags, arguments, node)
        reach = {**dict.fromkeys(tags, Way(*self.site(node))), **inside.reach}
        return Outcome(tag_result(self.code, inside.result, tags), reach, inside.started)

    def _hand_over(self, tags: tuple[int, ...], arguments: Arguments, node: ast.AST) -> None:
        """Record that the results of other steps are passed to a step."""
        sources = arguments.tags() if tags else ()
        for target in tags:
            for source in sources:
                self.program.note("data", source, target, self.site(node))

    def call(self, values: ValueSet, arguments: Arguments, node: ast.AST) -> ValueSet:
        """Call any of these values here, and return the result."""
        return self.commit(values.call(self, arguments, node))

    def commit(self, outcome: Outcome) -> ValueSet:
        """Let a call happen here: its steps follow all that have run. Return its result."""
        self._begin(outcome.reach)
        self.wait_for(outcome.reach)
        self._begin(outcome.started)
        self._started_steps |= outcome.started
        return outcome.result

    def _begin(self, reach: Reach) -> None:
        for target, way in reach.items():
            self._summary.inner.setdefault(target, way)
            for source, ways in self.past_steps.items():
                if not all(is_repetition(self._family, source, target, earlier, way.through) for earlier in ways):
                    self.program.note("order", source, target, way)

    def wait_for(self, steps: Reach) -> None:
        """Let started steps have run from here on."""
        self._summary.finished.update(steps)
        add_steps(self.past_steps, steps)

    def wait_for_all(self) -> None:
        """Wait for all started work, as the end of a ``with`` block does."""
        self.wait_for(self._started_steps)

    def give_up(self, node: ast.AST, reason: str) -> None:
        """Record a gap of the analysis here."""
        self.program.give_up(self._summary, self.site(node), reason)

    def is_forgotten(self, values: ValueSet, node: ast.AST) -> bool:
        """Return whether a value was omitted from the context; if so, record a gap of the analysis here."""
        forgotten = any(value is FORGOTTEN for value in values)
        if forgotten:
            self.give_up(node, FORGOTTEN.reason)
        return forgotten

    # Touches --------------------------------------------------------------------------------------------------

    def note_touches(self, touches: Iterable[Touch], node: ast.AST) -> None:
        """Record what a call here touches outside the process."""
        for touch in touches:
            self._summary.touches.setdefault(touch, self.site(node))

    @contextmanager
    def send(self) -> Iterator[None]:
        """Let calls happen in another process, to which what they touch belongs."""
        is_sending, self._is_sending = self._is_sending, True
        try:
            yield
        finally:
            self._is_sending = is_sending

    # Libraries and memory -------------------------------------------------------------------------------------

    def call_library(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a third-party callable."""
        return models.call_library(self, thing, arguments, node)

    def call_library_object(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of calling an object that a library has a model of, or ``None``."""
        return models.call_library_object(self, value, arguments, node)

    def call_library_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a method that a library has a model of, or ``None``."""
        return models.call_library_method(self, value, name, arguments, node)

    def find_library_method(self, value: Value, name: str) -> Value | None:
        """Return a method that a library adds to an object once it is used, or ``None``."""
        return models.find_library_method(value, name)

    def call_unknown(self, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a callable of which only the name is known."""
        return call_unknown(self, name, arguments, node)

    def remember(self, thing: Any, name: str, values: ValueSet) -> None:
        """Record an assignment to an attribute or item of an object that exists since the import."""
        self.program.remember(thing, name, values)

    def recall(self, thing: Any, name: str) -> ValueSet:
        """Return the values of the recorded assignments to an attribute or item."""
        return self.program.recall(thing, name)

    def remembers(self, thing: Any, name: str) -> bool:
        """Return whether an assignment to an attribute or item was recorded."""
        return self.program.remembers(thing, name)

    def find_declared_attributes(self, kind: type) -> dict[str, ValueSet]:
        """Return the attributes that annotations in a class body declare, with their values."""
        return find_declared_attributes(self.program, kind)
