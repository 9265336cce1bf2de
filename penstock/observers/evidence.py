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

from penstock import _registry
from penstock.check.evidence import Evidence, Fact, Orphan, Seen, save
from penstock.check.frames import NOTHING, Loose, nearest
from penstock.check.history import History
from penstock.observers import MOST_AROUND
from penstock.observers.replaced import replacements
from penstock.observers.running import Running, Several, arrived, frame_of, unrun

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock._context import Run
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
        self._replaced_steps: dict[str, frozenset[str]] = {}
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
        above, parent = event.parent, None
        if above is not None:  # nearly always, the answer is the step right above
            parent = above.notes.get(self)
        if parent is None or parent.flow != flow or parent.step == event.step:
            parent = self._nearest(flow, event)
        if parent is not None and parent.depth >= MOST_AROUND:
            parent = Loose(parent)
        running = Running(flow, event.step, parent)
        running.observer = self
        running.lazy = event.lazy
        running.outermost = above is self.inherited or above is None
        running.beside = beside
        running.counted = running.acted = False
        running.finished = None
        event.notes[self] = running
        if replacements.now:
            names = replacements.now.get(flow, NOTHING)
            running.mask(names)
            self._note_replaced(flow, names)
        if parent is None:
            self._start(running, event)
        elif event.lazy and not running.acted:
            running.pull()
        self.live.add(running)
        return running

    def forget(self, event: StepEvent) -> None:
        """End a step whose beginning was interrupted."""
        running: Running | None = event.notes.get(self)
        while running is not None:
            running(None)
            running = running.beside

    def _nearest(self, flow: str, event: StepEvent) -> Frame | None:
        """Return the frame of the nearest step around, other than the step itself, here or in another process."""
        frame, run = nearest(self._innermost(flow, event.parent), event.step), event.run
        return frame if frame is not None or run is None else nearest(arrived(run).get(flow), event.step)

    def _innermost(self, flow: str, event: StepEvent | None) -> Frame | None:
        """Return the frame of the first event, from this one outwards, that is in the flow.

        An event that is not keeps the answer, or each round of a step that plans itself would look through all before.
        """
        above, frame, key = event, None, (self, flow)
        while above is not None and (frame := frame_of(above, self, flow)) is None:
            if key in above.notes:
                frame = above.notes[key]
                break
            above = above.parent
        if event is not None and above is not event:
            event.notes[key] = frame
        return frame

    def _start(self, running: Running, event: StepEvent) -> None:
        """Begin a step that has no other around it: what went before is what has finished in its run."""
        flow, run = running.flow, event.run
        if run is not None and run.notes is self.detached:
            run = None
        if run is not None:
            running.finished = run.notes.setdefault((self, flow), set())
            running.before = frozenset(running.finished), NOTHING
        lost = not event.entrypoint and self._is_lost(flow, run)
        running.counted = run is None or not lost
        if event.entrypoint:
            self._add_run((flow, event.step), running.replaced - {event.step})
        elif running.counted:
            self._add(self._orphans, (flow, event.step, lost))

    def _is_lost(self, flow: str, run: Run | None) -> bool:
        """Tell whether a step that begins alone has probably lost the step which called it."""
        return (
            self.started
            or (run is not None and (run.flow is not None or run.remote is not None))
            or threading.current_thread() is not threading.main_thread()
            or any(running.flow == flow for running in self.live.copy())
        )

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

    def settle(self, *, write: bool) -> None:
        """Count what has begun, all at once, which is cheaper; then write if anything is new."""
        facts = self._facts
        with self._lock:
            known, masked = len(facts), len(self._replaced)
            taken = _emptied(self.waiting)
            facts.update(taken)
            fresh = {*islice(facts, known, None)} if len(facts) > known else set()
            self._compare(fresh | (self._replaced.keys() & taken) if self._replaced else fresh)
            for key, names in _emptied(self.masked):
                if key not in facts or key in self._replaced:
                    self._replaced[key] = names | self._replaced.get(key, NOTHING)
                facts[key] += 1
            self._news |= len(facts) > known or len(self._replaced) != masked
        if write and self._news:
            self.write()

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
        self.settle(write=False)
        with self._lock:  # a copy is made at once; what follows may run code of the application
            facts, orphans, runs = dict(self._facts), dict(self._orphans), dict(self._runs)
            replaced, replaced_runs = dict(self._replaced), dict(self._replaced_runs)
        sources = _sources()

        def seen(flow: str, step: str) -> Seen:
            return Seen(step, sources.get((flow, step), ""))

        def group(flow: str, steps: Iterable[str]) -> frozenset[Seen]:
            return frozenset(seen(flow, step) for step in steps)

        def fact(key: Key) -> Fact:
            f, b, p, done, above, outside = key
            return Fact(f, seen(f, b), seen(f, p), group(f, done), group(f, above), group(f, outside))

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
            History(replaced=dict(self._replaced_steps)),
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
        return {(flow.name, step.name): step.source_hash for flow in _registry.known_flows() for step in flow.steps}
    except Exception:  # objects of the application may fail with anything when they are read
        return {}
