"""Tracks the frames of running steps for an observer in production, which says of each step what was around and before it.

The semantics are those of traces: a step is in a run of its flow if an entrypoint of the flow is around it, and a generator
counts as finished from its beginning. So a fact from here equals the one that the parents and times of spans show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from weakref import ref

from penstock._recording.step_header import NO_STEPS, encode_step_frames, remote_frames
from penstock._runtime.context import current_event, current_run
from penstock._runtime.events import MOST_AROUND
from penstock.check.evidence.frames import Loose, StepFrame, nearest

if TYPE_CHECKING:
    from penstock._runtime.events import StepEvent

MAX_HEADER = 2048
"""Characters of the header with the steps around; a longer one is not sent, since servers limit all headers together."""

RunKind = Literal["", "none", "other"]


class TrackedFrame(StepFrame):
    """A running step in one flow.

    Attributes:
        beside: The same step in the next of its flows.
        is_entrypoint: Whether a run can begin at it.
        is_in_run: Whether an entrypoint of its flow is at it or around it.
        is_lazy: Whether it is a generator.
        run_kind: ``none`` outside every run, ``other`` in a run of another flow, and empty in a run of its own flow.
    """

    __slots__ = ("beside", "is_entrypoint", "is_in_run", "is_lazy", "run_kind")

    beside: TrackedFrame | None
    is_entrypoint: bool
    is_in_run: bool
    is_lazy: bool
    run_kind: RunKind

    @property
    def run_text(self) -> str:
        """What a span says of the run: its kind, or ``again`` for a step at the top in a call of itself, which adds nothing."""
        return "again" if self.parent is None and self.within is not None else self.run_kind

    def has_pulled(self) -> bool:
        """Return whether a generator was consumed in the step, in any of its flows."""
        return bool(self.pulled) or (self.beside is not None and self.beside.has_pulled())

    def end(self) -> None:
        """Mark the step as finished in each of its flows."""
        frame: TrackedFrame | None = self
        while frame is not None:
            parent = frame.parent
            if frame.within is not None or (parent is not None and (frame.done or frame.step not in parent.done)):
                frame.finish()
            frame = frame.beside


class StepTracker:
    """Keeps a frame for each step that begins, in the notes of its event."""

    def begin(self, event: StepEvent) -> TrackedFrame | None:
        """Return the frame of a step in its first flow; ``None`` for a step without a flow, or where it is unknown.

        It is unknown for a step that another process has called without sending the steps around, and for what it calls.
        """
        above = event.parent
        first: TrackedFrame | None = None
        if above is not None and len(event.flows) == 1:  # nearly always
            parent: TrackedFrame | None = above.notes.get(self)
            if parent is not None and parent.flow == event.flows[0]:
                first = _make_frame(event, parent.flow, parent)
        if first is None:
            if not event.entrypoint and self._is_cut_off(event):
                return None
            for flow in reversed(event.flows):
                outer = self._find_outer(flow, event)
                frame = _make_frame(event, flow, outer)
                frame.beside, first = first, frame
                if outer is None and not frame.is_in_run:
                    frame.run_kind = _find_run_kind(event)
        if first is not None:
            event.notes[self] = first
        return first

    def encode_steps(self) -> str:
        """Return the encoded steps around, for the receiver of a message, or an empty string."""
        run, event = current_run.get(), current_event.get()
        if run is None or (run.arrived is None and (event is None or self not in event.notes)):
            return ""
        frames = dict(remote_frames(run))
        events = []
        while event is not None:
            events.append(event)
            event = event.parent
        for outer_event in reversed(events):
            frame: TrackedFrame | None = outer_event.notes.get(self)
            while frame is not None:
                if frame.is_in_run:
                    frames[frame.flow] = frame
                frame = frame.beside
        text = encode_step_frames(frames)
        return text if len(text) <= MAX_HEADER else ""

    def _is_cut_off(self, event: StepEvent) -> bool:
        """Return whether the steps around are unknown: those of another process, which sent none, or what such a step calls."""
        above, run = event.parent, event.run
        while above is not None and not above.flows:
            above = above.parent
        if above is not None:
            return self not in above.notes
        if run is None or run.remote is None:
            return False
        return run.arrived is None or not (remote_frames(run) or run.arrived.text == NO_STEPS)

    def _find_outer(self, flow: str, event: StepEvent) -> StepFrame | None:
        """Return the nearest step of a flow around, here or in another process.

        Events of other flows cache the answer; else each round of a self-scheduling step would search all.
        """
        key, above = (self, flow), event.parent
        while above is not None:
            frame: TrackedFrame | None = above.notes.get(self)
            while frame is not None and frame.flow != flow:
                frame = frame.beside
            if frame is not None or key in above.notes:
                outer: StepFrame | None = frame or above.notes[key]
                break
            above = above.parent
        else:
            outer = None if event.run is None else remote_frames(event.run).get(flow)
        if event.parent is not None and event.parent is not above:
            event.parent.notes[key] = outer
        return outer


def _make_frame(event: StepEvent, flow: str, outer: StepFrame | None) -> TrackedFrame:
    step = event.step
    is_in_run = event.entrypoint or (outer is not None and _is_in_run(outer))
    if outer is not None and is_in_run and not _is_in_run(outer):
        outer = None  # the step around is in no run, and this one begins a run
    parent = outer if outer is None or outer.step != step else nearest(outer, step)
    if parent is not None and parent.depth >= MOST_AROUND:
        parent = Loose(parent)
    frame = TrackedFrame(flow, step, parent)
    frame.beside = None
    frame.is_entrypoint, frame.is_in_run, frame.is_lazy = event.entrypoint, is_in_run, event.lazy
    frame.run_kind = "" if is_in_run or type(outer) is not TrackedFrame else outer.run_kind
    if outer is not None and outer.step == step:
        frame.within = ref(outer)
    if event.lazy:
        frame.pull()
        frame.finish()
    return frame


def _find_run_kind(event: StepEvent) -> RunKind:
    """Return whether a step outside a run of its flow is in a run of another one, by the nearest step of each flow."""
    entrypoints: dict[str, bool] = {}
    above = event.parent
    while above is not None:
        for flow in above.flows:
            entrypoints.setdefault(flow, above.entrypoint)
        above = above.parent
    if event.run is not None:
        for flow, outer in remote_frames(event.run).items():
            entrypoints.setdefault(flow, outer.parent is None)
    return "other" if any(entrypoints.values()) else "none"


def _is_in_run(frame: StepFrame) -> bool:
    """Return whether a frame is in a run; only those in one are sent to other processes."""
    return frame.is_in_run if type(frame) is TrackedFrame else True
