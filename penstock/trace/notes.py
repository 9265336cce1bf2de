"""What a reader has to know about the facts of a run: what is missing, and whose clocks disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.trace.reading.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.trace.drafts import StepDraft
    from penstock.trace.flow_directory import FlowDirectory
    from penstock.trace.joins import DraftJoin
    from penstock.trace.reading.gathering import RunRecords

MAX_SKEW = 10**6
"""Nanoseconds by which clocks may disagree without a note: log lines and some spans only have milliseconds."""


def collect_notes(
    records: RunRecords, drafts: Sequence[StepDraft], joins: Sequence[DraftJoin], index: FlowDirectory
) -> Iterator[str]:
    """Yield the notes, a sentence or two each."""
    if any(draft.witness == "log" for draft in drafts):
        yield "Of steps without a span, only log lines show that they ran: not when they began, how long they took, or what called them."
    if any(draft.is_mapped for draft in drafts):
        yield "Some spans only name a function. Functions that are not instrumented ran without one, so no way is called undeclared."
    yield from _describe_clocks(drafts, joins)
    zoneless = sum(line.time is not None and not line.has_zone for line in records.lines)
    if zoneless:
        yield f"{_count(zoneless, 'log line')} with a time that names no zone: read as UTC."
    timeless = sum(line.time is None for line in records.lines)
    if timeless:
        yield f"{_count(timeless, 'log line')} without a time that can be read."
    for name in sorted(index.ambiguous):
        yield f"Several services have a flow {name!r}, and it is not known which one ran."
    if records.other_ids:
        names = ", ".join(sorted(records.other_ids)[:3])
        yield f"Spans of this trace carry another correlation ID. Log lines may be under it: penstock trace {names}"
    if records.omitted_lines or records.omitted_spans:
        parts = ((records.omitted_lines, "log line"), (records.omitted_spans, "span"))
        counts = [_count(number, noun) for number, noun in parts if number]
        yield f"Left out, because there are too many: {' and '.join(counts)}. So no way is called undeclared."
    if records.damage.number:
        text = str(records.damage)
        yield f"{text[:1].upper()}{text[1:]}. So no way is called undeclared."


def _describe_clocks(drafts: Sequence[StepDraft], joins: Sequence[DraftJoin]) -> Iterator[str]:
    """Yield a note for each two services of which one began a step before the other one could have started it."""
    calls = ((draft.parent, draft) for draft in drafts if draft.parent is not None)
    for (outer, inner), skew in _measure_skews(calls).items():
        yield f"The clocks of {outer} and {inner} disagree by at least {format_duration(skew)}: their times cannot be compared."
    for (outer, inner), skew in _measure_skews((join.source, join.target) for join in joins).items():
        yield (
            f"A flow in {inner} began {format_duration(skew)} before the step in {outer} that its channel joins it with: "
            "the clocks disagree, or something else started it."
        )


def _measure_skews(pairs: Iterable[tuple[StepDraft, StepDraft]]) -> dict[tuple[str, str], int]:
    """Return for each two services by how many nanoseconds, at most, one began before the other one that came first."""
    skews: dict[tuple[str, str], int] = {}
    for outer, inner in pairs:
        if outer.service == inner.service or outer.start is None or inner.start is None:
            continue
        services = outer.service or "a service without a name", inner.service or "a service without a name"
        if outer.start - inner.start > MAX_SKEW:
            skews[services] = max(skews.get(services, 0), outer.start - inner.start)
    return skews


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
