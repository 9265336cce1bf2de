"""Times of a fact in traces: a step that began alone at that time may belong to its run."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_TIMES = 16
"""How many runs' times are kept: the shortest runs, which are the least likely to contain other steps."""


class Occurrences:
    """How often a fact was seen, and when.

    Attributes:
        times: How often.
    """

    __slots__ = ("_spells", "times")

    def __init__(self) -> None:
        self.times = 0
        self._spells: list[tuple[int, int, int]] = []

    def add(self, begun: int, start: int) -> None:
        """Record the start of the run and of the step, in nanoseconds."""
        self.times += 1
        spell = (start - begun, begun, start)
        if len(self._spells) == MOST_TIMES:
            longest = max(self._spells)
            if spell >= longest:
                return
            self._spells.remove(longest)
        self._spells.append(spell)

    def find_lost_steps(self, alone: Mapping[str, Sequence[int]]) -> frozenset[str]:
        """Return the steps that began alone and may belong to the runs; none if one of the runs had none of them.

        Args:
            alone: When each of them began, in order.
        """
        names: frozenset[str] = frozenset()
        for _, run_start, start in self._spells:
            during = frozenset(
                name for name, starts in alone.items() if bisect_left(starts, run_start) < bisect_right(starts, start)
            )
            if not during:
                return during
            names |= during
        return names
