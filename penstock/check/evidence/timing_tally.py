"""Counts errors and durations while they come in."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from penstock.check.evidence.durations import DurationSketch, find_buckets
from penstock.check.evidence.records import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.check.evidence.records import Row

MAX_DURATIONS = 1024
"""Durations that are kept as they are; to find the buckets of many at once is cheaper."""


class TimingTally:
    """The errors and durations of calls in each context; its size depends on the number of contexts, not of calls.

    A context is any hashable value from which a row of measurements can be made.
    """

    def __init__(self) -> None:
        self._errors: Counter[Any] = Counter()
        self._durations: dict[Any, list[int]] = defaultdict(list)
        self._number = 0
        self._buckets: dict[Any, Counter[int]] = defaultdict(Counter)

    def add_all(self, calls: list[tuple[Any, int]], failures: Iterable[Any]) -> None:
        """Count calls.

        Args:
            calls: The context and duration of each, in nanoseconds.
            failures: The contexts of those that failed.
        """
        durations = self._durations
        for context, nanoseconds in calls:
            durations[context].append(nanoseconds)
        self._errors.update(failures)
        self._number += len(calls)
        if self._number >= MAX_DURATIONS:
            self._fold()

    def _fold(self) -> None:
        for context, durations in self._durations.items():
            self._buckets[context].update(find_buckets(durations))
        self._durations.clear()
        self._number = 0

    def collect(self, make_row: Callable[[Any], Row]) -> dict[Row, Timing]:
        """Return the errors and durations of each row.

        Args:
            make_row: Returns the row of a context; several contexts may have the same.
        """
        self._fold()
        timings: dict[Row, Timing] = {}
        for context, buckets in self._buckets.items():
            row, timing = make_row(context), Timing(self._errors[context], DurationSketch(dict(buckets)))
            timings[row] = timings[row].merge(timing) if row in timings else timing
        return timings
