"""Reduces the shapes of runs to their steps: which steps ran inside which, and which had surely ended before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.discover.recording import Recording


@dataclass(frozen=True, slots=True, eq=False)
class StepCall:
    """A call of a step, with the steps inside it; equal calls are one object.

    Attributes:
        step (str): The step's name.
        lazy (bool): Whether it is a generator.
        inside (tuple[Placed, ...]): The calls inside it.
        early (frozenset[int]): The positions of those that had ended when it did, or when it showed its first item.
        finished (frozenset[str]): The names of the step, and of those that had ended then.
        everything (frozenset[str]): The names of the step and of all steps inside it.
    """

    step: str
    lazy: bool
    inside: tuple[Placed, ...]
    early: frozenset[int]
    finished: frozenset[str]
    everything: frozenset[str]


class Placed(NamedTuple):
    """A call of a step among those inside another.

    Attributes:
        call: The call.
        after: The positions of the calls that had surely ended when it began.
    """

    call: StepCall
    after: frozenset[int]


class StepTree(NamedTuple):
    """The outermost calls of steps in a shape.

    Attributes:
        calls: The calls.
        early: The positions of those that had ended when the shape did, or when a generator showed its first item.
    """

    calls: tuple[Placed, ...] = ()
    early: frozenset[int] = frozenset()


def build_trees(recording: Recording, names: Mapping[int, str]) -> list[StepTree]:
    """Return for each shape the outermost calls of steps in it, itself included.

    Args:
        recording: The recording.
        names: The names of the steps, by the index of their functions.
    """
    trees: list[StepTree] = []
    calls: dict[tuple[str, StepTree], StepCall] = {}
    for shape in recording.shapes:
        lazy = recording.functions[shape.function].kind.endswith("generator")
        head = shape.head if lazy else None
        tree = _join([(trees[child.shape], child.running) for child in shape.children], head)
        name = names.get(shape.function)
        if name is not None:
            call = calls.get((name, tree))
            if call is None:
                call = calls[name, tree] = _make_call(name, tree, lazy=lazy)
            tree = StepTree((Placed(call, frozenset()),), frozenset({0}))
        trees.append(tree)
    return trees


def _make_call(name: str, tree: StepTree, *, lazy: bool) -> StepCall:
    everything = frozenset({name}).union(*(placed.call.everything for placed in tree.calls))
    early = frozenset({name}).union(*(tree.calls[position].call.finished for position in tree.early))
    return StepCall(name, lazy, tree.calls, tree.early, early if lazy else everything, everything)


def _join(children: Iterable[tuple[StepTree, tuple[int, ...]]], head: int | None) -> StepTree:
    """Return the calls in all children as one sequence, without those that add nothing to what earlier ones show.

    Args:
        children: The children, each with the positions of those that ran when it began.
        head: How many of them began before the first item of a generator.
    """
    placed: list[Placed] = []
    spans: list[frozenset[int]] = []
    known: dict[tuple[StepCall, frozenset[str], frozenset[str]], int] = {}
    for tree, running in children:
        if not tree.calls:  # most have no step inside
            spans.append(frozenset())
            continue
        before = frozenset[int]().union(*(span for index, span in enumerate(spans) if index not in running))
        positions: list[int] = []
        for call, after in tree.calls:
            everything = before.union(positions[position] for position in after)
            ended = [placed[position].call for position in everything]
            finished = frozenset[str]().union(*(earlier.finished for earlier in ended))
            below = frozenset[str]().union(*(earlier.finished - {earlier.step} for earlier in ended))
            position = known.setdefault((call, finished, below), len(placed))
            if position == len(placed):
                placed.append(Placed(call, everything))
            positions.append(position)
        spans.append(frozenset(positions[position] for position in tree.early))
    if head is None:
        return StepTree(tuple(placed), frozenset(range(len(placed))))
    return StepTree(tuple(placed), frozenset[int]().union(*spans[:head]))
