"""Counts what steps touch outside the process, and what starts runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._recording.effects.hidden_effects import hidden_effects
from penstock._recording.effects.run_triggers import find_trigger
from penstock.check.evidence.records import RunTrigger, StepTouch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from penstock._runtime.events import StepEvent
    from penstock.check.evidence.records import Seen
    from penstock.effects.rows import Touch

MAX_TOUCHES = 64
"""Maximum number of different touches of a step; further ones have a star for their last part."""

Step = tuple[str, str]
"""The flow and name of a step."""


class TouchCounts:
    """Counted touches.

    Attributes:
        is_active: Whether touches are reported.
        settled: Steps that were watched once without replaced clients, of which nothing more needs to be known.
    """

    def __init__(self) -> None:
        self.is_active = False
        self.clear()

    def clear(self) -> None:
        """Discard all counts."""
        self.settled: set[Step] = set()
        self._touches: dict[Step, dict[tuple[str, str], int]] = {}
        self._triggers: dict[tuple[str, str, str], int] = {}
        self._hidden: dict[Step, frozenset[str]] = {}

    def watch_step(self, flow: str, step: str) -> bool:
        """Note that a step begins; return whether that is news: it was not watched before, or not with these clients."""
        key, kinds = (flow, step), hidden_effects.now
        known_kinds = self._hidden.get(key)
        if known_kinds is not None and known_kinds <= kinds:
            return False
        if not kinds:
            self.settled.add(key)
        self._hidden[key] = kinds if known_kinds is None else known_kinds & kinds
        return True

    def add_trigger(self, flow: str, step: str) -> None:
        """Count what starts a run that begins at an entrypoint, where it is known."""
        if self.is_active and (trigger := find_trigger()):
            key = flow, step, trigger
            self._triggers[key] = self._triggers.get(key, 0) + 1

    def add(self, flow: str, step: str, touches: Iterable[Touch]) -> bool:
        """Count touches of a step; return whether one of them is new."""
        counts = self._touches.setdefault((flow, step), {})
        number = len(counts)
        for verb, target in touches:
            if (verb, target) not in counts and number >= MAX_TOUCHES:
                target = _shorten(target)  # noqa: PLW2901 - its last part differs in each call
            counts[verb, target] = counts.get((verb, target), 0) + 1
        return len(counts) > number

    def evidence(self, seen: Callable[[str, str], Seen]) -> dict[str, Any]:
        """Return the tables of evidence.

        Args:
            seen: Returns a step of a flow with the hash of its source.
        """
        touches = {
            StepTouch(flow, seen(flow, step), verb, target): count
            for (flow, step), counts in [*self._touches.items()]
            for (verb, target), count in [*counts.items()]
        }
        triggers = {
            RunTrigger(flow, seen(flow, step), trigger): count
            for (flow, step, trigger), count in [*self._triggers.items()]
        }
        watched = {(flow, seen(flow, step)): kinds for (flow, step), kinds in [*self._hidden.items()]}
        return {"touches": touches, "triggers": triggers, "watched": watched}


def find_touching_steps(event: StepEvent, observer: object) -> Iterator[Step]:
    """Yield the innermost step that an observer has recorded, in each of its flows; decorators of several may be stacked."""
    above: StepEvent | None = event
    innermost = ""
    while above is not None and innermost in {"", above.step}:
        running = above.notes.get(observer)
        while running is not None:
            innermost = above.step
            if not running.acted:
                yield running.flow, running.step
            running = running.beside
        above = above.parent


def _shorten(target: str) -> str:
    for separator in ("/", ":"):
        head, mark, _ = target.rpartition(separator)
        if mark and not head.endswith((":", "/")):
            return f"{head}{mark}*"
    return target.partition(":")[0] + ":*"
