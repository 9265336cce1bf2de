"""Records actual runs as aggregated facts: for ``pytest --penstock``, or as an observer in your own process.

Memory grows with the number of different contexts, not of calls.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Literal
from weakref import ref

from penstock._recording.counts import COMMIT, Counts
from penstock._recording.effects.touch_counts import find_touching_steps
from penstock._recording.running_step import Running, Several, frame_of
from penstock._recording.step_header import remote_frames
from penstock._recording.substitutions import replacements
from penstock._runtime.events import MOST_AROUND, is_in_blocks
from penstock._util.locks import make_lock
from penstock.check.evidence import save
from penstock.check.evidence.circumstances import NOTHING
from penstock.check.evidence.company import Company
from penstock.check.evidence.frames import Loose, names_in, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock._recording.running_step import Clock
    from penstock._recording.strays import Strays
    from penstock._runtime.events import StepEvent
    from penstock._runtime.runs import Run
    from penstock.check.evidence.frames import StepFrame
    from penstock.check.evidence.records import Source
    from penstock.effects.rows import Touch

__all__ = ["COMMIT", "EvidenceObserver"]


class EvidenceObserver(Counts):
    """Counts the context in which each step runs: ``add_observer(EvidenceObserver())``.

    Args:
        file: The file for the evidence; it is written after each new observation, and by :meth:`write`.
        times: Whether errors and durations are recorded, too. They are written with the next new observation, and by
            :meth:`write`.
        source: What they belong to.
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        times: bool = False,
        source: Literal["tests", "production"] = "production",
    ) -> None:
        self.file = file
        self.source: Source = source
        self.started = False
        """Whether another recorded process started this one: a step with no step around it has then lost its context."""
        self.inherited: StepEvent | None = None
        """The step in which this process was forked."""
        self.detached: dict[object, Any] | None = None
        """The notes of the run at the fork, if work of this process need not belong to that run."""
        self.strays: Strays | None = None
        """The channel on which processes exchange steps with lost context."""
        super().__init__(times)

    def clear(self) -> None:
        """Discard all state; in a forked process, including the holders of locks."""
        super().clear()
        self.live: set[Running] = set()
        self._writing = make_lock()

    def __call__(self, event: StepEvent, /) -> Running | Several | None:
        """Record the beginning of a step."""
        flows = event.flows
        if len(flows) == 1:  # nearly always
            return self._begin(flows[0], event, None)
        running: list[Running] = []
        for flow in flows:
            running.append(self._begin(flow, event, running[-1] if running else None))
        return Several(running) if running else None

    def _begin(
        self, flow: str, event: StepEvent, beside: Running | None, clock: Clock = time.perf_counter_ns
    ) -> Running:
        above, parent, within, begins = event.parent, None, None, False
        outer: Running | None = None
        if above is not None:  # nearly always, it is the step right above
            parent = outer = above.notes.get(self)
        if parent is None or parent.flow != flow or parent.step == event.step:
            parent, within = self._nearest(flow, event)
        if type(parent) is Running and not event.entrypoint:
            company = parent.company
        else:
            company, begins = self._company(flow, event, parent or within)
            if begins and parent is not None and not _is_run(parent):
                parent = within = None  # the step around is in no run, or in another flow's
        if parent is not None and parent.depth >= MOST_AROUND:
            parent = Loose(parent)
        running = Running(flow, event.step, parent)
        running.observer = self
        running.company = company
        running.lazy, running.starts = event.lazy, event.entrypoint
        running.outermost = above is self.inherited or above is None
        running.beside = beside
        running.test = self.find_test(event) if outer is None else outer.test
        running.begins = begins
        running.counted = running.acted = False
        running.row = None
        if within is not None:
            running.within = ref(within)
        event.notes[self] = running
        if replacements.now:
            names = replacements.now.get(flow, NOTHING)
            running.mask(names)
            self._note_replaced(flow, names)
        touches = self.touch_counts
        if touches.is_active and (flow, event.step) not in touches.settled and not running.acted:
            self._news |= touches.watch_step(flow, event.step)
        if parent is None or begins or event.lazy:
            self._place(running, event)
        self.live.add(running)
        running.started_at = clock() if self.timings.is_active else 0
        return running

    def add_touches(self, event: StepEvent, touches: Iterable[Touch]) -> None:
        """Count what the innermost recorded step around a call touches."""
        for flow, step in find_touching_steps(event, self):
            self._news |= self.touch_counts.add(flow, step, touches)

    def find_test(self, _event: StepEvent) -> str:
        """Return the test that a step with no step around it belongs to; empty where no tests are recorded."""
        return ""

    def forget(self, event: StepEvent) -> None:
        """End a step whose beginning was interrupted."""
        running: Running | None = event.notes.get(self)
        while running is not None:
            running.started_at = 0
            running(None)
            running = running.beside

    def _nearest(self, flow: str, event: StepEvent) -> tuple[StepFrame | None, Running | None]:
        """Return the nearest other step around, here or in another process, and the outer call of the same step."""
        inner, run = self._innermost(flow, event.parent), event.run
        frame = nearest(inner, event.step)
        if frame is None and run is not None:
            frame = nearest(remote_frames(run).get(flow), event.step)
        return frame, inner if inner is not None and inner.step == event.step else None

    def _innermost(self, flow: str, event: StepEvent | None) -> Running | None:
        """Return the nearest call, from the first event outwards, of a step in the flow.

        An event of another flow caches the answer; else each round of a self-scheduling step would search all.
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

    def _company(self, flow: str, event: StepEvent, outer_frame: StepFrame | None) -> tuple[Company, bool]:
        """Return the shared state of a step's run, and whether the step begins a run inside another step."""
        outer = outer_frame.company if isinstance(outer_frame, Running) else None
        if outer is not None and not event.entrypoint:
            return outer, False
        run = event.run
        if run is None or run.notes is self.detached:
            return outer or Company(alone=True), False
        company: Company | None = run.notes.get((self, flow))
        if company is None and not event.entrypoint and outer_frame is None and run.flow not in (None, flow):
            return Company(foreign=True), False
        if company is None:
            company = run.notes.setdefault((self, flow), Company())
        return company, outer is not None and (outer is not company or is_in_blocks(event))

    def _place(self, running: Running, event: StepEvent) -> None:
        """Record the position of a step's beginning."""
        if running.begins:
            running.row = (running.flow, event.step)
            self._add_run(running.row, running.replaced - {event.step})
            self._note_test(running)
        elif running.parent is None and running.within is None:
            self._start(running, event)
        if running.parent is None:
            running.counted |= running.begins or running.within is not None
            if running.company.is_run:
                if self.strays is not None:
                    self.hear(self.strays)
                running.before = frozenset(running.company.finished), NOTHING
        elif event.lazy and not running.acted:
            running.pull()
        if event.lazy:
            running.await_consumer()

    def _start(self, running: Running, event: StepEvent) -> None:
        """Begin a step without steps around it: its predecessors are the finished steps of its run."""
        flow, company = running.flow, running.company
        if company.foreign:
            running.counted = True
            self._note_test(running)
            return
        run = None if company.alone else event.run
        is_lost = not event.entrypoint and self._is_lost(flow, run)
        running.counted = run is None or not is_lost
        if event.entrypoint:
            running.row = (flow, event.step)
            self._add_run(running.row, running.replaced - {event.step})
            if event.parent is None:  # else a step of another flow calls it
                self.touch_counts.add_trigger(flow, event.step)
        elif running.counted:
            running.row = (flow, event.step, is_lost)
            self._add(self._orphans, running.row)
        if running.counted:
            self._note_test(running)  # else the fact does
        if is_lost and (run is None or (run.flow == flow and not company.finished)):
            self._lose(running)

    def _note_test(self, running: Running) -> None:
        flow, step, test = running.flow, running.step, running.test
        if test and not running.acted and not (self._visits.has_beginning(flow, step, test) and not running.replaced):
            with self._lock:
                self._visits.add_beginning(flow, step, running.replaced - {step}, test)

    def _is_lost(self, flow: str, run: Run | None) -> bool:
        """Return whether a step that begins alone has probably lost the context of its caller."""
        return (
            self.started
            or (run is not None and (run.flow is not None or run.remote is not None))
            or threading.current_thread() is not threading.main_thread()
            or any(running.flow == flow and running.company.is_run for running in self.live.copy())
        )

    def _lose(self, running: Running) -> None:
        """Record a step that may belong to any active run of its flow, here or in another process."""
        self._mark(running.flow, running.step, running.company)
        if self.strays is not None:
            self.strays.add(running.flow, running.step)

    def hear(self, strays: Strays) -> None:
        """Record the steps that other processes have lost since the last check."""
        for flow, step in strays.hear():
            self._mark(flow, step, None)

    def _mark(self, flow: str, step: str, own: Company | None) -> None:
        """Let the active runs add to each further fact that a step may belong to them."""
        names, key = NOTHING, (flow, step)
        for running in self.live.copy():
            if running.flow == flow and running.company.is_run and running.company is not own:
                running.company.lose(step)
                names |= names_in(running)
        with self._lock:
            if key not in self._meanwhile or not names <= self._meanwhile[key]:
                self._meanwhile[key] = names | self._meanwhile.get(key, NOTHING)
                self._news = True

    def settle(self, *, write: bool) -> None:
        """Count pending steps; then write if anything is new."""
        self.count()
        if write and self._news:
            self.write()

    def write(self) -> None:
        """Write the evidence to the file, if there is one and anything was observed.

        Raises:
            OutputError: The file cannot be written.
        """
        while self.file and self._writing.acquire(blocking=False):  # else another thread writes
            try:
                self.settle(write=False)
                self._news = False
                if self._facts or self._orphans or self._runs:
                    save(self.evidence(), self.file)
            finally:
                self._writing.release()
            if not self._news:
                return


def _is_run(frame: StepFrame) -> bool:
    return not isinstance(frame, Running) or frame.company.is_run
