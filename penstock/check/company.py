"""What the steps of one flow have in common that run in one run, and what a fact says of it.

A run that shows less than others must not take back what those show. So each fact says for itself what keeps it from
accusing: a context that was lost meanwhile, a generator that was made and not begun yet, no run around.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.frames import NOTHING, PLAIN, Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.frames import Frame, Key

MOST_ENTRIES = 1024
"""Facts of one outermost step that are kept one by one, before equal ones are put together."""


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
    """The facts that one outermost step has shown so far, for generators that begin later in its run."""

    __slots__ = ("_entries", "_limit")

    def __init__(self) -> None:
        self._entries: list[tuple[Key, frozenset[str] | None, int]] = []
        self._limit = MOST_ENTRIES

    def add(self, key: Key, replaced: frozenset[str] | None) -> None:
        """Take note of a fact that is counted."""
        entries = self._entries
        entries.append((key, replaced, 1))
        if len(entries) > self._limit:
            self._fold()

    def _fold(self) -> None:
        taken = self._entries[:]
        counts: Counter[tuple[Key, frozenset[str] | None]] = Counter()
        for key, replaced, count in taken:
            counts[key, replaced] += count
        self._entries[: len(taken)] = [(*entry, count) for entry, count in counts.items()]
        self._limit = max(MOST_ENTRIES, 2 * len(counts))

    def moves(self, generators: frozenset[str]) -> Iterator[Move]:
        """Yield the facts that did not know generators which begin now, and may have been handed on before."""
        for index, (key, replaced, count) in enumerate(self._entries[:]):
            if (other := with_pending(key, generators)) is not key:
                self._entries[index] = other, replaced, count
                yield Move(key, replaced, other, count)


class Company:
    """The steps of one flow in one run, or in none.

    Attributes:
        alone: Whether there is no run: a step was called by itself. What runs in it accuses nobody.
        foreign: Whether the run is one of another flow: what runs in it shows nothing of this one.
        finished: What has finished in the run so far.
        beside: The steps that have finished there with no step of the flow around.
        lost: The steps that began during the run where nothing tells whether they belong to it.
        generators: Those that began in the run with no step of the flow around.
        shown: What each outermost step has shown.
    """

    __slots__ = ("alone", "beside", "finished", "foreign", "generators", "lost", "shown")

    def __init__(self, *, alone: bool = False, foreign: bool = False) -> None:
        self.alone = alone
        self.foreign = foreign
        self.finished: set[str] = set()
        self.beside = NOTHING
        self.lost: frozenset[str] = NOTHING
        self.generators: frozenset[str] = NOTHING
        self.shown: list[Shown] = []

    def finish(self, step: str, done: set[str], *, entrypoint: bool) -> None:
        """Take note of a step that has ended with no other around it, and of what ran inside."""
        self.finished.add(step)
        self.finished |= done
        if not entrypoint:
            self.beside |= {step}

    @property
    def is_run(self) -> bool:
        """Whether it is a run of the flow."""
        return not (self.alone or self.foreign)

    def circumstances(self, *, begins: bool) -> Circumstances:
        """Return what keeps a fact from accusing that is counted now."""
        if not (begins or self.alone or self.lost or self.beside):
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
