"""Lays what files have of a run over the declared flows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from penstock.model.resources import PLAIN_WORDS
from penstock.trace.drafts import draft_logged_steps, draft_spans, find_nearest
from penstock.trace.flow_directory import FlowDirectory
from penstock.trace.joins import join_flows, sort_tops
from penstock.trace.line_places import LinePlaces
from penstock.trace.model import Failure, FlowRun, RunTrace, StepRun
from penstock.trace.notes import collect_notes
from penstock.trace.ways import collect_evidence, find_ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.model import Flow
    from penstock.model.resources import Vocabulary
    from penstock.trace.drafts import StepDraft
    from penstock.trace.joins import DraftJoin
    from penstock.trace.reading.gathering import RunRecords
    from penstock.trace.reading.log_lines import LogLine


def lay_over(run_id: str, records: RunRecords, flows: Sequence[Flow], vocabulary: Vocabulary = PLAIN_WORDS) -> RunTrace:
    """Return a run, laid over the declared flows.

    Args:
        run_id: The correlation ID.
        records: What files have of it.
        flows: The declared flows.
        vocabulary: The words for channels.
    """
    index = FlowDirectory(flows)
    span_drafts = draft_spans(records.spans, index)
    places = LinePlaces(records.spans, span_drafts.values(), find_nearest(records.spans, span_drafts))
    rest = [line for line in records.lines if not _add_line(line, places)]
    named = [line for line in rest if line.step]
    flow_names = {name for draft in span_drafts.values() for name in (*draft.flow_names, *draft.full_names)}
    flow_names |= {line.flow for line in records.lines if line.flow}
    logged = draft_logged_steps(named, index, flow_names)
    drafts = [*span_drafts.values(), *logged.values()]
    joins = join_flows(drafts, vocabulary)
    order = _sort_drafts(drafts, joins)
    numbers = {id(draft): number for number, (draft, _) in enumerate(order)}
    steps = tuple(_freeze(draft, depth, numbers) for draft, depth in order)
    return RunTrace(
        id=run_id,
        steps=steps,
        flows=tuple(_lay_flows(records, [draft for draft, _ in order], steps)),
        lines=_sort_lines(line for line in rest if not line.step),
        joins=tuple(join.freeze(numbers) for join in joins),
        failures=_list_failures(steps, [line for line in rest if not line.step]),
        notes=tuple(collect_notes(records, drafts, joins, index)),
        files=tuple(records.files),
        spans=len(records.spans),
    )


def _add_line(line: LogLine, places: LinePlaces) -> bool:
    """Add a line to the step that it was written in, and return whether there is one with a span."""
    draft = places.find(line)
    if draft is not None:
        draft.add(line)
    return draft is not None


def _sort_drafts(drafts: Sequence[StepDraft], joins: Sequence[DraftJoin]) -> list[tuple[StepDraft, int]]:
    """Return the steps with their depths: each below the one around it, siblings by their clock."""
    children: dict[int, list[StepDraft]] = {}
    for draft in drafts:
        if draft.parent is not None:
            children.setdefault(id(draft.parent), []).append(draft)
    order: list[tuple[StepDraft, int]] = []
    waiting = [(top, 0) for top in reversed(sort_tops([draft for draft in drafts if draft.parent is None], joins))]
    while waiting:
        draft, depth = waiting.pop()
        order.append((draft, depth))
        inner = sorted(children.get(id(draft), ()), key=_clock, reverse=True)
        waiting += [(child, depth + 1) for child in inner]
    return order


def _clock(draft: StepDraft) -> tuple[int, int]:
    return draft.start or 0, draft.end or 0


def _freeze(draft: StepDraft, depth: int, numbers: dict[int, int]) -> StepRun:
    return StepRun(
        number=numbers[id(draft)],
        step=draft.step,
        flows=draft.full_names,
        service=draft.service,
        witness=draft.witness,
        start=draft.start,
        end=draft.end,
        parent=None if draft.parent is None else numbers[id(draft.parent)],
        depth=depth,
        entrypoint=draft.entrypoint,
        declared=draft.is_declared,
        module=draft.module,
        error=draft.error,
        predecessors=draft.predecessors,
        is_mapped=draft.is_mapped,
        lines=_sort_lines(draft.lines),
    )


def _sort_lines(lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """Return lines by their time; one without stays behind the line before it."""
    ordered: list[tuple[int, LogLine]] = []
    last = 0
    for line in lines:
        last = line.time if line.time is not None else last
        ordered.append((last, line))
    ordered.sort(key=lambda pair: pair[0])
    return tuple(line for _, line in ordered)


def _lay_flows(records: RunRecords, drafts: Sequence[StepDraft], steps: Sequence[StepRun]) -> Iterator[FlowRun]:
    """Yield what the run shows of each flow, in the order in which they begin."""
    flows = {flow.full_name: flow for draft in drafts for flow in draft.flows.values()}
    evidence = collect_evidence(records)
    bare_names = Counter(flow.name for flow in flows.values())
    for name in dict.fromkeys(name for step in steps for name in step.flows):
        flow = flows.get(name)
        own = [step for step in steps if name in step.flows]
        # Spans name a flow without its service: those of two services cannot be told apart there.
        is_clear = flow is not None and bare_names[flow.name] == 1
        ways = find_ways(flow, evidence, steps, is_whole=records.is_whole) if flow and is_clear else None
        yield FlowRun(
            name=name,
            flow=flow,
            numbers=tuple(step.number for step in own),
            silent=_list_silent(flow, {step.step for step in own}),
            is_exact=records.is_whole and all(_is_exact(step) for step in own),
            ways=ways.declared if ways else frozenset(),
            undeclared=ways.undeclared if ways else (),
        )


def _list_silent(flow: Flow | None, names: set[str]) -> tuple[str, ...]:
    """Return the declared steps that are not among some names."""
    return tuple(step.name for step in flow.steps if step.name not in names) if flow else ()


def _is_exact(step: StepRun) -> bool:
    """Return whether a span shows a step, and those around it up to the entrypoint; without them, others may be missing, too."""
    return step.witness == "span" and not step.is_mapped and (step.parent is not None or step.entrypoint)


def _list_failures(steps: Sequence[StepRun], lines: Iterable[LogLine]) -> tuple[Failure, ...]:
    """Return what went wrong: the innermost steps with an error, and lines that say so elsewhere."""
    outer = {step.parent for step in steps if step.error is not None}
    failures = [
        Failure(number=step.number, words=step.error, witness="span", time=step.end)
        for step in steps
        if step.error is not None and step.number not in outer
    ]
    failures += (
        Failure(number=step.number, words=line.message, witness="log", time=line.time)
        for step in steps
        if step.error is None
        for line in step.lines
        if line.is_error
    )
    failures += (
        Failure(number=None, words=line.message, witness="log", time=line.time) for line in lines if line.is_error
    )
    return tuple(sorted(failures, key=lambda failure: failure.time or 0))
