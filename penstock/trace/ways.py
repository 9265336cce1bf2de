"""The ways that a run took through a flow, judged by the rules of the check: a fact against the declaration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.traces.span_store import Traces
from penstock.check.verdict.counting import count
from penstock.trace.model import UndeclaredWay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Flow
    from penstock.trace.model import StepRun
    from penstock.trace.reading.gathering import Gathered


class Ways(NamedTuple):
    """The ways that a run took through a flow.

    Attributes:
        declared: The declared arrows, by their ends.
        undeclared: Those that no arrow declares, the first one first.
    """

    declared: frozenset[tuple[str, str]]
    undeclared: tuple[UndeclaredWay, ...]


def find_ways(flow: Flow, gathered: Gathered, steps: Sequence[StepRun]) -> Ways:
    """Return the ways that the spans of a run show; log lines show none.

    What is missing in the files could explain a step. So a way only counts as undeclared if nothing was left out, and none
    of the steps that it is declared to follow is known from log lines alone.

    Args:
        flow: The flow.
        gathered: What the files have of the run.
        steps: The steps that ran.
    """
    bare = replace(flow, edges=tuple(edge for edge in flow.edges if edge.origin == "declared"), calls=())
    with Traces() as traces:
        for span in gathered.spans.values():
            traces.add(span.record)
        tally = count(bare, traces.evidence())
    ways = [
        _first_run(flow, pair, steps)
        for pair in tally.undeclared
        if gathered.is_whole and not _may_follow(bare, pair[1], steps)
    ]
    undeclared = sorted(filter(None, ways), key=lambda way: (steps[way.number].start or 0, way.number))
    return Ways(frozenset({*+tally.call, *+tally.order}), tuple(undeclared))


def _may_follow(flow: Flow, target: str, steps: Sequence[StepRun]) -> bool:
    """Return whether a step that is declared to go before is known from log lines alone, which do not show where it ran."""
    sources = {edge.source for edge in flow.edges if edge.target == target}
    return any(step.witness == "log" and step.step in sources for step in steps)


def _first_run(flow: Flow, pair: tuple[str, str], steps: Sequence[StepRun]) -> UndeclaredWay | None:
    """Return the first run of a step inside another one, by its clock."""
    source, target = pair
    runs = [step for step in steps if step.step == target and _name_outer(flow, step, steps) == source]
    first = min(runs, key=lambda step: step.start or 0, default=None)
    if first is None:
        return None
    return UndeclaredWay(flow=flow.full_name, source=source, target=target, number=first.number)


def _name_outer(flow: Flow, step: StepRun, steps: Sequence[StepRun]) -> str:
    """Return the nearest step of a flow around one, other than itself."""
    number = step.parent
    while number is not None:
        outer = steps[number]
        if flow.full_name in outer.flows and outer.step != step.step:
            return outer.step
        number = outer.parent
    return ""
