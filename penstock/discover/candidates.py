"""Lists the functions that may be entrypoints."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from penstock.discover.choice.runs import collect_below, members
from penstock.discover.choice.source import is_out_of_reach
from penstock.discover.proposal import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.discover.recording import Recording

_TRIGGERED = 4
"""How many times as good as others a function is that something from outside starts."""


def list_candidates(recording: Recording) -> list[Candidate]:
    """Return the functions that were called by no other one of the project, the likeliest entrypoints first.

    First come those that something outside starts, and that write; then those with the most functions below.
    """
    runs: Counter[int] = Counter()
    triggers: dict[int, Counter[str]] = defaultdict(Counter)
    below: dict[int, int] = defaultdict(int)
    inside = collect_below(recording)
    triggered = {root.shape for root in recording.roots if root.is_inside}
    for root, times in recording.roots.items():
        for index in _find_outermost(recording, root.shape):
            if index in triggered and not root.is_inside and index != root.shape:
                continue  # it is counted with its trigger
            function = recording.shapes[index].function
            runs[function] += times
            below[function] |= inside[index]
            if root.trigger:
                triggers[function][root.trigger] += times
    writes = collect_writes(recording)
    candidates = [
        Candidate(
            function=recording.functions[number],
            triggers=tuple(trigger for trigger, _ in triggers[number].most_common()),
            runs=times,
            below=len({*members(below[number])} - {number}),
            writes=_join_writes((number, *members(below[number])), writes),
        )
        for number, times in runs.items()
    ]
    return sorted(candidates, key=_weigh)


def _find_outermost(recording: Recording, start: int) -> Iterator[int]:
    """Yield the outermost shapes of functions that a decorator reaches: inside the wrappers of the project's decorators."""
    waiting, known = [start], {start}
    while waiting:
        shape = recording.shapes[index := waiting.pop()]
        if not is_out_of_reach(recording.functions[shape.function]):
            yield index
        else:
            new = {child.shape for child in shape.children} - known
            known |= new
            waiting += sorted(new, reverse=True)


def collect_writes(recording: Recording) -> Mapping[int, set[str]]:
    """Return what each function wrote outside, itself."""
    writes: dict[int, set[str]] = defaultdict(set)
    for shape in recording.shapes:
        if shape.writes:
            writes[shape.function].update(shape.writes)
    return writes


def _join_writes(functions: Iterable[int], writes: Mapping[int, set[str]]) -> tuple[str, ...]:
    return tuple(sorted({target for number in functions for target in writes.get(number, ())}))


def _weigh(candidate: Candidate) -> tuple[float, int, str]:
    size = (1 + candidate.below) * (_TRIGGERED if candidate.triggers else 1) * (2 if candidate.writes else 1)
    return -size, -candidate.runs, candidate.function.address
