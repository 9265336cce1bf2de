"""What the runs of a scenario were really like, told by other means than the check's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lab.source import Pair, Source
    from penstock.observers import StepEvent


class Start(NamedTuple):
    """That a step began: inside which one, after which one had ended last there, and after which at all."""

    step: str
    around: str
    last: str
    ended: frozenset[str]


@dataclass
class Oracle:
    """An observer that takes down every start of a step."""

    starts: list[Start] = field(default_factory=list)
    _ended: dict[int, list[str]] = field(default_factory=dict)
    _alive: list[StepEvent] = field(default_factory=list)

    def __call__(self, event: StepEvent) -> _Finish:
        """Take down that a step begins."""
        self._alive.append(event)  # or its identity would be given away again
        around = event.parent
        while around is not None and around.step == event.step:
            around = around.parent
        if around is not None:
            ended = self._ended.get(id(around), [])
            self.starts.append(Start(event.step, around.step, ended[-1] if ended else "", frozenset(ended)))
        return _Finish(self, event)

    def end(self, event: StepEvent) -> None:
        """Take down that a step has ended, for all around it."""
        around = event.parent
        while around is not None:
            self._ended.setdefault(id(around), []).append(event.step)
            around = around.parent


class _Finish(NamedTuple):
    oracle: Oracle
    event: StepEvent

    def __call__(self, _: BaseException | None) -> None:
        self.oracle.end(self.event)

    def suspend(self) -> None:
        """A generator counts as ended from its first item on."""
        self.oracle.end(self.event)


def is_true_too(starts: list[Start], mutated: Source, was: Pair, now: Pair) -> bool:
    """Tell whether an arrow is as true of the runs as the one that it has replaced.

    It never is if the arrows now run in a circle. It is if, each time that the old source explains the target, the new source

    - had called the target, and no arrow shows an order of what it calls, or
    - was the very last step to end before the target, and arrows still lead from the old source to it.
    """
    begun = [each for each in starts if each.step == was[1]]
    explained = [each for each in begun if was[0] in (each.around, *each.ended)] or begun
    called = all(now[0] == each.around for each in explained) and not _shows_order(starts, mutated, now[0])
    last = all(now[0] == each.last for each in explained) and was[1] in mutated.successors(was[0])
    circle = now[0] in mutated.successors(now[1])
    return bool(explained) and not circle and (called or last)


def _shows_order(starts: list[Start], mutated: Source, around: str) -> bool:
    inside = {each.step for each in starts if each.around == around}
    return any(set(edge) <= inside for edge in mutated.edges)


def says_nothing_of(source: Source, first: str, second: str) -> bool:
    """Tell whether the declarations leave the order of two steps open."""
    return second not in source.successors(first) and first not in source.successors(second)
