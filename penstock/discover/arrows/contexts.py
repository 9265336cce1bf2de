"""The contexts in which steps began, as facts of evidence, and the steps that came right before them.

The rules are those of :mod:`penstock.check.evidence.frames`; where calls overlapped, a step counts as done only if it had
surely ended. So whatever the recorder sees of such a run, an arrow that explains the fact here explains it there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.evidence.circumstances import NOTHING
from penstock.check.evidence.records import Evidence, Fact, Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from penstock.discover.arrows.step_trees import Placed, StepCall

_MAX_VISITS = 50_000
"""Calls of steps that are looked at in the runs of a flow."""
_MAX_DEPTH = 60
"""Steps inside each other: what recursion shows, it shows sooner."""


class Context(NamedTuple):
    """Where a step began.

    Attributes:
        step: The step.
        parent: The nearest step around it.
        before: The steps that ended last before it, inside that one.
        done: All steps that had ended inside that one.
        ancestors: The steps further out.
        outside: The steps that had ended further out.
    """

    step: str
    parent: str
    before: frozenset[str]
    done: frozenset[str]
    ancestors: frozenset[str]
    outside: frozenset[str]


def explains(names: Collection[str], context: Context) -> bool:
    """Return whether an arrow from one of these steps explains a context."""
    return context.parent in names or not context.done.isdisjoint(names)


class _RunningStep(NamedTuple):
    """A step that runs, with what had ended inside the next one out when it began, and what of that ended last."""

    step: str
    done: frozenset[str] = NOTHING
    last: frozenset[str] = NOTHING
    outer: _RunningStep | None = None
    depth: int = 0


@dataclass
class Contexts:
    """The contexts of a flow's steps in its runs.

    Attributes:
        counts (Counter[Context]): In how many runs each was seen.
        firsts (Counter[tuple[str, str]]): In how many runs a step first began before another did.
        runs (Counter[str]): How many runs began with each entrypoint.
        unsure (Counter[tuple[Context, frozenset[str]]]): The contexts in runs of which something was not watched, each with
            the steps that may be missing there: the steps around are right, but more may have ended before.
        is_whole (bool): Whether all runs were looked at.
    """

    counts: Counter[Context] = field(default_factory=Counter)
    firsts: Counter[tuple[str, str]] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    unsure: Counter[tuple[Context, frozenset[str]]] = field(default_factory=Counter)
    is_whole: bool = True
    _visits: int = 0

    def add(self, run: StepCall, times: int, missing: frozenset[str] = NOTHING) -> None:
        """Add equal runs.

        Args:
            run: One of them.
            times: How many there were.
            missing: The steps that may be missing in them.
        """
        if self._visits > _MAX_VISITS:
            self.is_whole = False
            return
        contexts: dict[Context, None] = {}
        order: dict[str, None] = {run.step: None}
        self._visit(run, _RunningStep(run.step), contexts, order)
        self.runs[run.step] += times
        for context in contexts:
            if missing:
                self.unsure[context, missing] += times
            else:
                self.counts[context] += times
        names = list(order)
        for index, name in enumerate(names):
            for later_name in names[index + 1 :]:
                self.firsts[name, later_name] += times

    def _visit(
        self, call: StepCall, frame: _RunningStep, contexts: dict[Context, None], order: dict[str, None]
    ) -> None:
        for placed in call.inside:
            self._visits += 1
            inner = placed.call
            done = frozenset[str]().union(*(call.inside[position].call.finished for position in placed.after))
            last = _find_last(placed, call.inside)
            if inner.lazy and frame.outer is not None:  # it was made before its consumer began
                last = frame.last or frozenset({frame.outer.step})
            context = _describe(inner, frame, done, _list_consumed(inner) or last)
            if context is not None:
                contexts.setdefault(context)
            order.update(
                dict.fromkeys(name for name in (*sorted(_list_consumed(inner)), inner.step) if name not in order)
            )
            if frame.depth < _MAX_DEPTH:
                self._visit(inner, _RunningStep(inner.step, done, last, frame, frame.depth + 1), contexts, order)

    def admit(self, after: Mapping[str, Collection[str]]) -> bool:
        """Count the unsure contexts that no arrow explains, though no step before is missing; return whether there are any.

        The arrows from the steps around that explain them are right in any case.
        """
        new = {
            key: times
            for key, times in self.unsure.items()
            if key[1].isdisjoint(after[key[0].step]) and not explains(after[key[0].step], key[0])
        }
        for key, times in new.items():
            self.counts[key[0]] += times
            del self.unsure[key]
        return bool(new)

    def evidence(self, flow: str) -> Evidence:
        """Return the contexts as the evidence of a flow."""
        facts: Counter[Fact] = Counter()
        for context, times in self.counts.items():
            sides = _see(context.done), _see(context.ancestors), _see(context.outside)
            facts[Fact(flow, Seen(context.step), Seen(context.parent), *sides)] += times
        return Evidence(facts, runs={(flow, Seen(step)): times for step, times in self.runs.items()}, exact=True)


def _see(steps: Iterable[str]) -> frozenset[Seen]:
    return frozenset(map(Seen, steps))


def _list_consumed(call: StepCall) -> frozenset[str]:
    """Return the generators that a call itself consumes: it comes after them."""
    return frozenset(placed.call.step for placed in call.inside if placed.call.lazy) - {call.step}


def _find_last(placed: Placed, siblings: tuple[Placed, ...]) -> frozenset[str]:
    """Return the steps that ended last before a call: no other one that ended before it began after them.

    The first call of each step counts. A helper that runs again between two steps does not come between them.
    """
    firsts: dict[str, int] = {}
    for position in sorted(placed.after):
        firsts.setdefault(siblings[position].call.step, position)
    before = {position for step, position in firsts.items() if step != placed.call.step}
    passed = frozenset[int]().union(*(siblings[position].after for position in before))
    return frozenset(siblings[position].call.step for position in before - passed)


def _describe(call: StepCall, frame: _RunningStep, done: frozenset[str], last: frozenset[str]) -> Context | None:
    """Return the context of a call; ``None`` for one inside calls of the same step only."""
    parent: _RunningStep | None = frame
    while parent is not None and parent.step == call.step:  # recursion adds no arrow
        done, last, parent = parent.done, NOTHING, parent.outer
    if parent is None:
        return None
    ancestors, outside, outer = NOTHING, parent.done, parent.outer
    while outer is not None:
        ancestors, outside, outer = ancestors | {outer.step}, outside | outer.done, outer.outer
    pulled = frozenset(_find_generators(call))
    done = done | pulled | (ancestors | outside if call.lazy else NOTHING)
    return Context(call.step, parent.step, last, done - {call.step}, ancestors, outside - done)


def _find_generators(call: StepCall) -> set[str]:
    """Return the generators that are consumed inside a call: each went before every step that consumes it."""
    generators: set[str] = set()
    waiting = list(call.inside)
    while waiting:
        inner = waiting.pop().call
        if inner.lazy:
            generators.add(inner.step)
        waiting += inner.inside
    return generators
