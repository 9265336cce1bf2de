"""Counts how often the steps and edges of a flow ran, for pages: by the rules of the verdicts, and only what is exact.

An edge is counted for each beginning of its target that it explains: its source was the nearest step around, or had
finished inside that step before (see :mod:`penstock.check.verdict.counting`). Several edges may explain one beginning.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.evidence.records import Fact, Orphan, Timing
from penstock.model.numbers import Numbers, NumbersOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from penstock.check.evidence import Evidence
    from penstock.check.evidence.records import Row
    from penstock.model import Edge, Flow
    from penstock.model.numbers import NumbersSource

DIGITS = 4
"""Digits of a duration; a sketch knows less than three."""


class _CountedRow(NamedTuple):
    """How often a step began in one context, with its errors and durations if they were measured."""

    row: Row
    calls: int
    timing: Timing | None = None

    @property
    def step(self) -> str:
        """The step that began."""
        return self.row.step.step if isinstance(self.row, (Fact, Orphan)) else self.row[1].step


class _CountedEvidence(NamedTuple):
    """The rows of one flow from one source, and whether durations may be shown."""

    source: NumbersSource
    rows: tuple[_CountedRow, ...]
    shows_times: bool = False


def add_numbers(flow: Flow, evidence: Evidence, wanted: str) -> Flow:
    """Return a flow with the numbers of its steps and edges; the same if nothing was counted.

    Args:
        flow: The flow, with its declared edges and those that only ran.
        evidence: All evidence.
        wanted: The runs to count, a value of the setting ``numbers_from``.
    """
    part = evidence.of(flow.name)
    recording = _choose_recording(part, wanted)
    if recording is None or not recording.rows:
        return flow
    hidden = part.history.replaced.get(flow.name, frozenset()) if recording.source != "production" else frozenset()
    counts = _RowCounts(flow, recording.rows, hidden)
    steps = (replace(step, numbers=counts.count_step(step.name, recording.shows_times)) for step in flow.steps)
    edges = (replace(edge, numbers=counts.count_edge(edge)) for edge in flow.edges)
    return replace(flow, steps=tuple(steps), edges=tuple(edges), numbers=_describe_origin(part, recording))


def _describe_origin(evidence: Evidence, recording: _CountedEvidence) -> NumbersOrigin:
    runs = sum(counted.calls for counted in recording.rows if isinstance(counted.row, tuple))
    period = evidence.periods.get(recording.source) if recording.source else None
    days = (period.first, period.last) if period else ("", "")
    return NumbersOrigin(source=recording.source, runs=runs, first=days[0], last=days[1])


def _choose_recording(evidence: Evidence, wanted: str) -> _CountedEvidence | None:
    """Return the rows to count; durations of tests are only shown if tests were asked for."""
    production, tests = (evidence.measurements.get(source, {}) for source in ("production", "tests"))
    if production and wanted != "tests":
        return _CountedEvidence("production", tuple(_iter_measured(production)), shows_times=True)
    if wanted == "production":
        return None
    if tests:
        return _CountedEvidence("tests", tuple(_iter_measured(tests)), shows_times=wanted == "tests")
    rows = tuple(_iter_counted(evidence))
    is_of_tests = _is_of_tests(evidence, rows)
    if production or not (is_of_tests or wanted == "auto"):
        return None  # what was counted without durations may have run anywhere
    return _CountedEvidence("tests" if is_of_tests else "", rows)


def _is_of_tests(evidence: Evidence, rows: Iterable[_CountedRow]) -> bool:
    """Return whether all steps that began did so in tests; if others did, too, no row says how often each did."""
    visited_steps = {visit.step.step for visit in evidence.visits}
    has_only_tests = "production" not in evidence.periods and bool(visited_steps)
    return has_only_tests and all(counted.step in visited_steps for counted in rows)


def _iter_measured(timings: Mapping[Row, Timing]) -> Iterator[_CountedRow]:
    return (_CountedRow(row, timing.durations.count, timing) for row, timing in timings.items())


def _iter_counted(evidence: Evidence) -> Iterator[_CountedRow]:
    """Yield the rows that were recorded without durations; an entrypoint that begins a run inside a step is in two."""
    facts = ((fact, count) for fact, count in evidence.facts.items() if not fact.circumstances.begins)
    tables: tuple[Iterable[tuple[Row, int]], ...] = (facts, evidence.orphans.items(), evidence.runs.items())
    return (_CountedRow(row, count) for table in tables for row, count in table)


class _RowCounts:
    """The rows of a flow, counted by the step that began.

    Args:
        flow: The flow.
        rows: Its rows.
        hidden: The steps that tests have replaced: what they would have done is not known.
    """

    def __init__(self, flow: Flow, rows: Iterable[_CountedRow], hidden: AbstractSet[str]) -> None:
        self._rows: dict[str, list[_CountedRow]] = {step.name: [] for step in flow.steps}
        self._sources: dict[str, list[str]] = {step.name: [] for step in flow.steps}
        self._edges = Counter[tuple[str, str]]()
        self._hidden = hidden
        self._unexplained_steps: set[str] = set()
        self._lost_steps: set[str] = set()
        self._begin_runs: set[str] = set()
        for edge in flow.edges:
            if edge.origin == "declared":
                self._sources[edge.target].append(edge.source)
        for counted in rows:
            if counted.step in self._rows:
                self._rows[counted.step].append(counted)
                self._add(counted)

    def _add(self, counted: _CountedRow) -> None:
        """Count the edges that explain a row."""
        row, step = counted.row, counted.step
        if isinstance(row, tuple):
            self._begin_runs.add(step)
        elif isinstance(row, Orphan) and row.done is None:
            self._lost_steps.update([step] if row.concurrent else [])
        else:
            near = {part.step for part in row.done or ()} | ({row.parent.step} if isinstance(row, Fact) else set())
            explaining = near.intersection(self._sources[step])
            if not explaining:
                self._unexplained_steps.add(step)
                explaining = {row.parent.step} if isinstance(row, Fact) else set()
            self._edges.update({(source, step): counted.calls for source in explaining})

    def count_step(self, step: str, shows_times: bool) -> Numbers | None:
        """Return the numbers of a step; ``None`` if tests have replaced it, and it never ran."""
        rows = self._rows[step]
        if not rows:
            return None if step in self._hidden else Numbers(runs=0)
        timings = [counted.timing for counted in rows if counted.timing]
        whole = reduce(Timing.merge, timings) if len(timings) == len(rows) else None
        p50, p95 = (_find_quantile(whole, q) if whole and shows_times else None for q in (0.5, 0.95))
        return Numbers(runs=self._count_runs(step), errors=whole.errors if whole else None, p50=p50, p95=p95)

    def _count_runs(self, step: str) -> int:
        return sum(counted.calls for counted in self._rows[step])

    def count_edge(self, edge: Edge) -> Numbers | None:
        """Return how often an edge was taken, and its share if that is exact; ``None`` if the rows do not say it.

        What began a run, or lost it, does not say what went before. Of two edges with the same ends, no row says which
        one was taken.
        """
        source, target = edge.source, edge.target
        runs, total = self._edges[source, target], self._count_runs(source)
        if source == target or target in self._lost_steps | self._begin_runs:
            return None
        if edge.origin != "declared":
            return Numbers(runs=runs) if runs else None
        if self._sources[target].count(source) > 1:
            return None
        is_exact = target not in self._unexplained_steps and self._hidden.isdisjoint((source, target))
        if not (runs or is_exact):
            return None
        has_share = is_exact and source not in self._lost_steps and 0 < total >= runs
        return Numbers(runs=runs, share=runs / total if has_share else None)


def _find_quantile(timing: Timing, q: float) -> float:
    return float(f"{timing.durations.quantile(q):.{DIGITS}g}")
