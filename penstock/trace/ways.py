"""The ways that a run took through a flow, judged by the rules of the check: a fact against the declaration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.traces.span_store import Traces
from penstock.check.verdict.counting import count
from penstock.trace.model import UndeclaredTurn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.check.evidence import Evidence
    from penstock.model import Flow
    from penstock.trace.model import StepRun
    from penstock.trace.reading.gathering import RunRecords


class Ways(NamedTuple):
    """The ways that a run took through a flow.

    Attributes:
        declared: The declared arrows, by their ends.
        undeclared: Those that no arrow declares, the first one first.
    """

    declared: frozenset[tuple[str, str]]
    undeclared: tuple[UndeclaredTurn, ...]


def collect_evidence(records: RunRecords) -> Evidence:
    """Return the evidence of the run's spans."""
    with Traces() as traces:
        for span in records.spans.values():
            traces.add(span.record)
        return traces.evidence()


def find_ways(flow: Flow, evidence: Evidence, steps: Sequence[StepRun], *, is_whole: bool) -> Ways:
    """Return the ways that the spans of a run show; log lines show none.

    What is missing in the files could explain a step. So a way only counts as undeclared if nothing was left out, and none
    of the steps that it is declared to follow is known from log lines alone.

    Args:
        flow: The flow.
        evidence: The evidence of the run's spans.
        steps: The steps that ran.
        is_whole: Whether nothing was left out.
    """
    bare = replace(flow, edges=tuple(edge for edge in flow.edges if edge.origin == "declared"), calls=())
    tally = count(bare, evidence)
    is_clear = is_whole and not any(step.is_mapped for step in steps if flow.full_name in step.flows)
    ways = [
        _first_run(bare, pair, steps) for pair in tally.undeclared if is_clear and not _may_follow(bare, pair[1], steps)
    ]
    undeclared = sorted(filter(None, ways), key=lambda way: (steps[way.number].start or 0, way.number))
    return Ways(frozenset({*+tally.call, *+tally.order}), tuple(undeclared))


def _may_follow(flow: Flow, target: str, steps: Sequence[StepRun]) -> bool:
    """Return whether a step that is declared to go before is known from log lines alone, which do not show where it ran."""
    sources = _list_sources(flow, target)
    return any(step.witness == "log" and step.step in sources for step in steps)


def _list_sources(flow: Flow, target: str) -> set[str]:
    """Return the steps that are declared to go before one."""
    return {edge.source for edge in flow.edges if edge.target == target}


def _first_run(flow: Flow, pair: tuple[str, str], steps: Sequence[StepRun]) -> UndeclaredTurn | None:
    """Return the first run of a step inside another one that no declared step explains; ``None`` if that is not clear."""
    source, target = pair
    sources = _list_sources(flow, target)
    for step in sorted(steps, key=lambda step: (step.start or 0, step.number)):
        if step.step == target and flow.full_name in step.flows:
            outer = _find_outer(flow, step, steps)
            if outer and outer.step == source and sources.isdisjoint(_iter_predecessors(step, outer, steps)):
                return UndeclaredTurn(flow=flow.full_name, source=source, target=target, number=step.number)
    return None


def _find_outer(flow: Flow, step: StepRun, steps: Sequence[StepRun]) -> StepRun | None:
    """Return the nearest step of a flow around one, other than itself."""
    number = step.parent
    while number is not None:
        outer = steps[number]
        if flow.full_name in outer.flows and outer.step != step.step:
            return outer
        number = outer.parent
    return None


def _iter_predecessors(step: StepRun, outer: StepRun, steps: Sequence[StepRun]) -> Iterator[str]:
    """Yield the steps that had finished in another one before a step began: by the clock, and by what its span says."""
    yield from step.predecessors
    for number in range(outer.number + 1, len(steps)):
        inner = steps[number]
        if inner.depth <= outer.depth:
            return
        if (inner.end or 0) <= (step.start or 0):
            yield inner.step
