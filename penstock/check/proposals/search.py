"""The search for the fewest names that explain the runs of all steps of a flow, together without a circle."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.proposals.draft import Draft
from penstock.check.proposals.minimum_cover import find_smallest_cover
from penstock.check.verdict.succession import is_only_missed
from penstock.check.verdict.tally import ObservedContext
from penstock.model.finding_kinds import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.verdict.judgement import Judgement
    from penstock.check.verdict.tally import Pair
    from penstock.model import Edge, Flow

_PASSES = 8
"""The maximum number of passes for forced names, as each may force others."""
_BITS = 24
"""Room for each criterion in a weight, so that no sum of a lesser one outweighs a greater one."""


def fails(edge: Edge) -> bool:
    """Return whether an edge fails the check."""
    return edge.state in ("undeclared", *REFUTED)


class Search:
    """The contexts to explain, and the edges that explain them as far as they are found.

    Args:
        judgement: The verdict on the flow as it is declared.

    Attributes:
        draft: The edges.
        missing: Steps whose results reach each step, so that a path has to lead from them to it.
        failing: The edges that fail once others are fixed, by target and source.
    """

    def __init__(self, judgement: Judgement) -> None:
        self._flow, self._tally = judgement.flow, judgement.tally
        # The nearer a step is, the fewer begin after it has finished.
        self._followers = Counter(source for source, _ in self._tally.any_order)
        self._contexts: dict[str, set[ObservedContext]] = defaultdict(set)
        self._missed = {(edge.source, edge.target) for edge in self._flow.edges if is_only_missed(self._flow, edge)}
        self._refuted: set[Pair] = set()
        self._weak = {(edge.source, edge.target): edge for edge in self._flow.edges if self._is_weak(edge)}
        self._unexplainable: set[Pair] = (
            set()
        )  # the step around, and one that ran there in a way that no name can explain
        self._hopeless: set[str] = set()
        self._targets: list[str] = []
        self.missing: dict[str, set[str]] = defaultdict(set)
        self.failing: dict[str, dict[str, Edge]] = defaultdict(dict)
        self._restart()

    def _is_weak(self, edge: Edge) -> bool:
        """Return whether an arrow leads to an entrypoint and shows nowhere, though both its ends run."""
        ran = {edge.source, edge.target} <= self._tally.steps_in_runs
        return ran and edge.state == "unexercised" and self._flow.step(edge.target).entrypoint

    def _restart(self) -> None:
        self.draft = Draft(self._flow, self._refuted, self._hopeless)
        self._order = self.draft.order

    # Contexts to explain ----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Collect the contexts that have to be explained in any case.

        Recursion and data may need no arrow as soon as others stand; whether they do is learnt from the next verdict.
        """
        for target, contexts in self._tally.contexts.items():
            self._note_contexts(target, (context for context in contexts if not context.nested))
        self._note_refuted(self._flow)

    def learn(self, judgement: Judgement) -> bool:
        """Collect new contexts from the verdict on the draft; return whether there are any."""
        before = self._size()
        for target, contexts in judgement.tally.contexts.items():
            self._note_contexts(target, (case for case in contexts if not self.draft.explains(target, case.sources)))
        for source, target in judgement.missing:
            self.missing[target].add(source)
        self._note_refuted(judgement.flow)
        for edge in filter(fails, judgement.flow.edges):
            self._note_failing(edge, f"{edge.note} This shows once other arrows of the flow are mended.")
        return before != self._size()

    def _note_contexts(self, target: str, contexts: Iterable[ObservedContext]) -> None:
        flow_contexts = (
            ObservedContext(context.parent, context.sources.intersection(self._order)) for context in contexts
        )
        self._contexts[target].update(flow_contexts)

    def _note_failing(self, edge: Edge, note: str) -> None:
        self.failing[edge.target].setdefault(edge.source, replace(edge, note=note))

    def _note_refuted(self, flow: Flow) -> None:
        refuted_pairs = {(edge.source, edge.target) for edge in flow.edges if edge.state in REFUTED}
        self._refuted |= refuted_pairs - self._missed  # a call that may come back keeps its arrow

    def _size(self) -> tuple[int, ...]:
        return sum(map(len, self._contexts.values())), sum(map(len, self.missing.values())), len(self._refuted)

    def find_unexplained(self, target: str) -> Iterator[ObservedContext]:
        """Yield the contexts of a step that no arrow of the draft explains."""
        return (
            context for context in self._contexts.get(target, ()) if not self.draft.explains(target, context.sources)
        )

    def _open(self, target: str) -> Iterator[ObservedContext]:
        """Yield those contexts that are not given up."""
        return (
            context for context in self.find_unexplained(target) if (context.parent, target) not in self._unexplainable
        )

    # Arrows -----------------------------------------------------------------------------------------------------

    def solve(self) -> None:
        """Find names for all steps; one to which the names of others left none chooses first, if that helps."""
        while True:
            self._choose_names()
            if stuck := [name for name in self._targets if any(self._open(name))]:
                cost = self._cost()
                self._choose_names(stuck[0])
                if self._cost() >= cost:
                    self._choose_names()
            if not self._give_up():
                return self._try_again()

    def _choose_names(self, first: str = "") -> None:
        self._restart()
        self._targets = [name for name in self._order if self.missing.get(name) or any(self.find_unexplained(name))]
        self._targets.sort(key=lambda name: name != first)
        while self._drop_weak_arrow(self._targets):
            self._restart()
        self._give_up_what_is_closed(self._targets)
        self._add_forced_names(self._targets)
        for target in self._targets:
            self._add_names(target)

    def _cost(self) -> tuple[int, int]:
        """Return the number of steps without names, and of their open contexts."""
        nameless = sum(not self.draft.names(name) for name in self._targets)
        return nameless, sum(len(list(self._open(name))) for name in self._targets)

    def _drop_weak_arrow(self, targets: Iterable[str]) -> bool:
        """Drop an unobserved edge to an entrypoint that rules out the observed ones; return whether there is one."""
        for target in targets:
            contexts = sorted(self._open(target), key=lambda context: (context.parent, sorted(context.sources)))
            for context, group in zip(contexts, self._find_allowed_names(target, contexts), strict=True):
                arrow = None if group else self.draft.arrow_back(target, context.parent, self._weak)
                if arrow is not None:
                    self._refuted.add(arrow)
                    edge = replace(self._weak.pop(arrow), state="never-seen")
                    self._note_failing(edge, f"The runs show that {arrow[0]} comes after {arrow[1]}.")
                    return True
        return False

    def _give_up_what_is_closed(self, targets: Iterable[str]) -> None:
        """Give up contexts that declared edges alone rule out."""
        for target in targets:
            contexts = list(self._open(target))
            groups = self._find_allowed_names(target, contexts)
            closed_contexts = (context for context, group in zip(contexts, groups, strict=True) if not group)
            self._unexplainable.update((context.parent, target) for context in closed_contexts)

    def _give_up(self) -> bool:
        """Give up contexts that the names of others rule out, so that useless names rule out no others in turn.

        Returns:
            Whether there is any.
        """
        lost_pairs = sorted((context.parent, name) for name in self._targets for context in self._open(name))[:1]
        hopeless = {name for name in self._order if self._is_hopeless(name)} - self._hopeless
        self._unexplainable.update(lost_pairs)
        self._hopeless |= hopeless
        return bool(lost_pairs or hopeless)

    def _is_hopeless(self, target: str) -> bool:
        """Return whether nothing can be written for a step; an entrypoint may have no names, if it needs none."""
        is_entrypoint = self._flow.step(target).entrypoint
        return not (self.draft.names(target) or (is_entrypoint and not any(self.find_unexplained(target))))

    def _try_again(self) -> None:
        """Explain contexts that were given up, where other names now allow it."""
        waiting = sorted(self._unexplainable)
        while waiting:
            parent, target = waiting.pop(0)
            contexts = [context for context in self.find_unexplained(target) if context.parent == parent]
            if contexts and all(self._find_allowed_names(target, contexts)):
                self._unexplainable.discard((parent, target))
                self.draft.take_back(target)
                self._add_names(target)
                self._hopeless.discard(target)
                self.draft.drop_refuted(target)
                waiting = sorted(self._unexplainable)

    def _groups(self, target: str) -> list[frozenset[str]]:
        """Return for each open context the names that would explain it, and close no circle."""
        return list(filter(None, self._find_allowed_names(target, self._open(target))))

    def _find_allowed_names(self, target: str, contexts: Iterable[ObservedContext]) -> list[frozenset[str]]:
        groups = [context.sources for context in contexts]
        ahead = self.draft.ahead(target) if groups else set[str]()
        return [group - ahead for group in groups]

    def _add_forced_names(self, targets: Iterable[str]) -> None:
        """Add the names without which a context stays unexplained, before the choice of others rules them out."""
        for _ in range(_PASSES):
            forced_groups = [(target, group) for target in targets for group in self._groups(target) if len(group) == 1]
            for target, group in forced_groups:
                if group.isdisjoint(self.draft.ahead(target)):
                    self.draft.add(target, group)
            if not forced_groups:
                return

    def _add_names(self, target: str) -> None:
        self.draft.add(target, self._cover(target, self._groups(target)))
        if lacking := self._lacking(target):
            self.draft.take_back(target)
            singles = [frozenset([source]) for source in lacking]
            self.draft.add(target, self._cover(target, [*self._groups(target), *singles]))

    def _lacking(self, target: str) -> list[str]:
        """Return the steps whose results reach a step, but from which no path leads there, and none may lead back."""
        ahead = self.draft.ahead(target) if self.missing.get(target) else set[str]()
        sources = sorted(self.missing.get(target, set()) - ahead, key=self._order.__getitem__)
        return [source for source in sources if target not in self.draft.ahead(source)]

    def _cover(self, target: str, groups: list[frozenset[str]]) -> tuple[str, ...]:
        """Return the fewest names; among equals, those that hand over data, then the nearest, then the first."""
        names = sorted({name for group in groups for name in group}, key=self._order.__getitem__)
        data = {call.source for call in self._tally.calls.get(target, ()) if call.kind == "data"}
        parents = {context.parent for context in self._contexts.get(target, ())}
        weights = {
            name: _weight(1, name not in data, name not in parents, self._followers[name], self._order[name])
            for name in names
        }
        return find_smallest_cover(groups, weights)


def _weight(*criteria: int) -> int:
    """Return criteria, the greatest first, as one number that can be summed."""
    weight = 0
    for criterion in criteria:
        weight = weight << _BITS | criterion
    return weight
