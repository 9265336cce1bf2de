"""Proposals for ``after=`` of each step: the fewest names that explain every run, without a circle over all of them.

Declared names that are not refuted stay. Proposed names are judged by the same evidence as declared ones; new results
are taken into account, until following the proposals passes the check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.check.proposals.search import Search, fails
from penstock.check.verdict.judgement import judge

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from penstock.check.verdict.judgement import Judgement
    from penstock.check.verdict.tally import Pair
    from penstock.model import Edge, Flow

_ROUNDS = 8
"""The maximum number of rounds of judging; each adds contexts to explain."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed names for ``after=`` of a step.

    Attributes:
        after: The names to write.
        closing: Steps that it was seen to run inside, or takes data from, though no name explains that without closing a
            circle: each with the steps whose proposals are part of the circle, or none where declared arrows make it.
        later_failures: Edges to it that fail once the proposals for other steps are applied, and do not today.
    """

    after: tuple[str, ...]
    closing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    later_failures: tuple[Edge, ...] = ()


def proposals(judgement: Judgement) -> dict[str, Proposal]:
    """Return for each step the names that are not refuted, and the fewest others that explain all of its runs."""
    flow, search = judgement.flow, Search(judgement)
    failing: set[Pair] = set()
    if any(map(fails, flow.edges)):
        search.begin()
        for _ in range(_ROUNDS):
            search.solve()
            proposed_judgement = judge(search.draft.proposed_flow(), judgement.evidence)
            failing = {(edge.source, edge.target) for edge in proposed_judgement.flow.edges if fails(edge)}
            if not search.learn(proposed_judgement):
                break
    failing -= {(edge.source, edge.target) for edge in flow.edges if fails(edge)}
    return {step.name: _proposal(flow, search, step.name, failing) for step in flow.steps}


def _proposal(flow: Flow, search: Search, target: str, failing: Container[Pair]) -> Proposal:
    names, edges = search.draft.names(target), flow.edges_into(target)
    is_unmentioned = {*names} != {edge.source for edge in edges} and not any(map(fails, edges))
    later = [
        edge for source, edge in search.failing.get(target, {}).items() if is_unmentioned or (source, target) in failing
    ]
    return Proposal(names, _closing(search, target), tuple(later))


def _closing(search: Search, target: str) -> dict[str, tuple[str, ...]]:
    draft = search.draft
    sources = {context.parent for context in search.find_unexplained(target)}
    sources |= {source for source in search.missing.get(target, ()) if target not in draft.ahead(source)}
    if not sources:
        return {}
    ahead, declared_steps = draft.ahead(target), draft.declared_ahead(target)
    return {
        source: () if source in declared_steps else draft.proposing_steps(target, source)
        for source in draft.order
        if source in ahead & sources
    }
