"""Reads the evidence of a store: one query over a window if spans have their facts, else a query a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import EvidenceError
from penstock.stores.evidence_rows import FactRows
from penstock.stores.queries import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.evidence import Evidence
    from penstock.stores.connections import Store
    from penstock.stores.queries import SpanSource
    from penstock.stores.templates import Way

DAY = 86_400 * 10**9
"""Nanoseconds."""


@dataclass(frozen=True, slots=True)
class StoreReading:
    """What a store has shown.

    Attributes:
        evidence: The evidence.
        way: How facts were found.
        without_fact: How many spans of steps were left out, because they have no fact.
    """

    evidence: Evidence
    way: Way
    without_fact: int = 0


def read_store(store: Store, source: SpanSource, since: int, until: int, way: Way | None = None) -> StoreReading:
    """Return the evidence of the spans that begin in a window.

    Args:
        store: The store.
        source: Its spans.
        since: The beginning of the window, in nanoseconds.
        until: Its end.
        way: How to find facts; by default by attributes if any span has them.

    Raises:
        EvidenceError: The store cannot be read, or has no span of a step.
    """
    coverage = next(iter(store.run_query(source.measure_coverage(since, until))))
    with_fact, without_fact = int(coverage["with_fact"]), int(coverage["without_fact"])
    if not (with_fact or without_fact) or (way == "attributes" and not with_fact):
        raise EvidenceError(_explain_nothing(with_fact or without_fact))
    way = way or ("attributes" if with_fact else "parents")
    rows, windows = FactRows(), [(since, until)]
    if way == "parents":
        windows = [
            *_iter_days(max(since, int(coverage["first_start"]) - MARGIN), min(until, int(coverage["last_start"]) + 1))
        ]
    for window in windows:
        rows.add_facts(store.run_query(source.count_facts(way, *window)))
    if rows.has_lone_steps:
        for window in windows:
            rows.add_tops(store.run_query(source.count_tops(way, *window)))
    return StoreReading(rows.evidence(), way, without_fact if way == "attributes" else 0)


def _explain_nothing(number: int) -> str:
    if number:
        return (
            f"none of {number:,} spans of steps has penstock.inside. Compute facts of parents and times: --by parents"
        )
    return (
        "no span of this time belongs to a step. Steps make spans with penstock.observers.otel.OpenTelemetryObserver; "
        "--since asks for more days"
    )


def _iter_days(since: int, until: int) -> Iterator[tuple[int, int]]:
    """Yield windows of at most a day: a partition of most stores."""
    while since < until:
        end = min(since - since % DAY + DAY, until)
        yield since, end
        since = end
