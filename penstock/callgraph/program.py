"""State of one analysis: the relations found so far, and the functions already interpreted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from penstock.callgraph.call_contexts import Family, family_of
from penstock.callgraph.call_paths import Activation, Way
from penstock.callgraph.codebase import owner_of
from penstock.callgraph.function_bodies import names_in
from penstock.callgraph.live_functions import body_of
from penstock.callgraph.values.base import ValueSet
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from types import FunctionType

    from penstock.callgraph.call_paths import Reach, Site
    from penstock.callgraph.codebase import Codebase
    from penstock.callgraph.function_bodies import Body, Node
    from penstock.effects.rows import Touch
    from penstock.model import CallKind

    Names = dict[str, ValueSet]
    Interpret = Callable[["Program", Body, Names, "Summary"], None]

_DEEPEST = 60
"""How many calls are followed inside each other."""
_BLIND = 8
"""How many places are kept for one function."""


class TooLongError(BaseException):
    """The time is over; no part of the reading may take it for a fault of the code."""


class Summary:
    """The behaviour of one function with certain arguments.

    Attributes:
        body: The function.
        result: The values that it returns.
        inner: The steps that it leads to.
        finished: The steps among them known to have run when it returns; others may only be started.
        blind: The places of analysis gaps, with the reasons.
        touches: What it touches outside the process, itself and in functions that are no steps, with the places.
        waiting: The functions that called it during its own analysis.
    """

    __slots__ = ("blind", "body", "finished", "inner", "result", "touches", "waiting")

    def __init__(self, body: Body, result: ValueSet | None = None) -> None:
        self.body = body
        self.result = ValueSet() if result is None else result
        self.inner: Reach = {}
        self.finished: set[int] = set()
        self.blind: dict[Site, str] = {}
        self.touches: dict[Touch, Site] = {}
        self.waiting: list[Summary] = []

    def with_result_of(self, tags: Iterable[int]) -> Summary:
        """Return a summary whose result also carries the tags of these steps."""
        summary = Summary(self.body, ValueSet(self.result, self.result.tags.union(tags)))
        summary.inner, summary.finished, summary.blind = self.inner, self.finished, self.blind
        summary.touches = self.touches
        return summary


class Program:
    """The functions of the user's code, and what is known of them so far.

    Attributes:
        code: The user's code and the steps in it.
        relations: The relations between steps, with their kind and place.
        blind: The places of analysis gaps, by the numbers of the steps.
        touches: What the steps touch outside the process, with the places, by the numbers of the steps.
        callees: The functions that each function was seen to call, by their definitions.
        step_bodies: The functions of each step, by its number.
        answered: The calls whose target was known in at least one context.
        until: The deadline of the analysis, on the clock of ``time.monotonic``.
    """

    def __init__(self, code: Codebase, interpret: Interpret) -> None:
        self.code = code
        self.relations: dict[tuple[CallKind, int, int], Site] = {}
        self.blind: dict[int, dict[Site, str]] = {}
        self.touches: dict[int, dict[Touch, Site]] = {}
        self.callees: dict[Node, dict[Node, Body]] = {}
        self.step_bodies: dict[int, dict[Node, Body]] = {}
        self.answered: set[Site] = set()
        self.until = float("inf")
        self._interpret = interpret
        self._functions: dict[int, tuple[Any, Body | None]] = {}
        self._names: dict[Node, tuple[frozenset[str], frozenset[str]]] = {}
        self._memo: dict[Hashable, Summary] = {}
        self._families: dict[Hashable, Family] = {}
        self._stack: list[Summary] = []
        self._running: set[Hashable] = set()
        self._assignments: dict[tuple[int, str], ValueSet] = {}
        self._typical: dict[int, Instance] = {}
        self._live_objects: list[Any] = []
        self.declared: dict[int, dict[str, ValueSet]] = {}

    def body(self, function: FunctionType) -> Body | None:
        """Return the definition of a function, or ``None`` where its source is not at hand."""
        entry = self._functions.get(id(function))
        if entry is None:
            definition = body_of(function, self.code.tags_of(function), owner_of(function))
            entry = self._functions[id(function)] = function, definition
        return entry[1]

    def names(self, node: Node) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that a function binds, and those that it shares with enclosing scopes."""
        if node not in self._names:
            self._names[node] = names_in(node)
        return self._names[node]

    # Memory ---------------------------------------------------------------------------------------------------

    def remember(self, thing: Any, name: str, values: ValueSet) -> None:
        """Record an assignment to an attribute or item of an object that exists since the import."""
        self._live_objects.append(thing)  # its id must not be reused
        self._assignments.setdefault((id(thing), name), ValueSet()).update(values)

    def recall(self, thing: Any, name: str) -> ValueSet:
        """Return the values of the recorded assignments to an attribute or item."""
        values = self._assignments.get((id(thing), name))
        return ValueSet() if values is None else values

    def remembers(self, thing: Any, name: str) -> bool:
        """Return whether an assignment to an attribute or item was recorded."""
        return (id(thing), name) in self._assignments

    def make_typical(self, kind: type) -> Instance:
        """Return the representative instance of a class."""
        if id(kind) not in self._typical:
            self._typical[id(kind)] = Instance(wrap(kind), "typical", open=True)
        return self._typical[id(kind)]

    # Relations ------------------------------------------------------------------------------------------------

    def note(self, kind: CallKind, source: int, target: int, site: Site | Way) -> None:
        """Record that one step leads to another, if both are of one flow."""
        if source != target and self.code.labels[source][0] == self.code.labels[target][0]:
            self.relations.setdefault((kind, source, target), (site[0], site[1]))

    def visible_relations(self, summary: Summary, site: Site) -> Reach:
        """Return the steps that a call of a function leads to; steps behind a step belong to that step."""
        own = summary.body.tags
        inner = self._through(summary)
        if not own:
            return inner
        flows = self.code.flows_of(own)
        steps_behind = {tag: way for tag, way in inner.items() if self.code.labels[tag][0] not in flows}
        return dict.fromkeys(own, Way(*site)) | steps_behind

    def _through(self, summary: Summary) -> Reach:
        """Return the steps that a function leads to as its caller sees them: through this call."""
        family = family_of(summary.body)
        bodies = {family}.union(*(activation.bodies for way in summary.inner.values() for activation in way.through))
        call = Activation(family, frozenset(summary.inner), frozenset(bodies), summary in self._stack)
        return {tag: way._replace(through=way.through | {call}) for tag, way in summary.inner.items()}

    def run(self, body: Body, names: Names) -> Summary:
        """Return the summary of a function with certain arguments."""
        if time.monotonic() > self.until:
            raise TooLongError
        if self._stack:
            self.callees.setdefault(self._stack[-1].body.node, {})[body.node] = body
        family = self._families.setdefault(family_of(body), Family())
        context = family.context(names, lambda signature: (body.key, signature) in self._memo, self.make_typical)
        summary = self._summarize((body.key, context.signature), body, context.names)
        return summary.with_result_of(context.dropped_steps) if context.dropped_steps else summary

    def _summarize(self, key: Hashable, body: Body, names: Names) -> Summary:
        memo = self._memo.get(key)
        if memo is not None:
            if key in self._running:
                memo.waiting += [caller for caller in self._stack if caller is not memo and caller not in memo.waiting]
            return memo
        summary = Summary(body, ValueSet(tags={tag for values in names.values() for tag in values.deep_tags()}))
        if len(self._stack) >= _DEEPEST:
            self.give_up(
                self._stack[-1], (body.file, body.node.lineno), "more calls inside each other than are followed"
            )
            return summary
        return self._read_now(key, summary, names)

    def _read_now(self, key: Hashable, summary: Summary, names: Names) -> Summary:
        body = summary.body
        self._families[family_of(body)].number += 1
        self._memo[key] = summary
        self._running.add(key)
        self._stack.append(summary)
        is_complete = False
        try:
            self._interpret(self, body, names, summary)
            is_complete = True
        finally:
            self._stack.pop()
            self._running.discard(key)
            if not is_complete:
                self._memo.pop(key, None)
        self._conclude(summary)
        for waiting in summary.waiting:
            for tag, site in self.visible_relations(summary, (body.file, body.node.lineno)).items():
                waiting.inner.setdefault(tag, site)
            self._conclude(waiting)
        summary.waiting.clear()
        return summary

    def _conclude(self, summary: Summary) -> None:
        for source in summary.body.tags:
            for target, site in summary.inner.items():
                self.note("call", source, target, site)
            self.blind.setdefault(source, {}).update(summary.blind)
            self.touches.setdefault(source, {}).update(summary.touches)
            self.step_bodies.setdefault(source, {})[summary.body.node] = summary.body

    def give_up(self, summary: Summary, site: Site, reason: str) -> None:
        """Record a gap of the analysis."""
        if len(summary.blind) < _BLIND:
            summary.blind.setdefault(site, reason)
