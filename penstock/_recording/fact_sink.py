"""What running steps tell their facts to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from penstock._recording.strays import Strays
    from penstock._recording.timing_counts import TimingCounts
    from penstock.check.evidence.circumstances import Key
    from penstock.check.evidence.company import Company, RootFacts


class FactSink(Protocol):
    """Counts the facts of running steps.

    Attributes:
        waiting: Facts that are not counted yet, each with the test that it belongs to.
        masked: The same of steps that ran while tests had replaced others: which ones stand before the test.
        live: The steps that are running.
        timings: The errors and durations of steps.
        strays: Steps that other processes have lost, where a recording has several.
    """

    waiting: deque[tuple[Key, str]]
    masked: deque[tuple[Key, frozenset[str], str]]
    live: set[Any]
    timings: TimingCounts
    strays: Strays | None

    def show(self, company: Company) -> RootFacts:
        """Return what keeps the facts of one more outermost step of a run."""

    def fold(self, shown: RootFacts) -> None:
        """Keep what an outermost step has shown in little room."""

    def await_consumers(self, parts: Iterable[RootFacts], generators: frozenset[str]) -> None:
        """Note generators that begin: what ran before may have been handed them."""

    def hear(self, strays: Strays) -> None:
        """Note the steps that other processes have lost since this was asked last."""

    def settle(self, *, write: bool) -> None:
        """Count what has begun; then write if anything is new."""
