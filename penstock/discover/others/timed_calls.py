"""Calls with a beginning and an end, as other tools record them, made into a recording."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.discover.recording import Child, Recording, Root, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.discover.recording import Function
    from penstock.effects.rows import Touch


@dataclass(eq=False)
class TimedCall:
    """A call.

    Attributes:
        function (Function | None): The function; ``None`` for what is no call of the project's code.
        start (int): When it began.
        end (int): When it ended.
        writes (set[str]): What it wrote outside, itself.
        reads (set[str]): What it read outside.
        trigger (str): What it says that has started work in the process.
        children (list[TimedCall]): The calls inside it, in any order.
    """

    function: Function | None
    start: int
    end: int
    writes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    trigger: str = ""
    children: list[TimedCall] = field(default_factory=list)

    def touch(self, touches: Iterable[Touch]) -> None:
        """Note what it touched outside."""
        for touch in touches:
            (self.writes if touch.verb == "writes" else self.reads).add(touch.target)


def make_recording(calls: Iterable[TimedCall], notes: tuple[str, ...] = ()) -> Recording:
    """Return the recording of outermost calls, and of all that is inside them."""
    tables = _Tables()
    for call in calls:
        tables.add_outermost(call)
    return Recording(tuple(tables.functions), tuple(tables.shapes), dict(tables.roots), notes=notes)


class _Tables:
    """The rows of a recording."""

    def __init__(self) -> None:
        self.functions: dict[Function, int] = {}
        self.shapes: dict[Shape, int] = {}
        self.roots: Counter[Root] = Counter()

    def add_outermost(self, outermost: TimedCall) -> None:
        """Add a call and all inside it, from the inside out; a call of other code passes its own calls on."""
        parts: dict[TimedCall, list[TimedCall]] = defaultdict(list)
        places: dict[TimedCall, int] = {}
        for call, parent in reversed(_walk(outermost)):
            inner = parts.pop(call, [])
            if call.function is not None:
                places[call] = self._add_shape(call, call.function, inner, places)
                inner = [call]
            elif parent is not None:
                parent.writes |= call.writes
                parent.reads |= call.reads
            if parent is not None:
                parts[parent] += inner
                continue
            for root in inner:
                self.roots[Root(places[root], _find_trigger(outermost))] += 1

    def _add_shape(
        self, call: TimedCall, function: Function, inner: list[TimedCall], places: dict[TimedCall, int]
    ) -> int:
        number = self.functions.setdefault(function, len(self.functions))
        inner.sort(key=lambda call: (call.start, call.end))
        children = tuple(
            Child(places[part], tuple(place for place, earlier in enumerate(inner[:index]) if earlier.end > part.start))
            for index, part in enumerate(inner)
        )
        shape = Shape(number, tuple(sorted(call.writes)), tuple(sorted(call.reads)), children)
        return self.shapes.setdefault(shape, len(self.shapes))


def _walk(outermost: TimedCall) -> list[tuple[TimedCall, TimedCall | None]]:
    """Return a call and all inside it with the one around each, from the outside in."""
    calls: list[tuple[TimedCall, TimedCall | None]] = [(outermost, None)]
    for call, _ in calls:
        calls += ((child, call) for child in call.children)
    return calls


def _find_trigger(outermost: TimedCall) -> str:
    """Return the trigger of a call, or of the nearest ones inside it that are not of the project's code."""
    calls = [outermost]
    for call in calls:
        if call.trigger:
            return call.trigger
        if call.function is None:
            calls += call.children
    return ""
