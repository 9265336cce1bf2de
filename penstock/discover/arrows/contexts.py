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
    """A step that runs, with what had ended when it began.

    Attributes:
        step: The step.
        finished: All steps of the run that had ended.
        done: Those that had ended inside the next step out.
        last: Those of them that ended last.
        outer: The next step out, which is another one.
        depth: How many steps are around it.
    """

    step: str
    finished: frozenset[str] = NOTHING
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
            inner, done = placed.call, _list_done(placed, call)
            last = _find_last(placed, call.inside)
            if inner.lazy and frame.outer is not None:  # it was made before its consumer began
                last = frame.last or frozenset({frame.outer.step})
            ended = done  # recursion adds no arrow, and an entrypoint in itself begins anew
            if frame.outer is not None:
                ended = NOTHING.union(*(call.inside[position].call.finished for position in placed.after))
            elif inner.step == frame.step:
                ended = NOTHING
            inner_frame = _RunningStep(inner.step, frame.finished | ended, done, last, frame, frame.depth + 1)
            if inner.step == frame.step:
                inner_frame = inner_frame._replace(done=frame.done | ended, last=NOTHING, outer=frame.outer)
            if inner_frame.outer is not None:
                contexts.setdefault(_describe(inner, inner_frame, inner_frame.outer))
            order.update(
                dict.fromkeys(name for name in (*sorted(_list_consumed(inner)), inner.step) if name not in order)
            )
            if frame.depth < _MAX_DEPTH:
                self._visit(inner, inner_frame, contexts, order)

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
    return frozenset(inner.step for inner in _list_early(call) if inner.lazy) - {call.step}


def _list_early(call: StepCall) -> list[StepCall]:
    """Return the calls inside another, of a generator those before its first item."""
    return [call.inside[position].call for position in sorted(call.early)]


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


def _list_done(placed: Placed, around: StepCall) -> frozenset[str]:
    """Return the steps that had ended inside a call when one in it began; its own recursion is no step inside it."""
    ended = (around.inside[position].call for position in placed.after)
    return NOTHING.union(
        *(call.finished - {call.step} if call.step == around.step else call.finished for call in ended)
    )


def _describe(call: StepCall, frame: _RunningStep, parent: _RunningStep) -> Context:
    """Return the context of a call."""
    ancestors, outer = NOTHING, parent.outer
    while outer is not None:
        ancestors, outer = ancestors | {outer.step}, outer.outer
    outside = frame.finished - frame.done
    done = frame.done.union(_find_generators(call), ancestors | outside if call.lazy else NOTHING)
    last = _list_consumed(call) or frame.last
    return Context(call.step, parent.step, last, done - {call.step}, ancestors, outside)


def _find_generators(call: StepCall) -> set[str]:
    """Return the generators that are consumed inside a call: each went before every step that consumes it."""
    generators: set[str] = set()
    waiting = [inner for inner in _list_early(call) if inner.step != call.step]
    while waiting:
        inner = waiting.pop()
        if inner.lazy:
            generators.add(inner.step)
        waiting += _list_early(inner)
    return generators
