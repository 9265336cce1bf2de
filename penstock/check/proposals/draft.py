"""The edges of a flow with proposals applied: those that stay, and those that are added."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._util.graphs import reachable
from penstock.model import Edge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from penstock.check.verdict.tally import Pair
    from penstock.model import Flow


class Draft:
    """The edges of a flow with proposals applied.

    Args:
        flow: The flow as it is.
        refuted: The declared arrows that go.
        hopeless: Steps without a possible proposal, whose declared edges all stay for now.

    Attributes:
        order: The place of each step in flow order.
        successors: The steps that follow each step.
    """

    def __init__(self, flow: Flow, refuted: Collection[Pair], hopeless: Collection[str]) -> None:
        self.order = {step.name: index for index, step in enumerate(flow.steps)}
        self.successors: dict[str, list[str]] = {name: [] for name in self.order}
        self._flow, self._refuted = flow, refuted
        self._declared: dict[str, dict[str, None]] = {name: {} for name in self.order}
        self._added: dict[str, set[str]] = {name: set() for name in self.order}
        for edge in flow.edges:
            stays = edge.target in hopeless or (edge.source, edge.target) not in refuted
            if edge.origin == "declared" and stays:
                self._declared[edge.target][edge.source] = None
                self.successors[edge.source].append(edge.target)

    def ahead(self, target: str) -> set[str]:
        """Return the steps that arrows lead to from one, itself included: an arrow from any of them would close a circle."""
        return reachable(self.successors, [target])

    def declared_ahead(self, target: str) -> set[str]:
        """Return the same, following declared edges only."""
        declared_edges = {
            source: [target for target in targets if source in self._declared[target]]
            for source, targets in self.successors.items()
        }
        return reachable(declared_edges, [target])

    def arrow_back(self, target: str, end: str, weak: Collection[Pair]) -> Pair | None:
        """Return one of these arrows on the ways from one step to another, the last of a way first."""
        ahead = self.ahead(target)
        arrows = sorted(weak, key=lambda arrow: (arrow[1] != end, self.order[arrow[0]], self.order[arrow[1]]))
        ways = (arrow for arrow in arrows if arrow[0] in ahead and arrow[0] in self._declared[arrow[1]])
        return next((arrow for arrow in ways if end in self.ahead(arrow[1])), None)

    def explains(self, target: str, near: frozenset[str]) -> bool:
        """Return whether an arrow leads to a step from any of these."""
        return not (near.isdisjoint(self._declared[target]) and near.isdisjoint(self._added[target]))

    def names(self, target: str) -> tuple[str, ...]:
        """Return the names to write for a step; none where nothing explains any of its runs."""
        return (*(name for name in self._declared[target] if (name, target) not in self._refuted), *self._new(target))

    def _new(self, target: str) -> list[str]:
        return sorted(self._added[target], key=self.order.__getitem__)

    def add(self, target: str, names: Iterable[str]) -> None:
        """Add arrows to a step."""
        for name in names:
            if name not in self._added[target] and name not in self._declared[target]:
                self._added[target].add(name)
                self.successors[name].append(target)

    def take_back(self, target: str) -> None:
        """Remove the edges that were added for a step."""
        for name in self._added[target]:
            self.successors[name].remove(target)
        self._added[target] = set()

    def drop_refuted(self, target: str) -> None:
        """Remove the refuted arrows of a step that was hopeless."""
        for source in [name for name in self._declared[target] if (name, target) in self._refuted]:
            del self._declared[target][source]
            self.successors[source] = [name for name in self.successors[source] if name != target]

    def proposed_flow(self) -> Flow:
        """Return the flow with the proposals applied."""
        declared_edges = (edge for edge in self._flow.edges if edge.origin == "declared")
        kept_edges = (edge for edge in declared_edges if edge.source in self._declared[edge.target])
        new = (Edge(source=source, target=target) for target in self.order for source in self._new(target))
        return replace(self._flow, edges=(*kept_edges, *new))

    def proposing_steps(self, start: str, end: str) -> tuple[str, ...]:
        """Return the steps whose new arrows are part of the ways from one step to another."""
        ahead = self.ahead(start)
        return tuple(
            name for name in self.order if name in ahead and self._added[name] & ahead and end in self.ahead(name)
        )
