"""A run as a Mermaid sequence diagram: services or modules as lifelines, branches as ``alt``, what ran at once as ``par``."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from penstock._util.display_text import plain, plain_name
from penstock.trace.reading.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.model import Edge
    from penstock.trace.model import RunTrace, StepRun

MAX_STEPS = 400
"""Steps that are drawn; a diagram of more cannot be read, and Mermaid refuses very long texts."""

MAX_DEPTH = 40
"""Nested steps that are drawn in their blocks; deeper ones are left out."""

_SPECIAL = re.compile(r"[^\w ,./()→↺+-]|_(?![^\W_])|(?<![^\W_])_")
"""Characters that mean something in Mermaid's grammar, in Markdown or in HTML."""


def render(trace: RunTrace) -> str:
    """Return a run as the text of a Mermaid ``sequenceDiagram``, without a newline at the end."""
    return "\n    ".join(("sequenceDiagram", *_Sequence(trace).iter_lines()))


class _Sequence:
    """Writes one run."""

    def __init__(self, trace: RunTrace) -> None:
        self._trace = trace
        self._by_service = len(trace.services) > 1
        lifelines = dict.fromkeys(self._name_lifeline(step) for step in trace.steps[:MAX_STEPS])
        self._lifelines = {name: f"p{number}" for number, name in enumerate(lifelines)}
        self._joins = {join.target: join for join in trace.joins}

    def iter_lines(self) -> Iterator[str]:
        """Yield the statements: the lifelines, then what happened between them."""
        for name, identifier in self._lifelines.items():
            yield f"participant {identifier} as {escape_sequence_text(name)}"
        for step in self._trace.children(None):
            yield from self._write_step(step, 0)
        left_out = sum(step.number >= MAX_STEPS or step.depth > MAX_DEPTH for step in self._trace.steps)
        if left_out:
            yield f"Note over p0: {left_out:,} more steps are left out"

    def _name_lifeline(self, step: StepRun) -> str:
        """Return the service of a step if there are several, else its module, else its flow."""
        if self._by_service:
            return step.service or "service not known"
        return step.module or (step.flows[0] if step.flows else "") or step.service or "flow not known"

    def _identify(self, step: StepRun) -> str:
        return self._lifelines[self._name_lifeline(step)]

    def _write_step(self, step: StepRun, depth: int) -> Iterator[str]:
        """Yield the call of a step, and what happened inside it."""
        if step.number >= MAX_STEPS or depth > MAX_DEPTH:
            return
        source, target = self._find_caller(step), self._identify(step)
        yield f"{source}{self._choose_arrow(step)}{target}: {self._describe(step)}"
        if step.error is not None:
            yield f"Note over {target}: {escape_sequence_text(f'failed {step.error}')}"
        for way in (way for flow in self._trace.flows for way in flow.undeclared if way.number == step.number):
            yield f"Note over {target}: {escape_sequence_text(f'not declared inside {way.source}')}"
        groups = _group_parallel(self._trace.children(step.number))
        for _, same in groupby(groups, self._identify_branch):
            same_groups = list(same)
            yield from self._write_branches(self._list_common_branches(same_groups[0]), same_groups, depth + 1)

    def _find_caller(self, step: StepRun) -> str:
        if step.parent is not None:
            return self._identify(self._trace.steps[step.parent])
        join = self._joins.get(step.number)
        return self._identify(self._trace.steps[join.source]) if join else self._identify(step)

    def _choose_arrow(self, step: StepRun) -> str:
        """Return an open arrow for a message, whose sender does not wait."""
        return "-)" if step.number in self._joins else "->>"

    def _describe(self, step: StepRun) -> str:
        join = self._joins.get(step.number)
        length = format_duration(step.duration) if step.duration is not None else "log only"
        channel = f"{join.channel} → " if join else ""
        return escape_sequence_text(f"{channel}{plain_name(step.step)} ({length})")

    def _write_branches(self, branches: tuple[Edge, ...], groups: list[list[StepRun]], depth: int) -> Iterator[str]:
        """Yield steps, inside the alternatives that their flow declares: the branch taken, and those that were not."""
        if branches:
            yield f"alt {escape_sequence_text(branches[0].label)}"
        for group in groups:
            yield from self._write_group(group, depth)
        for edge in branches[1:]:
            yield f"else {escape_sequence_text(edge.label)}"
            text = f"{plain_name(edge.target)} did not run, as far as the files show"
            yield f"Note over {self._identify(groups[0][0])}: {escape_sequence_text(text)}"
        if branches:
            yield "end"

    def _write_group(self, group: Sequence[StepRun], depth: int) -> Iterator[str]:
        """Yield a step, or several that ran at the same time."""
        if len(group) == 1:
            yield from self._write_step(group[0], depth)
            return
        for position, step in enumerate(group):
            yield "and" if position else f"par {escape_sequence_text('at the same time')}"
            yield from self._write_step(step, depth)
        yield "end"

    def _identify_branch(self, group: Sequence[StepRun]) -> tuple[object, ...]:
        """Return what steps of one branch have in common."""
        return tuple((edge.source, edge.label) for edge in self._list_common_branches(group))

    def _list_common_branches(self, group: Sequence[StepRun]) -> tuple[Edge, ...]:
        """Return the branches of steps that all are in one branch; else none."""
        labels = {tuple((edge.label, edge.source) for edge in self._list_branches(step)) for step in group}
        return self._list_branches(group[0]) if len(labels) == 1 else ()

    def _list_branches(self, step: StepRun) -> tuple[Edge, ...]:
        """Return the labelled arrow that the run took to a step, with those from the same step that it did not take."""
        for flow in self._trace.flows:
            if flow.flow is None or flow.name not in step.flows or not flow.is_exact:
                continue
            for edge in flow.flow.edges_into(step.step) if step.step in flow.flow.positions else ():
                if edge.label and (edge.source, edge.target) in flow.ways:
                    others = flow.flow.edges_from(edge.source)
                    silent = [other for other in others if other.label and other.target in flow.silent]
                    return (edge, *silent) if silent else ()
        return ()


def _group_parallel(steps: Sequence[StepRun]) -> list[list[StepRun]]:
    """Return steps in groups of which each step ran at the same time as another one of the group."""
    groups: list[list[StepRun]] = []
    end = 0
    for step in steps:
        is_timed = step.witness == "span" and step.start is not None and step.end is not None
        if groups and is_timed and (step.start or 0) < end:
            groups[-1].append(step)
        else:
            groups.append([step])
            end = 0
        end = max(end, step.end or 0) if is_timed else 0
    return groups


def escape_sequence_text(text: str) -> str:
    """Return a text on one line, in which nothing means anything to Mermaid."""
    line = plain(text)[:300]
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", line) or "-"
