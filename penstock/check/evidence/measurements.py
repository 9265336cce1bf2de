"""Errors and durations of the steps that ran, by source, as rows of an evidence file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from penstock._util.versioned_json import check_natural, check_text
from penstock.check.evidence.circumstances import PLAIN
from penstock.check.evidence.durations import decode_buckets, encode_buckets
from penstock.check.evidence.records import SOURCES, Fact, Orphan, Period, Row, Source, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.check.evidence.records import Seen

Measurements = dict[Source, dict[Row, Timing]]
_Named = tuple[str, str, str]


def strip_circumstances(row: Row) -> Row:
    """Return a row as measurements have it: circumstances change while a run goes on, and say nothing about time."""
    return replace(row, circumstances=PLAIN) if isinstance(row, Fact) and row.circumstances != PLAIN else row


def merge_measurements(parts: Iterable[Mapping[Source, Mapping[Row, Timing]]]) -> Measurements:
    """Return the measurements of several recordings, each row with the calls of all of them."""
    merged: Measurements = {}
    for part in parts:
        for source, timings in part.items():
            table = merged.setdefault(source, {})
            for row, timing in timings.items():
                plain_row = strip_circumstances(row)
                table[plain_row] = table[plain_row].merge(timing) if plain_row in table else timing
    return {source: table for source, table in merged.items() if table}


def merge_periods(parts: Iterable[Mapping[Source, Period]]) -> dict[Source, Period]:
    """Return the periods of several recordings, each from the first day to the last."""
    merged: dict[Source, Period] = {}
    for part in parts:
        for source, period in part.items():
            known = merged.get(source, period)
            merged[source] = Period(min(period.first, known.first), max(period.last, known.last))
    return merged


def find_measured_steps(measurements: Mapping[Source, Mapping[Row, Timing]]) -> Iterator[_Named]:
    """Yield the flow, name and source of each step that a row names."""
    for row in (row for timings in measurements.values() for row in timings):
        if isinstance(row, Fact):
            yield from ((row.flow, *step) for step in (row.step, row.parent, *row.done, *row.ancestors, *row.outside))
        elif isinstance(row, Orphan):
            yield from ((row.flow, *step) for step in (row.step, *(row.done or ())))
        else:
            yield (row[0], *row[1])


def encode_measurements(
    measurements: Mapping[Source, Mapping[Row, Timing]],
    periods: Mapping[Source, Period],
    number: Mapping[_Named, int],
) -> dict[str, list[list[Any]]]:
    """Return the tables of measurements and periods, in which steps stand by their numbers."""
    rows = [
        [source, *_encode_row(row, number), timing.errors, encode_buckets(timing.durations)]
        for source, timings in merge_measurements([measurements]).items()
        for row, timing in timings.items()
    ]
    return {
        "measurements": sorted(rows),
        "periods": sorted([source, *period] for source, period in periods.items()),
    }


def _encode_row(row: Row, number: Mapping[_Named, int]) -> list[Any]:
    def numbers(flow: str, group: Iterable[Seen]) -> list[int]:
        """Return the sorted numbers of some steps of a flow."""
        return sorted(number[flow, *step] for step in group)

    if isinstance(row, Fact):
        sides = (numbers(row.flow, group) for group in (row.done, row.ancestors, row.outside))
        return ["fact", row.flow, number[row.flow, *row.step], number[row.flow, *row.parent], *sides]
    if isinstance(row, Orphan):
        done = [] if row.done is None else [numbers(row.flow, row.done)]
        return ["orphan", row.flow, number[row.flow, *row.step], row.concurrent, done]
    return ["run", row[0], number[row[0], *row[1]]]


def decode_measurements(content: Mapping[str, Any], steps: Sequence[Seen]) -> Measurements:
    """Return the measurements that a file holds; older files have none.

    Raises:
        IndexError: A row has a number that no step has.
        TypeError: A value is of the wrong type.
        ValueError: A row has the wrong length, or a value that none can have.
    """
    measurements: Measurements = {}
    for source, kind, *fields, errors, buckets in content.get("measurements", ()):
        timing = Timing(check_natural(errors), decode_buckets(buckets))
        if timing.errors > timing.durations.count:
            raise ValueError(f"{errors!r:.40} is more than all calls")
        row = _decode_row(kind, fields, steps)
        if measurements.setdefault(_check_source(source), {}).setdefault(row, timing) is not timing:
            raise ValueError(f"{row!r:.40} stands twice")
    return measurements


def _decode_row(kind: object, fields: Sequence[Any], steps: Sequence[Seen]) -> Row:
    def group(numbers: Iterable[object]) -> frozenset[Seen]:
        """Return the steps with these numbers."""
        return frozenset(steps[check_natural(number)] for number in numbers)

    flow, step, *more = fields
    place = check_text(flow), steps[check_natural(step)]
    if kind == "fact":
        parent, done, ancestors, outside = more
        return Fact(*place, steps[check_natural(parent)], group(done), group(ancestors), group(outside))
    if kind == "orphan":
        concurrent, done = more
        (finished_steps,) = map(group, done) if done else (None,)
        return Orphan(*place, concurrent is True, finished_steps)
    if kind == "run" and not more:
        return place
    raise ValueError(f"{kind!r:.40} is no kind of row")


def decode_periods(content: Mapping[str, Any]) -> dict[Source, Period]:
    """Return the periods that a file holds; raises as :func:`decode_measurements` does."""
    return {
        _check_source(source): Period(check_text(first), check_text(last))
        for source, first, last in content.get("periods", ())
    }


def _check_source(source: object) -> Source:
    for known_source in SOURCES:
        if source == known_source:
            return known_source
    raise ValueError(f"{source!r:.40} is no source")
