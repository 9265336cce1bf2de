"""Replays a trace: turns spans with times into the frames that a recorder would have seen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from penstock.check.evidence.company import Company
from penstock.check.evidence.frames import StepFrame, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.check.traces.client_spans import Note


class StepAttributes(NamedTuple):
    """The step attributes of a span.

    Attributes:
        step: The step's name.
        flows: The flows that it is in.
        entrypoint: Whether it can begin a run.
        lazy: Whether it is a generator.
        begins: Whether it began a run, wherever it was called.
    """

    step: str
    flows: tuple[str, ...]
    entrypoint: bool = False
    lazy: bool = False
    begins: bool = False


class Span(NamedTuple):
    """A span of a trace.

    Attributes:
        key: Identifies the span.
        parent: The key of its parent; ``None`` at the top.
        label: The step, if the span belongs to one.
        start: Nanoseconds.
        end: Nanoseconds.
        notes: What it touches outside its process, or starts there.
        failed: Whether its status is an error.
    """

    key: bytes
    parent: bytes | None
    label: StepAttributes | None
    start: int
    end: int
    notes: tuple[Note, ...] = ()
    failed: bool = False


class ReplayedStep(NamedTuple):
    """A step that ran, as one of its flows saw it.

    Attributes:
        frame: The frame of the step, with its enclosing steps.
        label: The step attributes of its span.
        start: Nanoseconds.
        end: Nanoseconds.
        is_cut: Whether a span around it is missing.
        company: The state that it shares with the other steps of its run.
        failed: Whether the status of its span is an error.
    """

    frame: StepFrame
    label: StepAttributes
    start: int
    end: int
    is_cut: bool
    company: Company
    failed: bool


def replay(spans: Iterable[Span]) -> list[ReplayedStep]:
    """Return every step of a trace, for each of its flows, after all has run."""
    playback = _Playback(spans)
    playback.place()
    playback.run()
    return playback.steps


class _Playback:
    """A trace: first every step gets its place, then the clock runs."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.steps: list[ReplayedStep] = []
        self._spans: dict[bytes, Span] = {}
        for span in spans:
            self._spans.setdefault(span.key, span)  # an exporter that tries again sends a span twice
        self._enclosing_steps: dict[bytes, Mapping[str, ReplayedStep]] = {}
        self._runs: dict[str, Company] = defaultdict(Company)
        self._cut_spans: set[bytes] = set()
        self._events: list[tuple[int, int, bool, list[ReplayedStep]]] = []

    def place(self) -> None:
        """Build the frame of every step, from the outside in, regardless of clocks."""
        open_: dict[bytes, list[ReplayedStep]] = {}
        for number, (span, enters) in enumerate(self._walk()):
            if enters:
                steps = open_[span.key] = self._build_span_frames(span)
                self.steps += steps
                self._events.append((span.start, number, True, steps))
            else:
                self._events.append((max(span.start, span.end), number, False, open_.pop(span.key)))

    def run(self) -> None:
        """Begin and finish steps in the order of time; at the same time, in the order of the tree."""
        for _, _, begins, steps in sorted(self._events, key=_moment):
            for step in steps:
                if begins:
                    _begin(step)
                else:
                    step.frame.finish()
        for step in self.steps:
            if step.is_cut and step.frame.parent is None and step.company.alone and step.frame.flow in self._runs:
                self._runs[step.frame.flow].lose(step.frame.step)

    def _build_span_frames(self, span: Span) -> list[ReplayedStep]:
        key, parent, label = span.key, span.parent, span.label
        if parent is not None and (parent not in self._spans or parent in self._cut_spans):
            self._cut_spans.add(key)
        outer_steps = self._enclosing_steps.get(parent, {}) if parent else {}
        self._enclosing_steps[key] = outer_steps
        if label is None:
            return []
        own_steps = {flow: self._placed_in(flow, label, span, outer_steps) for flow in label.flows}
        self._enclosing_steps[key] = {**outer_steps, **own_steps}
        return [*own_steps.values()]

    def _placed_in(
        self, flow: str, label: StepAttributes, span: Span, around: Mapping[str, ReplayedStep]
    ) -> ReplayedStep:
        """Return a step as one of its flows sees it.

        An entrypoint that is called outside every run, or in one of another flow, begins or joins one, without its
        caller.
        """
        outer = around.get(flow)
        is_cut = span.key in self._cut_spans
        if label.entrypoint and (outer is None or not outer.company.is_run or label.begins):
            company = self._runs[flow]
        elif outer is not None:
            company = outer.company
        else:
            company = Company(alone=True, foreign=not is_cut and any(step.label.entrypoint for step in around.values()))
        if outer is not None and company.is_run and not outer.company.is_run:
            outer = None
        frame = StepFrame(flow, label.step, nearest(outer and outer.frame, label.step))
        if outer is not None and outer.label.step == label.step:
            frame.within = ref(outer.frame)
        return ReplayedStep(frame, label, span.start, span.end, is_cut, company, span.failed)

    def _walk(self) -> Iterator[tuple[Span, bool]]:
        """Yield each span twice, around its children; siblings by their clock, then in file order."""
        children: dict[bytes | None, list[Span]] = {}
        for span in self._spans.values():
            children.setdefault(span.parent if span.parent in self._spans else None, []).append(span)
        visited_keys: set[bytes] = set()
        # Spans that are around each other have no outermost one; the first of them will do.
        for top in (*sorted(children.pop(None, []), key=_clock), *self._spans.values()):
            waiting = [(top, True)]
            while waiting:
                span, enters = waiting.pop()
                if not enters:
                    yield span, False
                elif span.key not in visited_keys:
                    visited_keys.add(span.key)
                    yield span, True
                    waiting.append((span, False))
                    waiting += ((child, True) for child in sorted(children.pop(span.key, []), key=_clock)[::-1])


def _clock(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _moment(event: tuple[int, int, bool, list[ReplayedStep]]) -> tuple[int, int]:
    return event[:2]


def _begin(step: ReplayedStep) -> None:
    frame = step.frame
    if frame.parent is not None:
        frame.before = frame.parent.collect_finished()
    if step.label.lazy:  # a trace does not show when it gave its first item, from which on it counts as done
        frame.pull()
        frame.finish()
        if frame.root is not None:
            frame.root.generators |= {frame.step}
