"""Changes the arrows of a flow that was checked already: the code and its runs stay what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.findings.finding import findings
from penstock.check.verdict.judgement import judge
from penstock.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.evidence import Evidence
    from penstock.model import Flow

Pairs = list[tuple[str, str]]


class Change(NamedTuple):
    """A changed arrow, in words, and whether the check finds it."""

    kind: str
    what: str
    found: bool


def change_arrows(flow: Flow, evidence: Evidence) -> tuple[Change, ...]:
    """Return every change of one arrow; none counts as true."""
    changes = []
    for kind, what, pairs in _changes(flow):
        changed = replace(flow, edges=tuple(Edge(source=source, target=target) for source, target in pairs))
        alarms = any(finding.severity == "error" for finding in findings(judge(changed, evidence)))
        changes.append(Change(kind, what, alarms or _is_broken(changed)))
    return tuple(changes)


def _changes(flow: Flow) -> Iterator[tuple[str, str, Pairs]]:
    pairs = [(edge.source, edge.target) for edge in flow.edges if edge.origin == "declared"]
    for source, target in pairs:
        rest = [pair for pair in pairs if pair != (source, target)]
        arrow = f"{source} -> {target}"
        yield "delete", arrow, rest
        yield "reverse", arrow, [*rest, (target, source)]
        for other in flow.steps:
            if other.name != target and (other.name, target) not in pairs:
                yield "retarget", f"{arrow} became {other.name} -> {target}", [*rest, (other.name, target)]


def _is_broken(flow: Flow) -> bool:
    """Tell whether a declaration would be refused on its own: a circle, or a step that no entrypoint leads to."""
    reached = {step.name: _reached(flow, step.name) for step in flow.steps}
    entered = {step.name for step in flow.entrypoints}.union(*(reached[step.name] for step in flow.entrypoints))
    return any(name in found or name not in entered for name, found in reached.items())


def _reached(flow: Flow, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(flow.successors[waiting.pop()]) - found
        found |= new
        waiting += new
    return found
