"""The paths that no test takes: counted, and the shortest of them found, without walking through all paths.

A test takes a path if one of its runs shows each arrow with the step before being the one that the path came from. Many
paths lead to the same step with the same passages of tests; from there on, they need not be told apart. So the paths are
those of a deterministic automaton, with a step and the passages so far as its states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from penstock._util import graphs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.check.coverage.passages import Passages

MAX_EFFORT = 5_000_000
"""Maximum number of passages that are looked at on the way from states to states; beyond, paths are not counted."""

NO_PASSAGES: frozenset[int] = frozenset()


class _State(NamedTuple):
    """A step, and the numbers of the passages through it that tests took on some path from an entrypoint."""

    step: str
    passages: frozenset[int]


class _Rest(NamedTuple):
    """What is left from a state on: the number of paths that no test takes, and the arrows of the shortest."""

    paths: int
    length: int


@dataclass(frozen=True)
class UntestedPaths:
    """The paths through a flow that no test takes.

    Attributes:
        total: The number of all paths.
        count: The number of those that no test takes; ``None`` if the tests are too different to count it.
    """

    total: int
    count: int | None
    _starts: tuple[_State, ...] = field(default=(), repr=False)
    _next: Mapping[_State, list[_State]] = field(default_factory=dict, repr=False)
    _rests: Mapping[_State, _Rest] = field(default_factory=dict, repr=False)

    def find_shortest(self) -> Iterator[tuple[str, ...]]:
        """Yield the paths that no test takes, the shortest first, one at a time."""
        queue: list[tuple[int, int, tuple[_State, ...]]] = []
        serial = 0  # equally long ones in flow order
        for start in self._starts:
            if self._rests[start].paths:
                heappush(queue, (self._rests[start].length, serial, (start,)))
                serial += 1
        while queue:
            _, _, path = heappop(queue)
            following = self._next[path[-1]]
            if not following:
                yield tuple(state.step for state in path)
            for state in following:
                if self._rests[state].paths:
                    heappush(queue, (len(path) + self._rests[state].length, serial, (*path, state)))
                    serial += 1


def find_untested_paths(passages: Passages) -> UntestedPaths:
    """Return the paths through a flow that no test takes."""
    flow = passages.flow
    acyclic = graphs.without_cycles(flow.successors)
    order = graphs.topological(acyclic)
    starts = tuple(
        _State(step.name, frozenset(passage.number for passage in passages.by_step.get(step.name, ())))
        for step in flow.entrypoints
    )
    following = _find_states(passages, acyclic, order, starts)
    if following is None:
        return UntestedPaths(flow.path_count, None)
    rests: dict[_State, _Rest] = {}
    for state in reversed(following):  # in the order of the steps
        rests[state] = _sum_rests([rests[after] for after in following[state]], is_taken=bool(state.passages))
    count = sum(rests[start].paths for start in starts)
    return UntestedPaths(flow.path_count, count, starts, following, rests)


def _sum_rests(rests: list[_Rest], *, is_taken: bool) -> _Rest:
    if not rests:
        return _Rest(0 if is_taken else 1, 0)
    lengths = [rest.length + 1 for rest in rests if rest.paths]
    return _Rest(sum(rest.paths for rest in rests), min(lengths, default=0))


def _find_states(
    passages: Passages, acyclic: Mapping[str, list[str]], order: list[str], starts: tuple[_State, ...]
) -> dict[_State, list[_State]] | None:
    """Return the states that follow each state, in the order of the steps; ``None`` if there are too many."""
    waiting: dict[str, dict[_State, None]] = {step: {} for step in order}
    for start in starts:
        waiting[start.step][start] = None
    following: dict[_State, list[_State]] = {}
    effort = 0
    for step in order:
        ways = [(target, _find_ways(passages, step, target)) for target in acyclic[step]]
        effort += len(waiting[step]) * sum(1 + len(way) for _, way in ways)
        if effort > MAX_EFFORT:
            return None
        for state in waiting[step]:
            following[state] = [_State(target, _go_on(state.passages, way)) for target, way in ways]
            for after in following[state]:
                waiting[after.step][after] = None
    return following


def _find_ways(passages: Passages, source: str, target: str) -> list[tuple[int, frozenset[int]]]:
    """Return the passages that show an arrow, each with those of its source that may have come before."""
    return [
        (passage.number, passages.find_origins(passage, source))
        for passage in passages.by_step.get(target, ())
        if source in passage.arrows
    ]


def _go_on(taken: frozenset[int], ways: list[tuple[int, frozenset[int]]]) -> frozenset[int]:
    """Return the passages that follow others on a path for certain."""
    if not taken:
        return NO_PASSAGES
    return frozenset(number for number, origins in ways if origins and origins <= taken)
