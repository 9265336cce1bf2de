"""What findings have in common: one lost mark, or one call that came in between, fails at many places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._graph import adjacency, reachable
from penstock.check.verdict import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.check.findings import Finding
    from penstock.model import Flow

    Groups = Iterator[list[Finding]]

ARROWS = ("undeclared", *REFUTED)
"""What is found of arrows that fail."""


def with_causes(found: Sequence[Finding], flows: Iterable[Flow]) -> list[Finding]:
    """Return findings, each with the cause that it shares with others, as far as that can be told.

    Args:
        found: All findings.
        flows: The flows that they speak of.
    """
    causes: dict[int, str] = {}
    outside = [finding for finding in found if not finding.flow]
    by_flow = defaultdict(list)
    for finding in found:
        by_flow[finding.flow].append(finding)
    for flow in flows:
        for group in _groups(flow, by_flow.get(flow.full_name, ()), outside):
            news = [finding for finding in group if id(finding) not in causes]
            if len(group) > 1:
                causes.update((id(finding), group[0].key) for finding in news)
    return [replace(finding, cause=causes[id(finding)]) if id(finding) in causes else finding for finding in found]


def _groups(flow: Flow, found: Sequence[Finding], outside: Sequence[Finding]) -> Groups:
    """Yield findings that have one cause, the one that says it first; what is yielded earlier counts."""
    if len(found) > 1:
        yield from _lost_steps(flow, found, outside)
        yield from _circles(flow, found)
        yield from _unreachable_steps(flow, found)
        yield from _turned_arrows(found)
        yield from _callers(flow, found)


def _lost_steps(flow: Flow, found: Sequence[Finding], outside: Sequence[Finding]) -> Groups:
    """Yield what follows from a step that is named and no longer there."""
    by_message = defaultdict(list)
    for finding in found:
        if finding.code == "unknown-after":
            by_message[finding.message].append(finding)
    for message, naming in by_message.items():
        alone = len(by_message) == 1
        lost = [each for each in (*outside, *found) if _has_lost(each, message, alone=alone)]
        yield [
            *lost,
            *naming,
            *_consequences(flow, found, {finding.target for finding in naming}),
            *_ran(found, message),
        ]


def _has_lost(finding: Finding, message: str, *, alone: bool) -> bool:
    """Return whether a finding tells where the step is that a message does not find."""
    if finding.code == "unclaimed":
        return _is_named(finding.target, message)
    return alone and finding.code in ("unmarked", "no-entrypoint")


def _is_named(step: str, message: str) -> bool:
    return message.startswith(f"after={step!r} ")


def _ran(found: Iterable[Finding], message: str) -> list[Finding]:
    return [each for each in found if each.code == "unknown-step" and _is_named(each.target, message)]


def _consequences(flow: Flow, found: Iterable[Finding], targets: set[str]) -> list[Finding]:
    """Return what is found of the arrows to some steps, and of the steps that only they lead to."""
    known = targets & {step.name for step in flow.steps}
    below = reachable(flow.successors, known)
    return [
        finding
        for finding in found
        if (finding.code in ARROWS and finding.target in targets)
        or (finding.code == "unreachable" and finding.target in below)
    ]


def _circles(flow: Flow, found: Sequence[Finding]) -> Groups:
    """Yield what follows from an arrow that leads back."""
    known = {step.name for step in flow.steps}
    backwards = adjacency(known, ((edge.target, edge.source) for edge in flow.edges if edge.origin == "declared"))
    for finding in found:
        if finding.code == "cycle" and finding.target in known:
            circle = reachable(flow.successors, [finding.target]) & reachable(backwards, [finding.target])
            yield [finding, *_consequences(flow, found, circle)]


def _unreachable_steps(flow: Flow, found: Sequence[Finding]) -> Groups:
    """Yield what follows from a step that no arrow leads to."""
    headed = {edge.target for edge in flow.edges if edge.origin == "declared"}
    for finding in found:
        if finding.code == "unreachable" and finding.target not in headed:
            others = (each for each in _consequences(flow, found, {finding.target}) if each is not finding)
            yield [finding, *others]


def _turned_arrows(found: Sequence[Finding]) -> Groups:
    """Yield what follows from an arrow that stands there the wrong way round."""
    undeclared = {(finding.source, finding.target): finding for finding in found if finding.code == "undeclared"}
    for finding in found:
        other = undeclared.get((finding.target, finding.source))
        if finding.code in REFUTED and other is not None:
            yield [other, finding]


def _callers(flow: Flow, found: Sequence[Finding]) -> Groups:
    """Yield what follows from a step that calls the steps which others should lead to."""
    expected: dict[str, set[str]] = defaultdict(set)
    for edge in flow.edges:
        if edge.origin == "declared":
            expected[edge.target].add(edge.source)
    by_caller = defaultdict(list)
    for finding in found:
        if finding.code == "undeclared" and expected[finding.target]:
            by_caller[finding.source, frozenset(expected[finding.target])].append(finding)
    for undeclared in by_caller.values():
        targets = {finding.target for finding in undeclared}
        if len(targets) > 1:
            yield [*undeclared, *(each for each in found if each.code in REFUTED and each.target in targets)]
