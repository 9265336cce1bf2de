"""The steps of a run while it is put together: those of spans in a tree, those that only log lines name beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.trace.flow_directory import find_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.model import Flow
    from penstock.trace.flow_directory import FlowDirectory
    from penstock.trace.model import Witness
    from penstock.trace.reading.log_lines import LogLine
    from penstock.trace.reading.run_spans import RunSpan

SpanKey = tuple[str, str]


class StepDraft:
    """A step that ran, before all is known of it.

    Attributes:
        step: Its name.
        flow_names: The names of its flows, as its witness has them.
        flows: The declared flows among them, by those names.
        service: The service that it ran in, or an empty string.
        witness: What shows it.
        start: When it began, or its first log line.
        end: When it ended, or its last log line.
        error: Why it failed; ``None`` if it did not.
        entrypoint: Whether it began a run.
        predecessors: The step that its span says is around it, and those that it says had finished there before.
        is_mapped: Whether its span only names its function.
        parent: The step around it.
        lines: The log lines in it.
    """

    __slots__ = (
        "end",
        "entrypoint",
        "error",
        "flow_names",
        "flows",
        "is_mapped",
        "lines",
        "parent",
        "predecessors",
        "service",
        "start",
        "step",
        "witness",
    )

    def __init__(self, step: str, flow_names: tuple[str, ...], service: str, witness: Witness) -> None:
        self.step, self.flow_names, self.service, self.witness = step, flow_names, service, witness
        self.flows: dict[str, Flow] = {}
        self.start: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.entrypoint = False
        self.predecessors: frozenset[str] = frozenset()
        self.is_mapped = False
        self.parent: StepDraft | None = None
        self.lines: list[LogLine] = []

    def resolve(self, index: FlowDirectory) -> None:
        """Find the declared flows."""
        flows = ((name, index.find_flow(name, self.service)) for name in self.flow_names)
        self.flows = {name: flow for name, flow in flows if flow is not None}

    @property
    def full_names(self) -> tuple[str, ...]:
        """The names of its flows; those of declared ones are full."""
        return tuple(self.flows[name].full_name if name in self.flows else name for name in self.flow_names)

    @property
    def is_declared(self) -> bool:
        """Whether one of its flows declares it."""
        return any(find_step(flow, self.step) for flow in self.flows.values())

    @property
    def module(self) -> str:
        """The module of its function, or an empty string."""
        steps = (find_step(flow, self.step) for flow in self.flows.values())
        return next((step.module for step in steps if step), "")

    def iter_outwards(self) -> Iterator[StepDraft]:
        """Yield the step, and those around it."""
        draft: StepDraft | None = self
        while draft is not None:
            yield draft
            draft = draft.parent

    def add(self, line: LogLine) -> None:
        """Take a log line; where only these show the step, they are its time."""
        self.lines.append(line)
        if self.witness == "log" and line.time is not None:
            self.start = line.time if self.start is None else min(self.start, line.time)
            self.end = line.time if self.end is None else max(self.end, line.time)


def draft_spans(spans: Mapping[SpanKey, RunSpan], index: FlowDirectory) -> dict[SpanKey, StepDraft]:
    """Return the steps of spans, by the spans; each knows the step around it."""
    drafts = {key: _draft_span(span, index) for key, span in spans.items() if span.record.label is not None}
    nearest = find_nearest(spans, drafts)
    for key, draft in drafts.items():
        parent = spans[key].record.parent
        outer = nearest.get(parent) if parent else None
        draft.parent = outer if outer is not draft else None
    _cut_circles(drafts.values())
    return drafts


def _draft_span(span: RunSpan, index: FlowDirectory) -> StepDraft:
    record, label = span.record, span.record.label
    assert label is not None  # noqa: S101 - the caller has looked
    draft = StepDraft(label.step, label.flows, span.service, "span")
    draft.start, draft.end, draft.error = record.start, record.end, span.error
    draft.entrypoint = label.entrypoint
    draft.predecessors, draft.is_mapped = span.predecessors, span.is_mapped
    draft.resolve(index)
    return draft


def _cut_circles(drafts: Iterable[StepDraft]) -> None:
    """Let no step be around itself, though damaged spans may say so."""
    finished: set[int] = set()
    for draft in drafts:
        way: set[int] = set()
        for step in draft.iter_outwards():
            if id(step) in finished:
                break
            way.add(id(step))
            if step.parent is not None and id(step.parent) in way:
                step.parent = None
        finished |= way


def find_nearest(spans: Mapping[SpanKey, RunSpan], drafts: Mapping[SpanKey, StepDraft]) -> dict[SpanKey, StepDraft]:
    """Return for each span its step, or the nearest one around it."""
    nearest: dict[SpanKey, StepDraft] = {}
    for key in spans:
        way: dict[SpanKey, None] = {}
        current: SpanKey | None = key
        while current and current in spans and not (current in nearest or current in drafts or current in way):
            way[current] = None
            current = spans[current].record.parent
        step = drafts.get(current) or nearest.get(current) if current else None
        if step is not None:
            nearest.update(dict.fromkeys((*way, key), step))
    return nearest


def draft_logged_steps(
    lines: Iterable[LogLine], index: FlowDirectory, flow_names: Iterable[str]
) -> dict[tuple[str, str], StepDraft]:
    """Return the steps that log lines name, by step and service.

    Args:
        lines: The lines, each of which names a step.
        index: The declared flows.
        flow_names: The flows that the run is known to have taken, which decide where several have a step of a name.
    """
    drafts: dict[tuple[str, str], StepDraft] = {}
    known_names = set(flow_names)
    for line in lines:
        key = line.step, line.service
        if key not in drafts:
            drafts[key] = StepDraft(line.step, _name_flows(line, index, known_names), line.service, "log")
            drafts[key].resolve(index)
            drafts[key].entrypoint = _is_entrypoint(drafts[key])
        drafts[key].add(line)
    return drafts


def _name_flows(line: LogLine, index: FlowDirectory, known_names: set[str]) -> tuple[str, ...]:
    """Return the flows of the step that a line names, where it is clear which."""
    flows = index.find_flows_of_step(line.step, line.service)
    if line.flow and (not flows or any(line.flow in {flow.name, flow.full_name} for flow in flows)):
        return (line.flow,)
    if len(flows) > 1:
        flows = [flow for flow in flows if not known_names.isdisjoint({flow.name, flow.full_name})]
    return (flows[0].full_name,) if len(flows) == 1 else ()


def _is_entrypoint(draft: StepDraft) -> bool:
    steps = (find_step(flow, draft.step) for flow in draft.flows.values())
    return any(step.entrypoint for step in steps if step)
