"""Groups findings with one cause: one lost mark, or one inserted call, fails at many places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._util.graphs import adjacency, reachable
from penstock.model.finding_kinds import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.check.findings.finding import Finding
    from penstock.model import Flow

    Groups = Iterator[list[Finding]]

ARROWS = ("undeclared", *REFUTED)
"""The kinds of findings on edges that fail."""


def with_causes(found: Sequence[Finding], flows: Iterable[Flow]) -> list[Finding]:
    """Return findings, each with the cause that it shares with others, where it can be determined.

    Args:
        found: All findings.
        flows: The flows that they refer to.
    """
    causes: dict[int, str] = {}
    project_findings = [finding for finding in found if not finding.flow]
    by_flow = defaultdict(list)
    for finding in found:
        by_flow[finding.flow].append(finding)
    for flow in flows:
        for group in _groups(flow, by_flow.get(flow.full_name, ()), project_findings):
            news = [finding for finding in group if id(finding) not in causes]
            if len(group) > 1:
                causes.update((id(finding), group[0].key) for finding in news)
    return [replace(finding, cause=causes[id(finding)]) if id(finding) in causes else finding for finding in found]


def _groups(flow: Flow, findings: Sequence[Finding], outside: Sequence[Finding]) -> Groups:
    """Yield groups of findings with one cause, the root finding first; earlier groups take precedence."""
    if len(findings) > 1:
        yield from _lost_steps(flow, findings, outside)
        yield from _circles(flow, findings)
        yield from _unreachable_steps(flow, findings)
        yield from _turned_arrows(findings)
        yield from _callers(flow, findings)


def _lost_steps(flow: Flow, findings: Sequence[Finding], outside: Sequence[Finding]) -> Groups:
    """Yield findings that follow from a step that is named but no longer exists."""
    by_name = defaultdict(list)
    for finding in findings:
        if finding.code == "unknown-after":
            by_name[finding.missing or finding.message].append(finding)
    for name, naming in by_name.items():
        alone = len(by_name) == 1
        origins = [candidate for candidate in (*outside, *findings) if _has_lost(candidate, name, alone=alone)]
        yield [
            *origins,
            *naming,
            *_consequences(flow, findings, {finding.target for finding in naming}),
            *(entry for entry in findings if entry.code == "unknown-step" and entry.target == name),
        ]


def _has_lost(finding: Finding, name: str, *, alone: bool) -> bool:
    """Return whether a finding locates the step that is missing."""
    if finding.code == "unclaimed":
        return finding.target == name
    return alone and finding.code in ("unmarked", "no-entrypoint")


def _consequences(flow: Flow, findings: Iterable[Finding], targets: set[str]) -> list[Finding]:
    """Return findings on the edges to some steps, and on the steps that only they lead to."""
    known_targets = targets & {step.name for step in flow.steps}
    steps_below = reachable(flow.successors, known_targets)
    return [
        finding
        for finding in findings
        if (finding.code in ARROWS and finding.target in targets)
        or (finding.code == "unreachable" and finding.target in steps_below)
    ]


def _circles(flow: Flow, findings: Sequence[Finding]) -> Groups:
    """Yield findings that follow from an edge that leads back."""
    step_names = {step.name for step in flow.steps}
    backwards = adjacency(step_names, ((edge.target, edge.source) for edge in flow.edges if edge.origin == "declared"))
    for finding in findings:
        if finding.code == "cycle" and finding.target in step_names:
            circle = reachable(flow.successors, [finding.target]) & reachable(backwards, [finding.target])
            yield [finding, *_consequences(flow, findings, circle)]


def _unreachable_steps(flow: Flow, findings: Sequence[Finding]) -> Groups:
    """Yield findings that follow from a step that no edge leads to."""
    targets = {edge.target for edge in flow.edges if edge.origin == "declared"}
    for finding in findings:
        if finding.code == "unreachable" and finding.target not in targets:
            others = (result for result in _consequences(flow, findings, {finding.target}) if result is not finding)
            yield [finding, *others]


def _turned_arrows(findings: Sequence[Finding]) -> Groups:
    """Yield findings that follow from an edge declared in the wrong direction."""
    undeclared = {(finding.source, finding.target): finding for finding in findings if finding.code == "undeclared"}
    for finding in findings:
        opposite = undeclared.get((finding.target, finding.source))
        if finding.code in REFUTED and opposite is not None:
            yield [opposite, finding]


def _callers(flow: Flow, findings: Sequence[Finding]) -> Groups:
    """Yield findings that follow from a step that calls the steps to which others should lead."""
    predecessors: dict[str, set[str]] = defaultdict(set)
    for edge in flow.edges:
        if edge.origin == "declared":
            predecessors[edge.target].add(edge.source)
    by_caller = defaultdict(list)
    for finding in findings:
        if finding.code == "undeclared" and predecessors[finding.target]:
            by_caller[finding.source, frozenset(predecessors[finding.target])].append(finding)
    for group in by_caller.values():
        targets = {finding.target for finding in group}
        if len(targets) > 1:
            yield [*group, *(entry for entry in findings if entry.code in REFUTED and entry.target in targets)]
