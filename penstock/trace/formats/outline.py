"""The outline of a run: its steps and log lines in the order in which they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.trace.model import StepRun
from penstock.trace.reading.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.trace.model import Failure, FlowRun, RunTrace
    from penstock.trace.reading.log_lines import LogLine


class Entry(NamedTuple):
    """A step or a log line, and how many steps are around it."""

    depth: int
    item: StepRun | LogLine


def iter_outline(trace: RunTrace) -> Iterator[Entry]:
    """Yield steps and log lines: what is in a step below it, in the order of time."""
    waiting = [(0, _merge(trace.lines, trace.children(None)))]
    while waiting:
        depth, items = waiting[-1]
        item = next(items, None)
        if item is None:
            waiting.pop()
            continue
        yield Entry(depth, item)
        if isinstance(item, StepRun):
            waiting.append((depth + 1, _merge(item.lines, trace.children(item.number))))


def _merge(lines: Sequence[LogLine], steps: Sequence[StepRun]) -> Iterator[StepRun | LogLine]:
    """Yield lines and steps, each kind in its order, those without a time where they are."""
    rest = list(steps)
    for line in lines:
        while rest and line.time is not None and rest[0].start is not None and rest[0].start <= line.time:
            yield rest.pop(0)
        yield line
    yield from rest


def summarize(trace: RunTrace) -> str:
    """Return the size of a run in a line: how long, and what was found of it."""
    counts = [
        _count(len(trace.steps), "step"),
        _count(len(trace.flows), "flow"),
        _count(len(trace.services), "service") if trace.services else "",
        _count(trace.line_count, "log line"),
        _count(trace.spans, "span"),
    ]
    length = format_duration(trace.end - trace.start) if trace.start is not None and trace.end is not None else ""
    return ", ".join(filter(None, (length, *counts)))


def describe_sources(trace: RunTrace) -> str:
    """Return how much was read."""
    lines = sum(file.lines for file in trace.files)
    return f"read {_count(lines, 'line')} of {_count(len(trace.files), 'file')}"


def describe_silent(flow: FlowRun) -> str:
    """Return how to call the steps of which there is no trace: only spans of the others show that they did not run."""
    if flow.is_exact:
        return "did not run, as far as these files show"
    return "without a trace in these files, so they may have run or not"


def name_flows(trace: RunTrace, step: StepRun) -> str:
    """Return the flows of a step inside one of other flows; else an empty string."""
    if step.parent is None or step.flows == trace.steps[step.parent].flows:
        return ""
    return ", ".join(step.flows)


def head_flows(trace: RunTrace) -> dict[int, str]:
    """Return the flows of each outermost step, by its number, if they are not those of the one before."""
    headings: dict[int, str] = {}
    flows: tuple[str, ...] = ()
    for step in trace.children(None):
        if step.flows != flows:
            headings[step.number] = ", ".join(step.flows)
        flows = step.flows
    return headings


def describe_failure(trace: RunTrace, failure: Failure) -> str:
    """Return what went wrong, and where, in a line."""
    verb = "failed" if failure.witness == "span" else "logged an error"
    where = "outside all steps" if failure.number is None else f"{trace.steps[failure.number].step} {verb}"
    return f"{where}: {failure.words}" if failure.words else where


def describe_undeclared(trace: RunTrace) -> str:
    """Return the first way that no arrow declares in a sentence, or an empty string."""
    way = trace.undeclared
    return f"{way.target} ran inside {way.source}, and no arrow of {way.flow} says so" if way else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
