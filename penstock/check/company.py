"""What the steps of one flow have in common that run in one run, and what a fact says of it.

A run that shows less than others must not take back what those show. So each fact says for itself what keeps it from
accusing: a context that was lost meanwhile, a generator that was made and not begun yet, no run around.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.frames import NOTHING, PLAIN, Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.frames import Frame, Key


MOST_SHOWN = 64
"""Outermost steps of a run whose facts are kept apart."""


class Move(NamedTuple):
    """A fact that has to be told in another way, because of what its run has shown since.

    Attributes:
        key: The fact as it was counted.
        replaced: What tests had replaced then; ``None`` where that was not known yet.
        other: The fact as it is.
        times: How often.
    """

    key: Key
    replaced: frozenset[str] | None
    other: Key
    times: int


class Shown:
    """The facts that one outermost step has shown so far, for generators that begin later in its run.

    Attributes:
        plain: Those whose replaced steps, if there are any, are not known yet.
        masked: Those that were seen while tests had replaced steps: which ones.
        has_ended: Whether the step has.
    """

    __slots__ = ("_counts", "has_ended", "masked", "plain")

    def __init__(self) -> None:
        self.has_ended = False
        self.plain: list[Key] = []
        self.masked: list[tuple[Key, frozenset[str]]] = []
        self._counts: dict[tuple[Key, frozenset[str] | None], int] = {}

    def fold(self) -> None:
        """Put equal facts together, so that they take no more room the longer the step runs."""
        plain, masked = self.plain[:], self.masked[:]
        del self.plain[: len(plain)], self.masked[: len(masked)]
        self._add(Counter((key, None) for key in plain))
        self._add(Counter(masked))

    def _add(self, counts: Mapping[tuple[Key, frozenset[str] | None], int]) -> None:
        for entry, count in counts.items():
            self._counts[entry] = self._counts.get(entry, 0) + count

    def absorb(self, others: Iterable[Shown]) -> None:
        """Take the facts of other steps, too."""
        self.fold()
        for other in others:
            other.fold()
            self._add(other._counts)

    def moves(self, generators: frozenset[str]) -> list[Move]:
        """Return the facts that did not know generators which begin now, and may have been handed on before."""
        self.fold()
        moves = [
            Move(key, replaced, other, count)
            for (key, replaced), count in self._counts.items()
            if (other := with_pending(key, generators)) is not key
        ]
        for key, replaced, other, count in moves:
            del self._counts[key, replaced]
            self._add({(other, replaced): count})
        return moves


class Company:
    """The steps of one flow in one run, or in none.

    Attributes:
        alone: Whether there is no run: a step was called by itself. What runs in it accuses nobody.
        foreign: Whether the run is one of another flow: what runs in it shows nothing of this one.
        is_run: Whether it is a run of the flow.
        is_plain: Whether nothing keeps its facts from accusing.
        finished: What has finished in the run so far.
        beside: The steps that have finished there with no step of the flow around.
        lost: The steps that began during the run where nothing tells whether they belong to it.
        generators: Those that began in the run with no step of the flow around.
        shown: What each outermost step has shown.
    """

    __slots__ = ("_most", "alone", "beside", "finished", "foreign", "generators", "is_plain", "is_run", "lost", "shown")

    def __init__(self, *, alone: bool = False, foreign: bool = False) -> None:
        self.alone = alone
        self.foreign = foreign
        self.is_run = not (alone or foreign)
        self.is_plain = not alone
        self.finished: set[str] = set()
        self.beside = NOTHING
        self.lost: frozenset[str] = NOTHING
        self.generators: frozenset[str] = NOTHING
        self.shown: list[Shown] = []
        self._most = MOST_SHOWN

    def finish(self, step: str, done: set[str], *, entrypoint: bool) -> None:
        """Take note of a step that has ended with no other around it, and of what ran inside."""
        self.finished.add(step)
        self.finished |= done
        if not entrypoint:
            self.beside |= {step}
            self.is_plain = False

    def show(self) -> Shown:
        """Return what takes the facts of one more outermost step."""
        if len(self.shown) >= self._most:
            ended = [shown for shown in self.shown if shown.has_ended]
            if ended:
                ended[0].absorb(ended[1:])
            self.shown = [*ended[:1], *(shown for shown in self.shown if not shown.has_ended)]
            self._most = max(MOST_SHOWN, 2 * len(self.shown))
        shown = Shown()
        self.shown.append(shown)
        return shown

    def lose(self, step: str) -> None:
        """Take note of a step that may belong to the run."""
        self.lost |= {step}
        self.is_plain = False

    def circumstances(self, *, begins: bool) -> Circumstances:
        """Return what keeps a fact from accusing that is counted now."""
        if self.is_plain and not begins:
            return PLAIN
        return Circumstances(self.lost, NOTHING, self.beside, begins, self.alone)


def with_pending(key: Key, generators: frozenset[str]) -> Key:
    """Return a fact that also says which generators it did not know, though they began in its run."""
    circumstances = key[6]
    pending = circumstances.pending | generators.difference(key[1:3], *key[3:6])
    if len(pending) == len(circumstances.pending):
        return key
    return (*key[:6], circumstances._replace(pending=pending))


def names_in(frame: Frame) -> frozenset[str]:
    """Return the steps of a flow that have begun so far in the run of one that is running."""
    root = frame.root or frame
    return frozenset({frame.step, root.step, *frame.ancestors, *root.done, *root.before[0]})
