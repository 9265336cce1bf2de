"""Records what really runs, as aggregated facts: ``pytest --penstock``, or an observer of your own process.

Memory follows the number of different contexts, not that of calls.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import ref

from penstock import _registry
from penstock.check.company import Company, names_in
from penstock.check.evidence import Evidence, Fact, Orphan, Seen, save
from penstock.check.frames import NOTHING, Loose, nearest
from penstock.observers import MOST_AROUND
from penstock.observers.replaced import replacements
from penstock.observers.running import Running, Several, arrived, frame_of, unrun

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock._context import Run
    from penstock.check.company import Move
    from penstock.check.frames import Frame, Key
    from penstock.observers import StepEvent

COMMIT = "PENSTOCK_EVIDENCE_COMMIT"
"""The environment variable with the commit that is recorded; a plus behind it stands for uncommitted changes."""


class EvidenceObserver:
    """Counts in which company each step runs: ``add_observer(EvidenceObserver())``.

    Args:
        file: Where to keep the evidence; it is written whenever something new was seen, and by :meth:`write`.

    Attributes:
        file: The same.
        started: Whether this process was started by another that is recorded: a step that begins with nothing around it
            has then lost its context on the way here.
        inherited: The step in which this process was forked.
        detached: The notes of the run in which it was forked, if what it does need not belong to that run.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.started = False
        self.inherited: StepEvent | None = None
        self.detached: dict[object, Any] | None = None
        self.clear()

    def clear(self) -> None:
        """Forget everything; in a process that was forked, also who held the locks before."""
        self._facts: Counter[Key] = Counter()
        self.waiting: deque[Key] = deque()
        self._orphans: dict[tuple[str, str, bool], int] = {}
        self._runs: dict[tuple[str, str], int] = {}
        self.masked: deque[tuple[Key, frozenset[str]]] = deque()
        self._replaced: dict[Key, frozenset[str]] = {}
        self._replaced_runs: dict[tuple[str, str], frozenset[str]] = {}
        self._meanwhile: dict[tuple[str, str], frozenset[str]] = {}
        self.moved: deque[Move] = deque()
        self.live: set[Running] = set()
        self._news = False
        # Reentrant: a generator that is collected while a lock is held ends here, too.
        self._lock = threading.RLock()
        self._writing = threading.Lock()

    def __call__(self, event: StepEvent, /) -> Running | Several | None:
        """Take note that a step begins."""
        flows = event.flows
        if len(flows) == 1:  # nearly always
            return self._begin(flows[0], event, None)
        running: list[Running] = []
        for flow in flows:
            running.append(self._begin(flow, event, running[-1] if running else None))
        return Several(running) if running else None

    def _begin(self, flow: str, event: StepEvent, beside: Running | None) -> Running:
        above, parent, within = event.parent, None, None
        if above is not None:  # nearly always, the answer is the step right above
            parent = above.notes.get(self)
        if parent is None or parent.flow != flow or parent.step == event.step:
            parent, within = self._nearest(flow, event)
        company, begins = self._company(flow, event, parent or within)
        if begins and parent is not None and not _is_run(parent):
            parent = within = None  # what is around is in no run, or in another flow's
        if parent is not None and parent.depth >= MOST_AROUND:
            parent = Loose(parent)
        running = Running(flow, event.step, parent)
        running.observer = self
        running.company = company
        running.lazy, running.starts = event.lazy, event.entrypoint
        running.outermost = above is self.inherited or above is None
        running.beside = beside
        running.begins = begins
        running.counted = running.acted = False
        if within is not None:
            running.within = ref(within)
        event.notes[self] = running
        if replacements.now:
            running.mask(replacements.now.get(flow, NOTHING))
        self._place(running, event)
        self.live.add(running)
        return running

    def _nearest(self, flow: str, event: StepEvent) -> tuple[Frame | None, Running | None]:
        """Return the nearest step around, other than the step itself, here or in another process; and the step itself."""
        inner, run = self._innermost(flow, event.parent), event.run
        frame = nearest(inner, event.step)
        if frame is None and run is not None:
            frame = nearest(arrived(run).get(flow), event.step)
        return frame, inner if inner is not None and inner.step == event.step else None

    def _innermost(self, flow: str, event: StepEvent | None) -> Running | None:
        """Return the call of the first event, from this one outwards, that is in the flow.

        An event that is not keeps the answer, or each round of a step that plans itself would look through all before.
        """
        above, key = event, (self, flow)
        frame: Running | None = None
        while above is not None and (frame := frame_of(above, self, flow)) is None:
            if key in above.notes:
                frame = above.notes[key]
                break
            above = above.parent
        if event is not None and above is not event:
            event.notes[key] = frame
        return frame

    def _company(self, flow: str, event: StepEvent, around: Frame | None) -> tuple[Company, bool]:
        """Return what a step has in common with others, and whether it begins a run though it has steps around it."""
        outer = around.company if isinstance(around, Running) else None
        if outer is not None and not event.entrypoint:
            return outer, False
        run = event.run
        if run is None or run.notes is self.detached:
            return outer or Company(alone=True), False
        company: Company | None = run.notes.get((self, flow))
        if company is None and not event.entrypoint and around is None and run.flow not in (None, flow):
            return Company(foreign=True), False
        if company is None:
            company = run.notes.setdefault((self, flow), Company())
        return company, outer is not None and outer is not company

    def _place(self, running: Running, event: StepEvent) -> None:
        """Take note of where a step begins."""
        if running.begins:
            self._add_run((running.flow, event.step), running.replaced - {event.step})
        elif running.parent is None and running.within is None:
            self._start(running, event)
        if running.parent is None:
            running.counted |= running.begins or running.within is not None
            if running.company.is_run:
                running.before = frozenset(running.company.finished), NOTHING
        elif event.lazy and not running.acted:
            running.pull()
        if event.lazy:
            running.await_consumer()

    def _start(self, running: Running, event: StepEvent) -> None:
        """Begin a step that has no other around it: what went before is what has finished in its run."""
        flow, company = running.flow, running.company
        if company.foreign:
            running.counted = True
            return
        run = None if company.alone else event.run
        lost = not event.entrypoint and self._is_lost(flow, run)
        running.counted = run is None or not lost
        if event.entrypoint:
            self._add_run((flow, event.step), running.replaced - {event.step})
        elif running.counted:
            self._add(self._orphans, (flow, event.step, lost))
        if lost and (run is None or (run.flow == flow and not company.finished)):
            self._lose(running)

    def _is_lost(self, flow: str, run: Run | None) -> bool:
        """Tell whether a step that begins alone has probably lost the step which called it."""
        return (
            self.started
            or (run is not None and (run.flow is not None or run.remote is not None))
            or threading.current_thread() is not threading.main_thread()
            or any(running.flow == flow and running.company.is_run for running in self.live.copy())
        )

    def _lose(self, lost: Running) -> None:
        """Take note of a step that may belong to any run of its flow which is going on."""
        names, key = NOTHING, (lost.flow, lost.step)
        for running in self.live.copy():
            if running.flow == lost.flow and running.company.is_run and running.company is not lost.company:
                running.company.lost |= {lost.step}
                names |= names_in(running)
        with self._lock:
            if not names <= self._meanwhile.get(key, NOTHING) or key not in self._meanwhile:
                self._meanwhile[key] = names | self._meanwhile.get(key, NOTHING)
                self._news = True

    def _add_run(self, run: tuple[str, str], names: frozenset[str]) -> None:
        replaced = self._replaced_runs
        with self._lock:
            if run not in self._runs or run in replaced:
                if names := names or replacements.by_hand(run[0]) - {run[1]}:
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

    def settle(self, *, write: bool) -> None:
        """Count what has begun, all at once, which is cheaper; then write if anything is new."""
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
        if write and self._news:
            self.write()

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
                self._replaced[key] = names | self._replaced.get(key, NOTHING)
            else:
                self._replaced.pop(key, None)

    def evidence(self) -> Evidence:
        """Return what was seen so far."""
        self.settle(write=False)
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
        )

    def write(self) -> None:
        """Write the evidence to the file, if there is one and anything was seen.

        Raises:
            OutputError: The file cannot be written.
        """
        while self.file and self._writing.acquire(blocking=False):  # else somebody writes, and looks for news after it
            try:
                self.settle(write=False)
                self._news = False
                if self._facts or self._orphans or self._runs:
                    save(self.evidence(), self.file)
            finally:
                self._writing.release()
            if not self._news:
                return


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
        return {(flow.name, step.name): step.source_hash for flow in _registry.flows() for step in flow.steps}
    except Exception:  # objects of the application may fail with anything when they are read
        return {}


def _is_run(frame: Frame) -> bool:
    return not isinstance(frame, Running) or frame.company.is_run
