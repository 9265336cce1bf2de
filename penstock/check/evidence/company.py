"""State shared by the steps of one flow in one run, and the circumstances it adds to a fact.

A run that shows less than others must not refute what those show. So each fact carries the reasons that keep it from
counting against an edge: a context lost meanwhile, a generator created but not started, no enclosing run.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.evidence.circumstances import NOTHING, PLAIN, Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from penstock.check.evidence.circumstances import Key


MOST_SHOWN = 64
"""Outermost steps of a run whose facts are kept apart."""


class Move(NamedTuple):
    """A fact that must be recounted under another key, because of later events in its run.

    Attributes:
        key: The fact as it was counted.
        replaced: The steps that tests had replaced then; ``None`` where not known yet.
        new: The fact as it is now.
        times: How often.
    """

    key: Key
    replaced: frozenset[str] | None
    new: Key
    times: int


class RootFacts:
    """The facts that one outermost step has shown so far, for generators that begin later in its run.

    Attributes:
        plain: Those whose replaced steps, if there are any, are not known yet.
        masked: Those observed while tests had replaced steps, with those steps.
        has_ended: Whether the step has ended.
    """

    __slots__ = ("_counts", "has_ended", "masked", "plain")

    def __init__(self) -> None:
        self.has_ended = False
        self.plain: list[Key] = []
        self.masked: list[tuple[Key, frozenset[str]]] = []
        self._counts: dict[tuple[Key, frozenset[str] | None], int] = {}

    def fold(self) -> None:
        """Combine equal facts, so that memory does not grow with the duration of the step."""
        plain, masked = self.plain[:], self.masked[:]
        del self.plain[: len(plain)], self.masked[: len(masked)]
        self._add({(key, None): count for key, count in Counter(plain).items()})
        self._add(Counter(masked))

    def _add(self, counts: Mapping[tuple[Key, frozenset[str] | None], int]) -> None:
        for entry, count in counts.items():
            self._counts[entry] = self._counts.get(entry, 0) + count

    def absorb(self, others: Iterable[RootFacts]) -> None:
        """Add the facts of other steps."""
        self.fold()
        for facts in others:
            facts.fold()
            self._add(facts._counts)

    def moves(self, generators: frozenset[str]) -> list[Move]:
        """Move the facts counted without these generators, which may have been passed on before; return the moves."""
        self.fold()
        moves = [
            Move(key, replaced, new_key, count)
            for (key, replaced), count in self._counts.items()
            if (new_key := with_pending(key, generators)) is not key
        ]
        for key, replaced, new_key, count in moves:
            del self._counts[key, replaced]
            self._add({(new_key, replaced): count})
        return moves


class Company:
    """The state shared by the steps of one flow in one run, or outside any run.

    Attributes:
        alone: Whether a step was called outside any run. Such facts count against no edge.
        foreign: Whether the run is one of another flow, so that its facts show nothing of this flow.
        is_run: Whether it is a run of the flow.
        is_plain: Whether its facts may count against edges.
        finished: The steps that have finished in the run so far.
        top_finished: The steps that have finished there with no enclosing step of the flow.
        strays: The steps that began during the run and may or may not belong to it.
        generators: The generators that began in the run with no enclosing step of the flow.
        root_facts: The facts of each outermost step.
    """

    __slots__ = (
        "_max_root_facts",
        "alone",
        "finished",
        "foreign",
        "generators",
        "is_plain",
        "is_run",
        "root_facts",
        "strays",
        "top_finished",
    )

    def __init__(self, *, alone: bool = False, foreign: bool = False) -> None:
        self.alone = alone
        self.foreign = foreign
        self.is_run = not (alone or foreign)
        self.is_plain = not alone
        self.finished: set[str] = set()
        self.top_finished = NOTHING
        self.strays: frozenset[str] = NOTHING
        self.generators: frozenset[str] = NOTHING
        self.root_facts: list[RootFacts] = []
        self._max_root_facts = MOST_SHOWN

    def finish(self, step: str, done: AbstractSet[str], *, entrypoint: bool) -> None:
        """Record a step that has ended with no enclosing step, and the steps that ran inside it."""
        self.finished.add(step)
        self.finished |= done
        if not entrypoint:
            self.top_finished |= {step}
            self.is_plain = False

    def show(self) -> RootFacts:
        """Return the record for the facts of one more outermost step."""
        if len(self.root_facts) >= self._max_root_facts:
            ended_roots = [facts for facts in self.root_facts if facts.has_ended]
            if ended_roots:
                ended_roots[0].absorb(ended_roots[1:])
            self.root_facts = [*ended_roots[:1], *(facts for facts in self.root_facts if not facts.has_ended)]
            self._max_root_facts = max(MOST_SHOWN, 2 * len(self.root_facts))
        facts = RootFacts()
        self.root_facts.append(facts)
        return facts

    def lose(self, step: str) -> None:
        """Record a step that may belong to the run."""
        self.strays |= {step}
        self.is_plain = False

    def circumstances(self, *, begins: bool) -> Circumstances:
        """Return the circumstances that keep a fact counted now from counting against an edge."""
        if self.is_plain and not begins:
            return PLAIN
        return Circumstances(self.strays, NOTHING, self.top_finished, begins, self.alone)


def with_pending(key: Key, generators: frozenset[str]) -> Key:
    """Return a fact that also says which generators it did not know, though they began in its run."""
    circumstances = key[6]
    pending = circumstances.pending | generators.difference(key[1:3], *key[3:6])
    if len(pending) == len(circumstances.pending):
        return key
    return (*key[:6], circumstances._replace(pending=pending))
