"""The records of evidence: steps that ran, facts about them, and counted observations of runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from penstock.check.evidence.circumstances import PLAIN
from penstock.check.evidence.history import History

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.check.evidence.circumstances import Circumstances
    from penstock.check.evidence.durations import DurationSketch


class Seen(NamedTuple):
    """A step that ran: its name, and the hash of its source (empty where it is not known)."""

    step: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """The steps around and before a step when it began, inside a run.

    Attributes:
        flow (str): The flow.
        step (Seen): The step that began.
        parent (Seen): The nearest enclosing step of the same flow.
        done (frozenset[Seen]): Steps that had finished inside the parent's subtree before.
        ancestors (frozenset[Seen]): Steps that enclose the parent.
        outside (frozenset[Seen]): Steps that had finished inside an ancestor's subtree, but outside the parent's.
        circumstances (Circumstances): The reasons that keep it from counting against an edge, in the run that showed
            it.
    """

    flow: str
    step: Seen
    parent: Seen
    done: frozenset[Seen] = frozenset()
    ancestors: frozenset[Seen] = frozenset()
    outside: frozenset[Seen] = frozenset()
    circumstances: Circumstances = PLAIN


@dataclass(frozen=True, slots=True)
class Orphan:
    """A step that began with no enclosing step of its flow.

    Attributes:
        flow (str): The flow.
        step (Seen): The step that began.
        concurrent (bool): Whether another step of the flow was running then, so that its context was probably lost.
        done (frozenset[Seen] | None): Steps that had finished before in the same run, where known: the run is the one
            that it began in, and nothing was lost.
    """

    flow: str
    step: Seen
    concurrent: bool
    done: frozenset[Seen] | None = None


class Visit(NamedTuple):
    """A step that began while a test ran, and where: the same as a fact, without the number of times.

    Attributes:
        flow (str): The flow.
        step (Seen): The step that began.
        parent (Seen | None): The nearest enclosing step of the same flow; ``None`` at the top of a run, or outside any.
        done (frozenset[Seen]): Steps that had finished inside the parent's subtree before, or at the top in the run.
        ancestors (frozenset[Seen]): Steps that enclose the parent.
        outside (frozenset[Seen]): Steps that had finished inside an ancestor's subtree, but outside the parent's.
        replaced (frozenset[str]): The steps of the flow that the test had replaced then, without those that ran before.
    """

    flow: str
    step: Seen
    parent: Seen | None = None
    done: frozenset[Seen] = frozenset()
    ancestors: frozenset[Seen] = frozenset()
    outside: frozenset[Seen] = frozenset()
    replaced: frozenset[str] = frozenset()


class StepTouch(NamedTuple):
    """Something outside the process that a step read or wrote itself, not through another step.

    Attributes:
        flow (str): The flow.
        step (Seen): The step.
        verb (str): ``reads`` or ``writes``.
        target (str): Its kind and name, as in ``postgres:orders``, ``kafka:orders`` or ``https://crm.example/orders/*``.
    """

    flow: str
    step: Seen
    verb: str
    target: str


class RunTrigger(NamedTuple):
    """What started a run.

    Attributes:
        flow (str): The flow.
        step (Seen): The entrypoint that began the run.
        trigger (str): As in ``POST /orders``, ``celery:shop.tasks.ship``, ``kafka:orders`` or ``command:import_parts``.
    """

    flow: str
    step: Seen
    trigger: str


Source = Literal["tests", "production"]
"""Where steps ran: ``tests`` under pytest, ``production`` in a process of one's own, or in traces."""

SOURCES: tuple[Source, ...] = get_args(Source)

Row = Fact | Orphan | tuple[str, Seen]
"""The context in which a step began: a fact without its circumstances, an orphan, or the flow and entrypoint of a run."""


class Timing(NamedTuple):
    """Errors and durations of a step in one context.

    Attributes:
        errors (int): How many calls ended with an exception.
        durations (DurationSketch): The durations of all calls, also of those.
    """

    errors: int
    durations: DurationSketch

    def merge(self, other: Timing) -> Timing:
        """Return the errors and durations of both."""
        return Timing(self.errors + other.errors, self.durations.merge(other.durations))


class Period(NamedTuple):
    """The days on which something ran.

    Attributes:
        first (str): The first day (ISO 8601, UTC).
        last (str): The last day.
    """

    first: str
    last: str


@dataclass(frozen=True)
class Evidence:
    """Counted observations of runs.

    Attributes:
        facts (Mapping[Fact, int]): How often each fact was seen.
        orphans (Mapping[Orphan, int]): How often each step began alone.
        runs (Mapping[tuple[str, Seen], int]): How often each entrypoint began a run, by flow and step.
        commits (Mapping[str, str]): The commits that were recorded, each with the date of the last recording (ISO
            8601, UTC, a day).
        replaced (Mapping[Fact | tuple[str, Seen], frozenset[str]]): The replaced steps of each fact, or entrypoint of
            a run, that was observed only while tests had replaced steps of its flow. Rows that were also observed
            without replacement have no entry.
        meanwhile (Mapping[tuple[str, str], frozenset[str]]): Of a step that probably lost its context, by flow and
            name, the steps of the runs that were going on.
        exact (bool): Whether all of it records circumstances. Older evidence does not: there, a context that was lost
            is lost in every run, and a generator may have been handed on in any.
        history (History): The tests that ran, and earlier evidence.
        visits (Mapping[Visit, frozenset[str]]): The tests in which each step began, by their pytest node IDs; empty
            where it is not known.
        touches (Mapping[StepTouch, int]): How often each step was seen to read or write what outside the process.
        triggers (Mapping[RunTrigger, int]): How often what was seen to start a run.
        watched (Mapping[tuple[str, Seen], frozenset[str]]): The steps whose touches were recorded, by flow and step. Each
            has the kinds of targets, such as ``host`` and ``table``, that tests had replaced the client of whenever it ran.
        measurements (Mapping[str, Mapping[Fact | Orphan | tuple[str, Seen], Timing]]): Errors and durations, first by
            source: ``tests`` or ``production``; then by what began there: a fact without its circumstances, an orphan,
            or the flow and entrypoint of a run. Each measured call is in one of these rows.
        periods (Mapping[str, Period]): The first and the last day of each source that was recorded.
    """

    facts: Mapping[Fact, int] = field(default_factory=dict)
    orphans: Mapping[Orphan, int] = field(default_factory=dict)
    runs: Mapping[tuple[str, Seen], int] = field(default_factory=dict)
    commits: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[Fact | tuple[str, Seen], frozenset[str]] = field(default_factory=dict)
    meanwhile: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    exact: bool = False
    history: History = field(default_factory=History)
    visits: Mapping[Visit, frozenset[str]] = field(default_factory=dict)
    touches: Mapping[StepTouch, int] = field(default_factory=dict)
    triggers: Mapping[RunTrigger, int] = field(default_factory=dict)
    watched: Mapping[tuple[str, Seen], frozenset[str]] = field(default_factory=dict)
    measurements: Mapping[Source, Mapping[Row, Timing]] = field(default_factory=dict)
    periods: Mapping[Source, Period] = field(default_factory=dict)

    def of(self, flow: str) -> Evidence:
        """Return the evidence of one flow, without a search through all others each time."""
        return self._by_flow.get(flow, self._without_rows)

    @cached_property
    def _without_rows(self) -> Evidence:
        return Evidence(commits=self.commits, exact=self.exact, history=self.history, periods=self.periods)

    @cached_property
    def _by_flow(self) -> dict[str, Evidence]:
        """The evidence of each flow, its rows in the same order."""
        parts: dict[str, dict[str, Any]] = {}
        for table in _TABLES:
            for row, value in getattr(self, table).items():
                parts.setdefault(_get_flow(row), {}).setdefault(table, {})[row] = value
        for source, timings in self.measurements.items():
            for row, timing in timings.items():
                tables = parts.setdefault(_get_flow(row), {})
                tables.setdefault("measurements", {}).setdefault(source, {})[row] = timing
        return {flow: replace(self._without_rows, **tables) for flow, tables in parts.items()}


_TABLES = ("facts", "orphans", "runs", "replaced", "meanwhile", "visits", "touches", "triggers", "watched")


def _get_flow(row: Any) -> str:
    flow: str = row[0] if isinstance(row, tuple) else row.flow
    return flow
