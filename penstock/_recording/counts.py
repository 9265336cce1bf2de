"""Counts of a recorder, before conversion to evidence."""

from __future__ import annotations

import os
from collections import Counter, deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from penstock._recording.effects.touch_counts import TouchCounts
from penstock._recording.substitutions import replacements
from penstock._recording.timing_counts import TimingCounts, drain_queue
from penstock._recording.visit_counts import VisitCounts
from penstock._resolve import resolution
from penstock._util.locks import make_reentrant_lock
from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.circumstances import NOTHING, PLAIN, unrun
from penstock.check.evidence.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence.circumstances import Key
    from penstock.check.evidence.company import Company, Move, RootFacts
    from penstock.check.evidence.records import Row, Source

COMMIT = "PENSTOCK_EVIDENCE_COMMIT"
"""The environment variable with the recorded commit; a trailing plus stands for uncommitted changes."""


_RUN_FIELDS = 2
_ORPHAN_FIELDS = 3


class Counts:
    """Counted observations.

    Attributes:
        waiting: Facts not counted yet, each with the test that it belongs to.
        masked: Facts not counted yet that were observed while tests had replaced steps, with those steps and the test.
        moved: Facts whose key changed after they were counted.
        touch_counts: What steps touched.
        timings: The errors and durations of steps.
        source: What these belong to.
    """

    source: Source

    def __init__(self, times: bool = False) -> None:
        self.touch_counts = TouchCounts()
        self.timings = TimingCounts(times)
        self.clear()

    def clear(self) -> None:
        """Discard all counts."""
        self._facts: Counter[Key] = Counter()
        self.waiting: deque[tuple[Key, str]] = deque()
        self._orphans: dict[tuple[str, str, bool], int] = {}
        self._runs: dict[tuple[str, str], int] = {}
        self.masked: deque[tuple[Key, frozenset[str], str]] = deque()
        self._replaced: dict[Key, frozenset[str]] = {}
        self._replaced_runs: dict[tuple[str, str], frozenset[str]] = {}
        self._replaced_steps: dict[str, frozenset[str]] = {}
        self._meanwhile: dict[tuple[str, str], frozenset[str]] = {}
        self.moved: deque[Move] = deque()
        self.touch_counts.clear()
        self.timings.clear()
        self._visits = VisitCounts()
        self._news = False
        # Reentrant: a generator that is collected while the lock is held ends here, too.
        self._lock = make_reentrant_lock()

    def _note_replaced(self, flow: str, names: frozenset[str]) -> None:
        """Record steps that tests have replaced at any time, even if the same fact also occurs without."""
        known_names = self._replaced_steps.get(flow, NOTHING)
        if not names <= known_names:
            self._replaced_steps[flow] = known_names | names
            self._news = True

    def _add_run(self, run: tuple[str, str], names: frozenset[str]) -> None:
        replaced_by_run = self._replaced_runs
        with self._lock:
            if run not in self._runs or run in replaced_by_run:
                if names := names or replacements.by_hand(run[0]) - {run[1]}:
                    self._note_replaced(run[0], names)
                    replaced_by_run[run] = names | replaced_by_run.get(run, NOTHING)
                else:
                    self._news |= replaced_by_run.pop(run, None) is not None
            self._add(self._runs, run)

    def _add(self, counter: dict[Any, int], key: tuple[object, ...]) -> None:
        with self._lock:
            number = counter.get(key, 0)
            counter[key] = number + 1
        if not number:
            self._news = True

    def count(self) -> None:
        """Count all pending facts at once, which is cheaper."""
        facts = self._facts
        with self._lock:
            fact_count, replaced_count = len(facts), len(self._replaced)
            moves = drain_queue(self.moved)  # what it moves was counted before it was there
            pending = drain_queue(self.waiting)
            pending_keys = [key for key, _ in pending]
            facts.update(pending_keys)
            self._visits.add_all(pending)
            fresh = {*islice(facts, fact_count, None)} if len(facts) > fact_count else set()
            self._compare(fresh | (self._replaced.keys() & pending_keys) if self._replaced else fresh)
            for key, names, test in drain_queue(self.masked):
                if test:
                    self._visits.add(key, names, test)
                if key not in facts or key in self._replaced:
                    self._replaced[key] = names | self._replaced.get(key, NOTHING)
                facts[key] += 1
            self._move(moves)
            if self.timings.waiting:
                self.timings.count()
            self._news |= bool(moves) or len(facts) > fact_count or len(self._replaced) != replaced_count

    def show(self, company: Company) -> RootFacts:
        """Return a record for the facts of one more outermost step of a run."""
        with self._lock:
            return company.show()

    def fold(self, shown: RootFacts) -> None:
        """Compact the record of an outermost step."""
        with self._lock:
            shown.fold()

    def await_consumers(self, parts: Iterable[RootFacts], generators: frozenset[str]) -> None:
        """Record generators that begin: earlier steps may have received them as arguments."""
        with self._lock:
            for part in parts:
                self.moved.extend(part.moves(generators))

    def _move(self, moved: Iterable[Move]) -> None:
        """Move facts to other keys, because later events of their runs showed that they prove no contradiction."""
        facts = self._facts
        for key, replaced_names, new_key, times in moved:
            facts[key] -= times
            names = replaced_names or self._replaced.get(key)
            if facts[key] <= 0:
                del facts[key]
                self._replaced.pop(key, None)
            if names is None:
                self._replaced.pop(new_key, None)
            elif new_key not in facts or new_key in self._replaced:
                self._replaced[new_key] = names | self._replaced.get(new_key, NOTHING)
            facts[new_key] += times

    def _compare(self, fresh: Iterable[Key]) -> None:
        """Find steps replaced by hand, for facts that are new or known only with replaced steps."""
        for key in fresh:
            if names := key[2] and unrun(key, replacements.by_hand(key[0])):
                self._note_replaced(key[0], names)
                self._replaced[key] = names | self._replaced.get(key, NOTHING)
            else:
                self._replaced.pop(key, None)

    def evidence(self) -> Evidence:
        """Return the observations so far."""
        self.count()
        with self._lock:  # dict() copies atomically; the code below may run code of the application
            facts, orphans, runs = dict(self._facts), dict(self._orphans), dict(self._runs)
            replaced_facts, replaced_runs = dict(self._replaced), dict(self._replaced_runs)
            meanwhile = dict(self._meanwhile)
        rows = _Rows(_sources())
        with self._lock:
            timings = self.timings.collect(rows.make_row)
        is_any = bool(facts or orphans or runs)
        return Evidence(
            {rows.make_fact(key): count for key, count in facts.items() if key[2]},
            {rows.make_orphan(key): count for key, count in orphans.items()}
            | {rows.make_top(key): count for key, count in facts.items() if not key[2]},
            {rows.make_run(key): count for key, count in runs.items()},
            {os.environ.get(COMMIT, ""): datetime.now(UTC).date().isoformat()},
            {
                **{rows.make_fact(key): names for key, names in replaced_facts.items()},
                **{rows.make_run(key): names for key, names in replaced_runs.items()},
            },
            meanwhile,
            exact=True,
            history=History(replaced=dict(self._replaced_steps)),
            **self.touch_counts.evidence(rows.make_step),
            visits=self._visits.collect(rows.make_step),
            measurements={self.source: timings} if timings else {},
            periods={self.source: self.timings.make_period()} if is_any else {},
        )


class _Rows:
    """Makes rows of evidence, in which steps have the hashes of their sources.

    Args:
        sources: The hash of each step's source, by flow and name.
    """

    def __init__(self, sources: Mapping[tuple[str, str], str]) -> None:
        self._sources = sources

    def make_step(self, flow: str, step: str) -> Seen:
        """Return a step of a flow."""
        return Seen(step, self._sources.get((flow, step), ""))

    def _make_steps(self, flow: str, steps: Iterable[str]) -> frozenset[Seen]:
        return frozenset(self.make_step(flow, step) for step in steps)

    def make_run(self, key: tuple[str, str]) -> tuple[str, Seen]:
        """Return a flow and an entrypoint."""
        return key[0], self.make_step(*key)

    def make_orphan(self, key: tuple[str, str, bool]) -> Orphan:
        """Return a step that began alone, by flow, name, and whether its context was lost."""
        return Orphan(key[0], self.make_step(*key[:2]), key[2])

    def make_top(self, key: Key) -> Orphan:
        """Return a step that began at the top of a run."""
        return Orphan(key[0], self.make_step(*key[:2]), concurrent=True, done=self._make_steps(key[0], key[3]))

    def make_fact(self, key: Key) -> Fact:
        """Return a fact."""
        flow, step, parent, *groups, circumstances = key
        done, ancestors, outside = (self._make_steps(flow, group) for group in groups)
        ends = self.make_step(flow, step), self.make_step(flow, parent)
        return Fact(flow, *ends, done, ancestors, outside, circumstances)

    def make_row(self, key: Any) -> Row:
        """Return the row to which measurements of a key belong, whatever its circumstances."""
        if len(key) == _RUN_FIELDS:
            return self.make_run(key)
        if len(key) == _ORPHAN_FIELDS:
            return self.make_orphan(key)
        return self.make_fact((*key[:-1], PLAIN)) if key[2] else self.make_top(key)


def _sources() -> dict[tuple[str, str], str]:
    try:
        return {(flow.name, step.name): step.source_hash for flow in resolution.known_flows() for step in flow.steps}
    except Exception:  # the application's objects may raise anything when read
        return {}
