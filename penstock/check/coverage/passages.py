"""What each test shows of a flow: the passages, which are beginnings of steps with the steps around and before them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.verdict.tally import Tally, is_current, reachable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from penstock.check.evidence import Evidence, Visit
    from penstock.check.verdict.tally import Pair
    from penstock.model import Edge, Flow

NOTHING: frozenset[str] = frozenset()


class Passage(NamedTuple):
    """A beginning of a step in the runs of some tests.

    Attributes:
        number: Its number among all passages.
        suite: The number of the tests, which all show the same passages.
        step: The step that began.
        parent: The nearest step around, or an empty string.
        done: The steps that had finished inside it before.
        ancestors: The steps around the parent.
        arrows: The declared predecessors that it shows, with the current code and without test doubles.
        masked: Those that it would show if tests had not replaced steps on the way, each with those steps.
        detours: Those with a condition that may not have held, each with the steps of other branches that came between.
    """

    number: int
    suite: int
    step: str
    parent: str
    done: frozenset[str]
    ancestors: frozenset[str]
    arrows: frozenset[str]
    masked: tuple[tuple[str, frozenset[str]], ...]
    detours: tuple[tuple[str, frozenset[str]], ...]


TestedPassage = tuple[Passage, frozenset[str]]
"""A passage of no suite yet, and the tests that show it."""


@dataclass(frozen=True)
class Passages:
    """The passages of all tests through one flow.

    Attributes:
        flow: The flow, with its declared edges.
        suites: The tests of each number, which show the same.
        passages: The passages.
    """

    flow: Flow
    suites: tuple[frozenset[str], ...]
    passages: tuple[Passage, ...]

    @cached_property
    def by_step(self) -> Mapping[str, list[Passage]]:
        """The passages of each step."""
        passages: dict[str, list[Passage]] = defaultdict(list)
        for passage in self.passages:
            passages[passage.step].append(passage)
        return passages

    @cached_property
    def _by_suite(self) -> Mapping[tuple[int, str], list[Passage]]:
        passages: dict[tuple[int, str], list[Passage]] = defaultdict(list)
        for passage in self.passages:
            passages[passage.suite, passage.step].append(passage)
        return passages

    def find_tests(self, passages: Iterable[Passage]) -> frozenset[str]:
        """Return the tests that show any of some passages."""
        return frozenset().union(*(self.suites[number] for number in {passage.suite for passage in passages}))

    def find_origins(self, passage: Passage, source: str) -> frozenset[int]:
        """Return the numbers of all passages of an earlier step that may be the one which this passage shows as finished, or around.

        The evidence does not tell the runs of a test apart. So these are the passages in the same tests that nothing
        rules out: only what holds for all of them holds for the run.
        """
        candidates = self._by_suite.get((passage.suite, source), [])
        return frozenset(candidate.number for candidate in candidates if self._may_precede(candidate, passage))

    def _may_precede(self, candidate: Passage, passage: Passage) -> bool:
        around = {*candidate.ancestors, candidate.parent} - {""}
        if candidate.step == passage.parent:
            return around == passage.ancestors
        if not passage.parent or {candidate.step, passage.step} & self._generators:
            return True  # a generator runs where it is consumed, whatever it says of the steps around
        finished = passage.done | {passage.step}
        return around >= {*passage.ancestors, passage.parent} and candidate.done <= finished

    @cached_property
    def _generators(self) -> set[str]:
        return {step.name for step in self.flow.steps if step.kind.endswith("generator")}


def read_visits(flow: Flow, evidence: Evidence) -> list[TestedPassage]:
    """Return what the evidence shows of a flow, with the tests of each passage."""
    reader = _VisitReader(flow)
    return [(reader.read(visit), tests) for visit, tests in evidence.of(flow.name).visits.items() if tests]


def find_passages(flow: Flow, visits: Sequence[TestedPassage]) -> Passages:
    """Return the passages of each test; tests that show the same are taken together."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, (_, tests) in enumerate(visits):
        for test in tests:
            numbers[test].add(number)
    suites: dict[frozenset[int], set[str]] = defaultdict(set)
    for test, shown in numbers.items():
        suites[frozenset(shown)].add(test)
    places = [(suite, number) for suite, shown in enumerate(suites) for number in sorted(shown)]
    passages = (visits[place][0]._replace(number=number, suite=suite) for number, (suite, place) in enumerate(places))
    return Passages(flow, tuple(map(frozenset, suites.values())), tuple(passages))


def find_tests_by_arrow(visits: Iterable[TestedPassage]) -> dict[Pair, frozenset[str]]:
    """Return the tests that took each edge; one that no test took is missing."""
    takers: dict[Pair, set[str]] = defaultdict(set)
    for passage, tests in visits:
        for source in passage.arrows:
            takers[source, passage.step] |= tests
    return {pair: frozenset(tests) for pair, tests in takers.items()}


class _VisitReader:
    """Reads visits of one flow."""

    def __init__(self, flow: Flow) -> None:
        self._sources = {step.name: step.source_hash for step in flow.steps}
        self._tally = Tally(descendants={step.name: reachable(flow, step.name) for step in flow.steps})
        self._before: dict[str, set[str]] = defaultdict(set)
        edges = [edge for edge in flow.edges if edge.origin == "declared"]
        for edge in edges:
            self._before[edge.target].add(edge.source)
        self._branches = {
            (edge.source, edge.target): self._find_other_branches(edge, edges) for edge in edges if edge.label
        }

    def read(self, visit: Visit) -> Passage:
        """Return the passage of a visit."""
        step, parent = visit.step.step, visit.parent.step if visit.parent else ""
        near = [*visit.done, *([visit.parent] if visit.parent else [])]
        known = step in self._sources and is_current(self._sources, visit.step)
        sources = {part.step for part in near if known and is_current(self._sources, part)} & self._before[step]
        names = self._masks(step, visit.replaced)
        met = {part.step for part in near}
        detours = {source: self._branches.get((source, step), NOTHING) & met for source in sources - {parent}}
        sources -= {source for source, steps in detours.items() if steps}
        return Passage(
            number=0,
            suite=0,
            step=step,
            parent=parent,
            done=frozenset(part.step for part in visit.done),
            ancestors=frozenset(part.step for part in visit.ancestors),
            arrows=frozenset() if names else frozenset(sources),
            masked=tuple((source, names) for source in sorted(sources)) if names else (),
            detours=tuple((source, steps) for source, steps in sorted(detours.items()) if steps),
        )

    def _find_other_branches(self, edge: Edge, edges: Iterable[Edge]) -> frozenset[str]:
        """Return the other steps right before an edge's end to which other conditions of its source lead.

        A run that has been there went another way, though it was at both ends of the edge in the right order.
        """
        branches = {
            other.target
            for other in edges
            if other.source == edge.source and other.target != edge.target and other.label not in ("", edge.label)
        }
        behind = branches.union(*(self._tally.descendants[name] for name in branches))
        return frozenset(behind & self._before[edge.target] - {edge.source})

    def _masks(self, step: str, replaced: Collection[str]) -> frozenset[str]:
        """Return the replaced steps that lead to a step; one that comes later, or elsewhere, hides nothing of it."""
        return frozenset(name for name in replaced if self._tally.leads(name, step))


def find_pairs(flow: Flow) -> list[tuple[Pair, Pair]]:
    """Return each pair of consecutive declared edges, in flow order."""
    arrows = [(edge.source, edge.target) for edge in flow.edges if edge.origin == "declared"]
    after: dict[str, list[Pair]] = defaultdict(list)
    for arrow in arrows:
        after[arrow[0]].append(arrow)
    return [(first, second) for first in arrows for second in after[first[1]]]
