"""What ``after=`` of each step should hold: the fewest names that explain every run, and no circle over all of them.

What is declared and not refuted stays. What is missing is found step by step, and then judged by the same evidence as
what was declared; where that shows anything new, it is taken into account, until following the proposals ends clean.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from penstock._graph import reachable
from penstock.check.covers import find_smallest_cover
from penstock.check.verdict import REFUTED, judge
from penstock.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.check.tally import Context
    from penstock.check.verdict import Judgement
    from penstock.model import Flow

    Groups = Mapping[str, list[frozenset[str]]]

_ROUNDS = 8
"""How often proposals are judged at most; each round adds to what they have to explain."""
_BITS = 24
"""Room for each criterion in a weight, so that no sum of a lesser one outweighs a greater one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What ``after=`` of a step should hold.

    Attributes:
        after: The names to write.
        closing: Steps that it was seen to run inside, though no name explains that without closing a circle: each with
            the steps whose proposals are part of the circle, or none where declared arrows make it.
    """

    after: tuple[str, ...]
    closing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def proposals(judgement: Judgement) -> dict[str, Proposal]:
    """Return for each step the names that are not refuted, and the fewest others that explain all of its runs."""
    search = _Search(judgement)
    if not any(_fails(edge) for edge in judgement.flow.edges):
        return search.proposals()
    search.learn(replace(judgement, missing=()))  # what explains the runs may show that the data is a step's own affair
    for _ in range(_ROUNDS):
        search.solve()
        if not search.learn(judge(search.proposed_flow(), judgement.evidence)):
            break
    return search.proposals()


def _fails(edge: Edge) -> bool:
    return edge.state in ("undeclared", *REFUTED)


class _Search:
    """Proposals for all steps of a flow, as far as they are found.

    Attributes:
        contexts: What has to be explained of each step.
        missing: Steps whose results reach each step, so that a path has to lead there.
        refuted: Declared names that go.
        kept: Declared names that stay.
        added: Names that are proposed besides.
        successors: The arrows of both.
        order: The place of each step in flow order.
        followers: How many steps began after each step had finished, where both were inside a third one.
    """

    def __init__(self, judgement: Judgement) -> None:
        self.flow, self.tally = judgement.flow, judgement.tally
        self.followers = Counter(source for source, _ in self.tally.before)  # the nearer, the fewer
        self.order = {step.name: index for index, step in enumerate(self.flow.steps)}
        self.contexts: dict[str, set[Context]] = defaultdict(set)
        self.missing: dict[str, set[str]] = defaultdict(set)
        self.refuted: set[tuple[str, str]] = set()
        self._restart()

    def learn(self, judgement: Judgement) -> bool:
        """Take in what a verdict shows; return whether any of it is new."""
        before = self._size()
        for target, contexts in judgement.tally.contexts.items():
            self.contexts[target] |= {each._replace(near=each.near.intersection(self.order)) for each in contexts}
        for source, target in judgement.missing:
            self.missing[target].add(source)
        self.refuted |= {(edge.source, edge.target) for edge in judgement.flow.edges if edge.state in REFUTED}
        return before != self._size()

    def _size(self) -> tuple[int, ...]:
        return sum(map(len, self.contexts.values())), sum(map(len, self.missing.values())), len(self.refuted)

    def _restart(self) -> None:
        self.kept: dict[str, dict[str, None]] = {name: {} for name in self.order}
        self.added: dict[str, set[str]] = {name: set() for name in self.order}
        self.successors: dict[str, list[str]] = {name: [] for name in self.order}
        for edge in self.flow.edges:
            if edge.origin == "declared" and (edge.source, edge.target) not in self.refuted:
                self.kept[edge.target][edge.source] = None
                self.successors[edge.source].append(edge.target)

    # Solving ----------------------------------------------------------------------------------------------------

    def solve(self) -> None:
        """Find names for all steps; one to which the names of others left none chooses earlier next time."""
        first: list[str] = []
        while True:
            self._restart()
            targets = [name for name in self.order if self.missing.get(name) or any(self._unexplained(name))]
            self._add_forced_names(targets)
            for target in sorted(targets, key=lambda name: name not in first):
                self._add_names(target)
            stuck = [name for name in targets if name not in first and self._is_stuck_by_others(name)]
            if not stuck or len(first) >= _ROUNDS:
                return
            first.append(stuck[0])

    def _is_stuck_by_others(self, target: str) -> bool:
        unexplained = list(self._unexplained(target))
        ahead = reachable(self._declared_successors(), [target]) if unexplained else set[str]()
        return any(not context.near <= ahead for context in unexplained)

    def _declared_successors(self) -> dict[str, list[str]]:
        return {
            source: [target for target in targets if source in self.kept[target]]
            for source, targets in self.successors.items()
        }

    def _unexplained(self, target: str) -> Iterator[Context]:
        names = self.kept[target].keys() | self.added[target]
        return (context for context in self.contexts.get(target, ()) if names.isdisjoint(context.near))

    def _groups(self, target: str) -> list[frozenset[str]]:
        """Return for each context that nothing explains yet the names that would, and close no circle."""
        unexplained = list(self._unexplained(target))
        allowed = self.order.keys() - reachable(self.successors, [target]) if unexplained else set[str]()
        return [group for context in unexplained if (group := context.near & allowed)]

    def _add_forced_names(self, targets: Iterable[str]) -> None:
        """Add the names without which a context stays unexplained, before the choice of others rules them out."""
        for _ in range(_ROUNDS):
            forced = [(target, group) for target in targets for group in self._groups(target) if len(group) == 1]
            for target, group in forced:
                if group.isdisjoint(reachable(self.successors, [target])):
                    self._add(target, group)
            if not forced:
                return

    def _add_names(self, target: str) -> None:
        self._add(target, self._cover(target, self._groups(target)))
        if lacking := self._lacking(target):
            self._take_back(target)
            singles = [frozenset([source]) for source in lacking]
            self._add(target, self._cover(target, [*self._groups(target), *singles]))

    def _lacking(self, target: str) -> list[str]:
        """Return the steps whose results reach a step, but from which no path leads there, and none may lead back."""
        ahead = reachable(self.successors, [target]) if self.missing.get(target) else set[str]()
        sources = sorted(self.missing.get(target, set()) - ahead, key=self.order.__getitem__)
        return [source for source in sources if target not in reachable(self.successors, [source])]

    def _cover(self, target: str, groups: list[frozenset[str]]) -> tuple[str, ...]:
        names = sorted({name for group in groups for name in group}, key=self.order.__getitem__)
        data = {call.source for call in self.tally.calls.get(target, ()) if call.kind == "data"}
        parents = {context.parent for context in self.contexts.get(target, ())}
        weights = {
            name: _weight(1, name not in data, name not in parents, self.followers[name], self.order[name])
            for name in names
        }
        return find_smallest_cover(groups, weights)

    def _add(self, target: str, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.added[target] and name not in self.kept[target]:
                self.added[target].add(name)
                self.successors[name].append(target)

    def _take_back(self, target: str) -> None:
        for name in self.added[target]:
            self.successors[name].remove(target)
        self.added[target] = set()

    # Results ----------------------------------------------------------------------------------------------------

    def proposed_flow(self) -> Flow:
        """Return the flow as it would be if all proposals were followed."""
        edges = [
            edge for edge in self.flow.edges if edge.origin == "declared" and edge.source in self.kept[edge.target]
        ]
        edges += [
            Edge(source=source, target=target)
            for target in self.order
            for source in sorted(self.added[target], key=self.order.__getitem__)
        ]
        return replace(self.flow, edges=tuple(edges))

    def proposals(self) -> dict[str, Proposal]:
        """Return what to write for each step."""
        return {
            name: Proposal(
                (*self.kept[name], *sorted(self.added[name], key=self.order.__getitem__)), self._closing(name)
            )
            for name in self.order
        }

    def _closing(self, target: str) -> dict[str, tuple[str, ...]]:
        inside = {context.parent for context in self._unexplained(target)}
        before = {
            source for source in self.missing.get(target, ()) if target not in reachable(self.successors, [source])
        }
        if not inside | before:
            return {}
        ahead, declared = (reachable(arrows, [target]) for arrows in (self.successors, self._declared_successors()))
        return {
            source: () if source in declared else self._involved(target, source)
            for source in self.order
            if source in ahead and source in inside | before
        }

    def _involved(self, start: str, end: str) -> tuple[str, ...]:
        """Return the steps whose proposals are part of the ways from one step to another."""
        ahead = reachable(self.successors, [start])
        return tuple(
            name
            for name in self.order
            if name in ahead and self.added[name] & ahead and end in reachable(self.successors, [name])
        )


def _weight(*criteria: int) -> int:
    """Return criteria, the greatest first, as one number that can be summed."""
    weight = 0
    for criterion in criteria:
        weight = weight << _BITS | criterion
    return weight
