"""The coverage of a flow, counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.coverage.passages import find_pairs, find_passages, find_tests_by_arrow, read_visits
from penstock.check.coverage.paths import find_untested_paths
from penstock.check.verdict.counting import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.check.coverage.passages import Passages, TestedPassage
    from penstock.check.evidence import Evidence
    from penstock.check.verdict.tally import Pair
    from penstock.model import Edge, Flow


class ArrowCoverage(NamedTuple):
    """How one declared edge is covered.

    Attributes:
        edge: The edge.
        file: The file of its declaration, or an empty string.
        line: The line, or 0.
        hits: How often runs took it, in tests or not.
        tests: The tests that took it.
        masks: The steps that tests had replaced whenever they took it, if it was taken only so.
        detours: The steps of other branches through which tests came instead, if they were at both ends only so.
    """

    edge: Edge
    file: str
    line: int
    hits: int
    tests: frozenset[str]
    masks: tuple[str, ...]
    detours: tuple[str, ...]


class PairCoverage(NamedTuple):
    """How a pair of consecutive edges is covered: its three steps, and the tests in which one run took both."""

    steps: tuple[str, str, str]
    tests: frozenset[str]


class Share(NamedTuple):
    """How many of some things the tests take; ``None`` if that was not counted."""

    covered: int | None
    total: int

    @property
    def percent(self) -> float | None:
        """The share in percent, rounded down to one decimal place, so that 100 means all; ``None`` if unknown."""
        if self.covered is None:
            return None
        return 100.0 if self.covered == self.total else self.covered * 1000 // self.total / 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCoverage:
    """How a flow is covered.

    Attributes:
        flow: The flow.
        arrows: Each declared edge.
        pairs: Each pair of consecutive declared edges.
        paths: The paths from an entrypoint to an end.
        untested_paths: The shortest paths that no test takes.
        tests: The tests that ran a step of the flow.
    """

    flow: Flow
    arrows: tuple[ArrowCoverage, ...]
    pairs: tuple[PairCoverage, ...]
    paths: Share
    untested_paths: tuple[tuple[str, ...], ...]
    tests: frozenset[str]

    @property
    def shares(self) -> dict[str, Share]:
        """The shares by what they count."""
        labelled = [bool(arrow.tests) for arrow in self.arrows if arrow.edge.label]
        return {
            "arrows": _share([bool(arrow.tests) for arrow in self.arrows]),
            "labels": _share(labelled),
            "pairs": _share([bool(pair.tests) for pair in self.pairs]),
            "paths": self.paths,
        }


def _share(taken: list[bool]) -> Share:
    return Share(sum(taken), len(taken))


def cover(flow: Flow, evidence: Evidence, max_paths: int) -> FlowCoverage:
    """Return the coverage of a flow.

    Args:
        flow: The flow.
        evidence: The evidence.
        max_paths: The number of untested paths to list.
    """
    visits = read_visits(flow, evidence)
    passages = find_passages(flow, visits)
    untested = find_untested_paths(passages)
    return FlowCoverage(
        flow=flow,
        arrows=tuple(_cover_arrows(flow, visits, evidence)),
        pairs=tuple(_cover_pair(pair, passages) for pair in find_pairs(flow)),
        paths=Share(None if untested.count is None else untested.total - untested.count, untested.total),
        untested_paths=tuple(islice(untested.find_shortest(), max_paths)),
        tests=frozenset().union(*passages.suites),
    )


def _cover_arrows(flow: Flow, visits: Sequence[TestedPassage], evidence: Evidence) -> list[ArrowCoverage]:
    tests, tally = find_tests_by_arrow(visits), count(flow, evidence)
    masks = _collect((passage.step, passage.masked) for passage, _ in visits)
    detours = _collect((passage.step, passage.detours) for passage, _ in visits)
    rows: list[ArrowCoverage] = []
    for edge in flow.edges:
        pair, step = (edge.source, edge.target), flow.step(edge.target)
        if edge.origin == "declared":
            hits, names = tally.call[pair] + tally.order[pair], tests.get(pair, frozenset())
            reasons = ((), ()) if names else (masks.get(pair, ()), detours.get(pair, ()))
            rows.append(ArrowCoverage(edge, step.file, step.line, hits, names, *reasons))
    return rows


def _collect(rows: Iterable[tuple[str, Iterable[tuple[str, frozenset[str]]]]]) -> dict[Pair, tuple[str, ...]]:
    """Return the steps that keep each edge from being taken, sorted."""
    names: dict[Pair, set[str]] = {}
    for target, reasons in rows:
        for source, steps in reasons:
            names.setdefault((source, target), set()).update(steps)
    return {pair: tuple(sorted(steps)) for pair, steps in names.items()}


def _cover_pair(pair: tuple[Pair, Pair], passages: Passages) -> PairCoverage:
    (first, second), (_, third) = pair
    takers = []
    for passage in passages.by_step.get(third, ()):
        if second in passage.arrows:
            origins = passages.find_origins(passage, second)
            if origins and all(first in passages.passages[number].arrows for number in origins):
                takers.append(passage)
    return PairCoverage((first, second, third), passages.find_tests(takers))
