"""State of one analysis: the steps, the relations found so far, and the functions already interpreted."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Instance, Real, Some
from penstock.callgraph.call_contexts import Family, family_of
from penstock.callgraph.call_paths import Activation, Way
from penstock.callgraph.function_bodies import body_of, names_in
from penstock.callgraph.live_objects import NOTHING, bottoms, held_by, peek

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from types import FunctionType

    from penstock.callgraph.call_paths import Reach, Site
    from penstock.callgraph.function_bodies import Body, Node
    from penstock.model import CallKind

    Names = dict[str, Some]
    Read = Callable[["Program", Body, Names, "Summary"], None]

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
        waiting: The functions that called it during its own analysis.
    """

    __slots__ = ("blind", "body", "finished", "inner", "result", "waiting")

    def __init__(self, body: Body, result: Some | None = None) -> None:
        self.body = body
        self.result = Some() if result is None else result
        self.inner: Reach = {}
        self.finished: set[int] = set()
        self.blind: dict[Site, str] = {}
        self.waiting: list[Summary] = []

    def with_result_of(self, tags: Iterable[int]) -> Summary:
        """Return a summary whose result also carries the tags of these steps."""
        summary = Summary(self.body, Some(self.result, self.result.tags.union(tags)))
        summary.inner, summary.finished, summary.blind = self.inner, self.finished, self.blind
        return summary


class Program:
    """The steps of all flows and the code around them.

    Attributes:
        labels: Flow and name of each step, by its number.
        numbers: The number of each step, by flow and name.
        found: The relations between steps, with their kind and place.
        blind: The places of analysis gaps, by the numbers of the steps.
        answered: The calls whose target was known in at least one context.
        heap: The values assigned to attributes and items of objects that exist since the import.
        kept: Objects kept alive so that their ``id`` is not reused.
        declared: The attributes that class bodies declare by annotations, by the identity of the class.
        until: The deadline of the analysis, on the clock of ``time.monotonic``.
    """

    def __init__(self, steps: Iterable[tuple[str, str, Any]], own: Callable[[str], bool], read: Read) -> None:
        self.labels: list[tuple[str, str]] = []
        self.numbers: dict[tuple[str, str], int] = {}
        self.found: dict[tuple[CallKind, int, int], Site] = {}
        self.blind: dict[int, dict[Site, str]] = {}
        self.answered: set[Site] = set()
        self.heap: dict[tuple[int, str], Some] = {}
        self.until = float("inf")
        self._own, self._read = own, read
        self._own_files: dict[str, bool] = {}
        self._steps: dict[int, tuple[int, ...]] = {}
        self._functions: dict[int, tuple[Any, Body | None]] = {}
        self._names: dict[Node, tuple[frozenset[str], frozenset[str]]] = {}
        self._typical: dict[int, Instance] = {}
        self._memo: dict[Hashable, Summary] = {}
        self._families: dict[Hashable, Family] = {}
        self._stack: list[Summary] = []
        self._running: set[Hashable] = set()
        self._classes: list[type] | None = None
        self.kept: list[Any] = []
        self.declared: dict[int, dict[str, Some]] = {}
        for flow, name, thing in steps:
            self._add_step(flow, name, thing)

    def _add_step(self, flow: str, name: str, thing: Any) -> None:
        label = flow, name
        number = self.numbers.setdefault(label, len(self.labels))
        if number == len(self.labels):
            self.labels.append(label)
        objects = [thing, *bottoms(thing)]
        self.kept += objects
        for identity in dict.fromkeys(map(id, objects)):
            self._steps[identity] = tuple(dict.fromkeys((*self._steps.get(identity, ()), number)))

    def tags_of(self, thing: Any) -> tuple[int, ...]:
        """Return the numbers of the steps that an object is."""
        return self._steps.get(id(thing), ())

    def owns_file(self, file: str) -> bool:
        """Return whether a file is the user's own code."""
        if file not in self._own_files:
            self._own_files[file] = self._own(file)
        return self._own_files[file]

    def owns(self, function: FunctionType) -> bool:
        """Return whether a function is the user's own code."""
        return self.owns_file(function.__code__.co_filename)

    def owns_class(self, kind: type) -> bool:
        """Return whether a class is the user's own code."""
        module = sys.modules.get(str(type.__getattribute__(kind, "__module__")))
        file = held_by(module).get("__file__") if module is not None else None
        return isinstance(file, str) and self.owns_file(file)

    def body(self, function: FunctionType) -> Body | None:
        """Return the definition of a function, or ``None`` where its source is not at hand."""
        entry = self._functions.get(id(function))
        if entry is None:
            definition = body_of(function, self.tags_of(function), owner_of(function))
            entry = self._functions[id(function)] = function, definition
        return entry[1]

    def names(self, node: Node) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that a function binds, and those that it shares with enclosing scopes."""
        if node not in self._names:
            self._names[node] = names_in(node)
        return self._names[node]

    def own_classes(self) -> list[type]:
        """Return the user's classes that modules hold."""
        if self._classes is None:
            values = (value for module in list(sys.modules.values()) for value in list(held_by(module).values()))
            classes = {id(value): value for value in values if issubclass(type(value), type)}
            self._classes = [kind for kind in classes.values() if self.owns_class(kind)]
        return self._classes

    def typical(self, kind: type) -> Instance:
        """Return the representative instance of a class."""
        if id(kind) not in self._typical:
            self._typical[id(kind)] = Instance(Real(kind), "typical", open=True)
        return self._typical[id(kind)]

    def note(self, kind: CallKind, source: int, target: int, site: Site | Way) -> None:
        """Record that one step leads to another, if both are of one flow."""
        if source != target and self.labels[source][0] == self.labels[target][0]:
            self.found.setdefault((kind, source, target), (site[0], site[1]))

    def visible_relations(self, summary: Summary, site: Site) -> Reach:
        """Return the steps that a call of a function leads to; steps behind a step belong to that step."""
        own = summary.body.tags
        inner = self._through(summary)
        if not own:
            return inner
        flows = {self.labels[tag][0] for tag in own}
        steps_behind = {tag: way for tag, way in inner.items() if self.labels[tag][0] not in flows}
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
        family = self._families.setdefault(family_of(body), Family())
        context = family.context(names, lambda signature: (body.key, signature) in self._memo, self.typical)
        summary = self._summarize((body.key, context.signature), body, context.names)
        return summary.with_result_of(context.lost) if context.lost else summary

    def _summarize(self, key: Hashable, body: Body, names: Names) -> Summary:
        memo = self._memo.get(key)
        if memo is not None:
            if key in self._running:
                memo.waiting += [caller for caller in self._stack if caller is not memo and caller not in memo.waiting]
            return memo
        summary = Summary(body, Some(tags={tag for some in names.values() for tag in some.deep_tags()}))
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
            self._read(self, body, names, summary)
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

    def give_up(self, summary: Summary, site: Site, reason: str) -> None:
        """Record a gap of the analysis."""
        if len(summary.blind) < _BLIND:
            summary.blind.setdefault(site, reason)


def owner_of(function: FunctionType) -> type | None:
    """Return the class that a function is a method of, or ``None``."""
    *path, _ = function.__qualname__.split(".")
    if not path or path[-1] == "<locals>":
        return None
    owner: Any = function.__globals__.get(path[0], NOTHING)
    for name in path[1:]:
        owner = peek(owner, name) if name != "<locals>" else NOTHING
    return owner if issubclass(type(owner), type) else None


def subclasses(kind: type) -> Iterator[type]:
    """Yield the classes below a class."""
    visited_ids: set[int] = set()
    waiting: list[type] = [kind]
    while waiting:
        children: list[type] = type.__subclasses__(waiting.pop())
        for subclass in children:
            if id(subclass) not in visited_ids:
                visited_ids.add(id(subclass))
                waiting.append(subclass)
                yield subclass


def is_protocol(kind: type) -> bool:
    """Return whether a class is a protocol."""
    return kind.__dict__.get("_is_protocol", False) is True
