"""What a recorder has counted, until it is evidence."""

from __future__ import annotations

import os
from collections import Counter, deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from penstock import _registry
from penstock._locks import make_reentrant_lock
from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.frames import NOTHING
from penstock.check.history import History
from penstock.observers.replaced import replacements
from penstock.observers.running import unrun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.check.company import Company, Move, Shown
    from penstock.check.frames import Key

COMMIT = "PENSTOCK_EVIDENCE_COMMIT"
"""The environment variable with the commit that is recorded; a plus behind it stands for uncommitted changes."""


class Counts:
    """What was seen, counted.

    Attributes:
        waiting: Facts that are not counted yet.
        masked: The same, for those that were seen while tests had replaced steps: which ones.
        moved: Facts that have to be told in another way than they were counted.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._facts: Counter[Key] = Counter()
        self.waiting: deque[Key] = deque()
        self._orphans: dict[tuple[str, str, bool], int] = {}
        self._runs: dict[tuple[str, str], int] = {}
        self.masked: deque[tuple[Key, frozenset[str]]] = deque()
        self._replaced: dict[Key, frozenset[str]] = {}
        self._replaced_runs: dict[tuple[str, str], frozenset[str]] = {}
        self._replaced_steps: dict[str, frozenset[str]] = {}
        self._meanwhile: dict[tuple[str, str], frozenset[str]] = {}
        self.moved: deque[Move] = deque()
        self._news = False
        # Reentrant: a generator that is collected while a lock is held ends here, too.
        self._lock = make_reentrant_lock()

    def _note_replaced(self, flow: str, names: frozenset[str]) -> None:
        """Take note of what tests have replaced at some time, also where the same is seen without."""
        known = self._replaced_steps.get(flow, NOTHING)
        if not names <= known:
            self._replaced_steps[flow] = known | names
            self._news = True

    def _add_run(self, run: tuple[str, str], names: frozenset[str]) -> None:
        replaced = self._replaced_runs
        with self._lock:
            if run not in self._runs or run in replaced:
                if names := names or replacements.by_hand(run[0]) - {run[1]}:
                    self._note_replaced(run[0], names)
                    replaced[run] = names | replaced.get(run, NOTHING)
                else:
                    self._news |= replaced.pop(run, None) is not None
            self._add(self._runs, run)

    def _add(self, counter: dict[Any, int], key: tuple[object, ...]) -> None:
        with self._lock:
            number = counter.get(key, 0)
            counter[key] = number + 1
        if not number:
            self._news = True

    def count(self) -> None:
        """Count what has begun, all at once, which is cheaper."""
        facts = self._facts
        with self._lock:
            known, masked = len(facts), len(self._replaced)
            moved = _emptied(self.moved)  # what it moves was counted before it was there
            taken = _emptied(self.waiting)
            facts.update(taken)
            fresh = {*islice(facts, known, None)} if len(facts) > known else set()
            self._compare(fresh | (self._replaced.keys() & taken) if self._replaced else fresh)
            for key, names in _emptied(self.masked):
                if key not in facts or key in self._replaced:
                    self._replaced[key] = names | self._replaced.get(key, NOTHING)
                facts[key] += 1
            self._move(moved)
            self._news |= bool(moved) or len(facts) > known or len(self._replaced) != masked

    def show(self, company: Company) -> Shown:
        """Return what keeps the facts of one more outermost step of a run."""
        with self._lock:
            return company.show()

    def fold(self, shown: Shown) -> None:
        """Let what an outermost step has shown take little room."""
        with self._lock:
            shown.fold()

    def await_consumers(self, parts: Iterable[Shown], generators: frozenset[str]) -> None:
        """Take note of generators that begin: what ran before may have been handed them."""
        with self._lock:
            for shown in parts:
                self.moved.extend(shown.moves(generators))

    def _move(self, moved: Iterable[Move]) -> None:
        """Count facts in another way, as their runs have shown since that they do not accuse."""
        facts = self._facts
        for key, replaced, other, times in moved:
            facts[key] -= times
            names = replaced or self._replaced.get(key)
            if facts[key] <= 0:
                del facts[key]
                self._replaced.pop(key, None)
            if names is None:
                self._replaced.pop(other, None)
            elif other not in facts or other in self._replaced:
                self._replaced[other] = names | self._replaced.get(other, NOTHING)
            facts[other] += times

    def _compare(self, fresh: Iterable[Key]) -> None:
        """Find what tests have replaced by hand, where facts are not known yet, or only with something replaced."""
        for key in fresh:
            if names := key[2] and unrun(key, replacements.by_hand(key[0])):
                self._note_replaced(key[0], names)
                self._replaced[key] = names | self._replaced.get(key, NOTHING)
            else:
                self._replaced.pop(key, None)

    def evidence(self) -> Evidence:
        """Return what was seen so far."""
        self.count()
        with self._lock:  # a copy is made at once; what follows may run code of the application
            facts, orphans, runs = dict(self._facts), dict(self._orphans), dict(self._runs)
            replaced, replaced_runs = dict(self._replaced), dict(self._replaced_runs)
            meanwhile = dict(self._meanwhile)
        sources = _sources()

        def seen(flow: str, step: str) -> Seen:
            return Seen(step, sources.get((flow, step), ""))

        def group(flow: str, steps: Iterable[str]) -> frozenset[Seen]:
            return frozenset(seen(flow, step) for step in steps)

        def fact(key: Key) -> Fact:
            f, b, p, done, above, outside, circumstances = key
            return Fact(f, seen(f, b), seen(f, p), group(f, done), group(f, above), group(f, outside), circumstances)

        tops = {
            Orphan(f, seen(f, b), concurrent=True, done=group(f, done)): count
            for (f, b, p, done, *_), count in facts.items()
            if not p
        }
        return Evidence(
            {fact(key): count for key, count in facts.items() if key[2]},
            {Orphan(f, seen(f, step), lost): count for (f, step, lost), count in orphans.items()} | tops,
            {(f, seen(f, step)): count for (f, step), count in runs.items()},
            {os.environ.get(COMMIT, ""): datetime.now(UTC).date().isoformat()},
            {
                **{fact(key): names for key, names in replaced.items()},
                **{(f, seen(f, step)): names for (f, step), names in replaced_runs.items()},
            },
            meanwhile,
            exact=True,
            history=History(replaced=dict(self._replaced_steps)),
        )


def _emptied(waiting: deque[Any]) -> list[Any]:
    taken = []
    try:
        while waiting:
            taken.append(waiting.popleft())
    except IndexError:  # a generator that is collected at this very moment settles, too
        pass
    return taken


def _sources() -> dict[tuple[str, str], str]:
    try:
        return {(flow.name, step.name): step.source_hash for flow in _registry.known_flows() for step in flow.steps}
    except Exception:  # objects of the application may fail with anything when they are read
        return {}
