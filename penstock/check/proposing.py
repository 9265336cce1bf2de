"""What ``after=`` of each step should hold: never so that arrows would run in a circle, which no flow may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock._graph import reachable
from penstock.check.verdict import REFUTED

if TYPE_CHECKING:
    from penstock.check.verdict import Judgement
    from penstock.model import Edge, Flow


@dataclass(frozen=True, slots=True)
class Proposal:
    """What ``after=`` of a step should hold.

    Attributes:
        after: The names to write.
        closing: Steps that it was seen to run after, too, but to which it leads already.
    """

    after: tuple[str, ...]
    closing: tuple[str, ...] = ()


def proposals(judgement: Judgement) -> dict[str, Proposal]:
    """Return for each step what is not refuted, and what was seen instead."""
    steps = [step.name for step in judgement.flow.steps]
    kept = {name: _kept(judgement.flow, name) for name in steps}
    successors: dict[str, list[str]] = {name: [] for name in steps}
    for target, sources in kept.items():
        for source in sources:
            successors[source].append(target)
    return {name: _proposal(judgement, name, kept[name], successors) for name in steps}


def _proposal(judgement: Judgement, target: str, kept: list[str], successors: dict[str, list[str]]) -> Proposal:
    """Return the proposal for a step, and add its new arrows to the successors."""
    new = [edge.source for edge in judgement.flow.edges_into(target) if edge.origin == "seen"]
    ahead = reachable(successors, [target])
    closing = [source for source in new if source in ahead and source not in kept]
    better = [source for source in _handing(judgement, target, new) if source not in kept and source not in ahead]
    chosen = better if better and not set(new) & set(kept) else [source for source in new if source not in closing]
    for source in chosen:
        successors[source].append(target)
    return Proposal(tuple(dict.fromkeys((*kept, *chosen))), tuple(closing) if chosen is not better else ())


def _handing(judgement: Judgement, target: str, new: list[str]) -> list[str]:
    """Return the steps which hand the step something, if they went before it in each run that needs a reason."""
    before, undeclared = judgement.tally.before, judgement.tally.undeclared
    runs = max(sum(undeclared[source, target] for source in new), 1)
    handing = [call.source for call in judgement.tally.calls.get(target, ()) if call.kind == "data"]
    return [source for source in handing if before[source, target] >= runs]


def _kept(flow: Flow, target: str) -> list[str]:
    return [edge.source for edge in flow.edges_into(target) if _holds(edge)]


def _holds(edge: Edge) -> bool:
    return edge.origin == "declared" and edge.state not in REFUTED
