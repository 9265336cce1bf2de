"""Errors and durations of recorded steps, while they run."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from itertools import repeat, starmap
from typing import TYPE_CHECKING, Any

from penstock._recording.substitutions import replacements
from penstock.check.evidence import Period
from penstock.check.evidence.timing_tally import TimingTally

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.check.evidence.records import Row, Timing

MAX_WAITING = 1024
"""Calls whose durations are not counted yet."""


class TimingCounts:
    """The errors and durations of each context in which a step began.

    A context is a key of the recorder: a fact, the flow and step of a run, or those of an orphan and whether its
    context was lost.

    Args:
        is_active: Whether steps are measured.

    Attributes:
        is_active: The same; it may change at any time.
        waiting: The contexts and durations of calls that are not counted yet.
        failures: The contexts of calls that ended with an exception, each added after its duration.
    """

    def __init__(self, is_active: bool = False) -> None:
        self.is_active = is_active
        self.clear()

    def clear(self) -> None:
        """Discard all counts."""
        self.first_day = _get_day()
        self.waiting: deque[tuple[Any, int]] = deque()
        self.failures: deque[Any] = deque()
        self._tally = TimingTally()

    def count(self, *, at_once: bool = False) -> None:
        """Count the calls that wait, when there are enough; sooner if tests may replace steps by hand meanwhile.

        Args:
            at_once: Count them in any case.
        """
        if not (at_once or len(self.waiting) >= MAX_WAITING or replacements.is_watching):
            return
        failures = drain_queue(self.failures)  # the durations of these are there already
        calls = drain_queue(self.waiting)
        if replacements.is_watching:
            hidden_flows = {flow for flow in {row[0] for row, _ in calls} if replacements.by_hand(flow)}
            calls = [call for call in calls if call[0][0] not in hidden_flows]
            failures = [row for row in failures if row[0] not in hidden_flows]
        self._tally.add_all(calls, failures)

    def collect(self, make_row: Callable[[Any], Row]) -> dict[Row, Timing]:
        """Return the errors and durations of each row.

        Args:
            make_row: Returns the row of a context; several contexts may have the same.
        """
        self.count(at_once=True)
        return self._tally.collect(make_row)

    def make_period(self) -> Period:
        """Return the day on which the counts began, and today."""
        return Period(self.first_day, _get_day())


def drain_queue(waiting: deque[Any]) -> list[Any]:
    """Return the items of a queue, which is empty then."""
    items: list[Any] = []
    with suppress(IndexError):  # a generator collected at this very moment settles, too
        items.extend(starmap(waiting.popleft, repeat((), len(waiting))))  # keeps those before the error
    return items


def _get_day() -> str:
    return datetime.now(UTC).date().isoformat()
