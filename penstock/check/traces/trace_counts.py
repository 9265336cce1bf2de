"""Counts the facts, errors and durations of traces."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.company import with_pending
from penstock.check.evidence.durations import MAX_NANOSECONDS
from penstock.check.evidence.timing_tally import TimingTally
from penstock.check.traces.occurrences import Occurrences
from penstock.check.traces.replay import replay
from penstock.check.traces.span_touches import SpanTouches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.evidence import Period
    from penstock.check.evidence.circumstances import Key
    from penstock.check.evidence.records import Row
    from penstock.check.traces.replay import ReplayedStep, Span


class TraceCounts:
    """The facts of traces, counted one trace after the other."""

    def __init__(self) -> None:
        self._facts: dict[Key, Occurrences] = defaultdict(Occurrences)
        self._touches = SpanTouches()
        self._runs: Counter[tuple[str, str]] = Counter()
        self._strays: Counter[tuple[str, str]] = Counter()
        self._foreign: Counter[tuple[str, str]] = Counter()
        self._meanwhile: dict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
        self._timings = TimingTally()
        self._calls: list[tuple[Any, int]] = []
        self._failures: list[Any] = []
        self._alone: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("q"))
        self._alone_calls: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("q"))
        """The durations of steps that began alone, in the order of their starts: twice, and one more if they failed."""
        self._starts: dict[str, array[int]] = defaultdict(lambda: array("q"))
        self._ends: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def count(self, spans: list[Span]) -> None:
        """Count the facts of one trace."""
        steps = replay(spans)
        self._touches.count(spans)
        run_starts: dict[int, int] = {}
        for step in steps:
            frame, root = step.frame, step.frame.root or step.frame
            run_starts[id(root)] = min(step.start, run_starts.get(id(root), step.start))
            if frame.parent is not None:
                if not step.company.foreign:
                    self._count_fact(step, run_starts[id(root)])
            elif frame.within is None:
                self._count_top(step, steps)
        self._count_calls()

    def _measure(self, context: Any, step: ReplayedStep) -> None:
        """Note the duration of a step, unless its clock went backwards: it would be wrong."""
        if step.end >= step.start:
            self._calls.append((context, step.end - step.start))
            if step.failed:
                self._failures.append(context)

    def _count_calls(self) -> None:
        self._timings.add_all(self._calls, self._failures)
        self._calls, self._failures = [], []

    def _count_fact(self, step: ReplayedStep, run_start: int) -> None:
        frame, label = step.frame, step.label
        if label.begins:
            self._runs[frame.flow, frame.step] += 1
        key = frame.key(label.lazy, step.company.circumstances(begins=label.begins))
        if generators := (frame.root or frame).generators:
            key = with_pending(key, generators)
        self._facts[key].add(run_start, step.start)
        self._measure((frame.flow, frame.step) if label.begins else key[:-1], step)

    def _count_top(self, step: ReplayedStep, steps: list[ReplayedStep]) -> None:
        frame, name = step.frame, (step.frame.flow, step.frame.step)
        if step.company.is_run or step.is_cut:
            self._starts[frame.flow].append(step.start)
            self._ends[frame.flow].append(step.end)
        if step.label.entrypoint:
            self._runs[name] += 1
            self._measure(name, step)
        elif step.is_cut:
            self._strays[name] += 1
            self._measure((*name, True), step)
            self._meanwhile[name] |= {peer.frame.step for peer in steps if peer.frame.flow == frame.flow}
        elif step.company.foreign:
            self._foreign[name] += 1
            self._measure((*name, False), step)
        else:
            self._alone[name].append(step.start)
            self._alone_calls[name].append(2 * min(step.end - step.start, MAX_NANOSECONDS) + step.failed)

    def evidence(self, commits: dict[str, str], period: Period) -> Evidence:
        """Return the evidence of all traces; to be called once.

        Args:
            commits: The deployed versions, each with its last day.
            period: The days of the first and the last span.
        """
        orphans = Counter({Orphan(flow, Seen(step), True): number for (flow, step), number in self._strays.items()})
        orphans.update({Orphan(flow, Seen(step), False): number for (flow, step), number in self._foreign.items()})
        for (flow, step), concurrent, call in self._concurrent():
            orphans[Orphan(flow, Seen(step), concurrent)] += 1
            if call >= 0:
                self._calls.append(((flow, step, concurrent), call // 2))
                self._failures += [(flow, step, concurrent)] * (call % 2)
            if concurrent:
                self._meanwhile[flow, step] = frozenset(key[1] for key in self._facts if key[0] == flow)
        alone: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for (flow, step), starts in self._alone.items():
            alone[flow][step] = sorted(starts)
        facts: Counter[Fact] = Counter()
        for key, occurrences in self._facts.items():
            flow, step, parent, done, ancestors, outside, circumstances = key
            if lost_steps := occurrences.find_lost_steps(alone[flow]):
                circumstances = circumstances._replace(lost=circumstances.lost | lost_steps)
            sides = _seen(done), _seen(ancestors), _seen(outside)
            facts[Fact(flow, Seen(step), Seen(parent), *sides, circumstances)] += occurrences.times
        runs = {(flow, Seen(step)): number for (flow, step), number in self._runs.items()}
        self._count_calls()
        timings = self._timings.collect(_make_row)
        return Evidence(
            facts,
            orphans,
            runs,
            commits,
            meanwhile=dict(self._meanwhile),
            exact=True,
            touches=self._touches.touches,
            triggers=self._touches.triggers,
            measurements={"production": timings} if timings else {},
            periods={"production": period} if all(period) else {},
        )

    def _concurrent(self) -> Iterator[tuple[tuple[str, str], bool, int]]:
        """Yield each step that began alone, whether another step of its flow was running at that time, and its duration."""
        for flow in {flow for flow, _ in self._alone}:
            run_starts, run_ends = sorted(self._starts[flow]), sorted(self._ends[flow])
            for name, starts in self._alone.items():
                if name[0] == flow:
                    for start, call in zip(starts, self._alone_calls[name], strict=True):
                        yield name, bisect_left(run_starts, start) > bisect_left(run_ends, start), call


def _make_row(context: Any) -> Row:
    """Return the row of a context: a fact without circumstances, a step that began alone, or a run."""
    flow, step, *more = context
    if not more:
        return flow, Seen(step)
    if len(more) == 1:
        return Orphan(flow, Seen(step), more[0])
    parent, *groups = more
    done, ancestors, outside = map(_seen, groups)
    return Fact(flow, Seen(step), Seen(parent), done, ancestors, outside)


def _seen(steps: Iterable[str]) -> frozenset[Seen]:
    return frozenset(map(Seen, steps))
