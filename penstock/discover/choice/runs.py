"""The runs of an entrypoint in a recording: which functions ran in them, how often, and called by which.

All counts go once through the shapes, so a million equal calls take no longer than one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.discover.recording import Recording


class Touched(NamedTuple):
    """What a function touched outside, itself.

    Attributes:
        writes: What it wrote.
        reads: What it read.
    """

    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()


class Runs:
    """The runs of a function as an entrypoint: its calls that are not inside another one of it.

    Args:
        recording: The recording.
        entrypoints: The indices of the functions that begin the runs.

    Attributes:
        recording: The recording.
        entrypoints: The indices of the functions that begin the runs.
        starts: How many runs began as each shape.
        calls: How often each shape was called inside the runs, the beginnings included.
    """

    def __init__(self, recording: Recording, entrypoints: frozenset[int]) -> None:
        self.recording = recording
        self.entrypoints = entrypoints
        self.starts = _count_starts(recording, entrypoints)
        self.calls = _count_calls(recording, self.starts)

    @cached_property
    def number(self) -> int:
        """How many runs there were."""
        return sum(self.starts.values())

    @cached_property
    def functions(self) -> Counter[int]:
        """How often each function was called in the runs, without the beginnings."""
        counts: Counter[int] = Counter()
        for shape, times in self.calls.items():
            counts[self.recording.shapes[shape].function] += times
        for shape, times in self.starts.items():
            counts[self.recording.shapes[shape].function] -= times
        return +counts

    @cached_property
    def present(self) -> Counter[int]:
        """In how many of the runs each function was called."""
        counts: Counter[int] = Counter()
        for shape, times in self.starts.items():
            for function in members(self.below[shape]):
                counts[function] += times
        return counts

    @cached_property
    def below(self) -> list[int]:
        """The functions that ran inside each shape, itself excluded, as the bits of a number."""
        return collect_below(self.recording)

    @cached_property
    def callers(self) -> Mapping[int, Counter[int]]:
        """How often each function was called by which."""
        callers: dict[int, Counter[int]] = defaultdict(Counter)
        shapes = self.recording.shapes
        for shape, times in self.calls.items():
            for child in shapes[shape].children:
                callers[shapes[child.shape].function][shapes[shape].function] += times * child.times
        return callers

    @cached_property
    def callees(self) -> Mapping[int, set[int]]:
        """The functions that each function called."""
        callees: dict[int, set[int]] = defaultdict(set)
        for function, callers in self.callers.items():
            for caller in callers:
                callees[caller].add(function)
        return callees

    @cached_property
    def depths(self) -> dict[int, int]:
        """The least number of calls that lead from a beginning to each function."""
        depths, waiting = dict.fromkeys(self.entrypoints, 0), sorted(self.entrypoints)
        for function in waiting:
            new = sorted(self.callees.get(function, set()) - depths.keys())
            depths.update(dict.fromkeys(new, depths[function] + 1))
            waiting += new
        return depths

    @cached_property
    def functions_below(self) -> Mapping[int, int]:
        """The functions that ran inside each function of the runs, as the bits of a number."""
        below: dict[int, int] = dict.fromkeys(self.entrypoints, 0)
        for shape in self.calls:
            function = self.recording.shapes[shape].function
            below[function] = below.get(function, 0) | self.below[shape]
        return below

    @cached_property
    def touches(self) -> Mapping[int, Touched]:
        """What each function touched outside in the runs, itself; those that touched nothing are missing."""
        touches: dict[int, Touched] = {}
        for index in self.calls:
            shape = self.recording.shapes[index]
            if shape.writes or shape.reads:
                writes, reads = touches.get(shape.function, Touched())
                touches[shape.function] = Touched(writes.union(shape.writes), reads.union(shape.reads))
        return touches


def members(bits: int) -> Iterator[int]:
    """Yield the positions of the bits that are set."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def collect_below(recording: Recording) -> list[int]:
    """Return for each shape the functions that ran inside it, itself excluded, as the bits of a number."""
    below: list[int] = []
    for shape in recording.shapes:
        bits = 0
        for child in shape.children:
            bits |= below[child.shape] | 1 << recording.shapes[child.shape].function
        below.append(bits)
    return below


def _count_starts(recording: Recording, entrypoints: frozenset[int]) -> Counter[int]:
    """Return how often each shape was the outermost call of an entrypoint."""
    outside: Counter[int] = Counter()
    triggered: Counter[int] = Counter()
    for root, times in recording.roots.items():
        (triggered if root.is_inside else outside)[root.shape] += times
    starts: Counter[int] = Counter()
    for index in range(len(recording.shapes) - 1, -1, -1):
        shape = recording.shapes[index]
        times = max(outside[index], triggered[index])  # what is around a triggered call may be kept without it
        if not times:
            continue
        if shape.function in entrypoints:
            starts[index] = times
            continue
        for child in shape.children:
            outside[child.shape] += times * child.times
    return starts


def _count_calls(recording: Recording, starts: Counter[int]) -> dict[int, int]:
    calls = Counter(starts)
    for index in range(len(recording.shapes) - 1, -1, -1):
        if times := calls[index]:
            for child in recording.shapes[index].children:
                calls[child.shape] += times * child.times
    return {index: times for index, times in sorted(calls.items()) if times}
