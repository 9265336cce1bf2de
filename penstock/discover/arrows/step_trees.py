"""Reduces the shapes of runs to their steps: which steps ran inside which, and which had surely ended before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.discover.recording import Function, Recording


@dataclass(frozen=True, slots=True, eq=False)
class StepCall:
    """A call of a step, with the steps inside it; equal calls are one object.

    Attributes:
        step (str): The step's name.
        lazy (bool): Whether it is a generator.
        inside (tuple[Placed, ...]): The calls inside it.
        finished (frozenset[str]): The names of the step and of all steps inside it.
    """

    step: str
    lazy: bool
    inside: tuple[Placed, ...]
    finished: frozenset[str]


class Placed(NamedTuple):
    """A call of a step among those inside another.

    Attributes:
        call: The call.
        after: The positions of the calls that had surely ended when it began.
    """

    call: StepCall
    after: frozenset[int]


def build_trees(recording: Recording, names: Mapping[int, str]) -> list[tuple[Placed, ...]]:
    """Return for each shape the outermost calls of steps in it, itself included.

    Args:
        recording: The recording.
        names: The names of the steps, by the index of their functions.
    """
    trees: list[tuple[Placed, ...]] = []
    calls: dict[tuple[str, tuple[Placed, ...]], StepCall] = {}
    for shape in recording.shapes:
        inside = _join([(trees[child.shape], child.running) for child in shape.children])
        name = names.get(shape.function)
        if name is not None:
            call = calls.get((name, inside))
            if call is None:
                call = calls[name, inside] = _make_call(name, recording.functions[shape.function], inside)
            inside = (Placed(call, frozenset()),)
        trees.append(inside)
    return trees


def _make_call(name: str, function: Function, inside: tuple[Placed, ...]) -> StepCall:
    finished = frozenset({name}).union(*(placed.call.finished for placed in inside))
    return StepCall(name, function.kind.endswith("generator"), inside, finished)


def _join(children: Iterable[tuple[tuple[Placed, ...], tuple[int, ...]]]) -> tuple[Placed, ...]:
    """Return the calls in all children as one sequence, without those that add nothing to what earlier ones show."""
    placed: list[Placed] = []
    spans: list[frozenset[int]] = []
    known: dict[tuple[StepCall, frozenset[str]], int] = {}
    for calls, running in children:
        if not calls:  # most have no step inside
            spans.append(frozenset())
            continue
        if running:
            before = frozenset[int]().union(*(span for index, span in enumerate(spans) if index not in running))
        else:
            before = frozenset(range(len(placed)))
        positions: list[int] = []
        for call, after in calls:
            everything = before.union(positions[position] for position in after)
            finished = frozenset[str]().union(*(placed[position].call.finished for position in everything))
            position = known.setdefault((call, finished), len(placed))
            if position == len(placed):
                placed.append(Placed(call, everything))
            positions.append(position)
        spans.append(frozenset(positions))
    return tuple(placed)
