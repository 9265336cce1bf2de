"""Counts what steps touched, and what started runs, by the spans below and around them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from penstock.check.evidence.records import RunTrigger, Seen, StepTouch
from penstock.effects.rows import Touch, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.traces.replay import Span


class SpanTouches:
    """Counts of several traces.

    Attributes:
        touches: How often each step touched what.
        triggers: How often what started a run.
    """

    def __init__(self) -> None:
        self.touches: Counter[StepTouch] = Counter()
        self.triggers: Counter[RunTrigger] = Counter()

    def count(self, spans: Iterable[Span]) -> None:
        """Count those of one trace."""
        by_key: dict[bytes, Span] = {}
        for span in spans:
            by_key.setdefault(span.key, span)  # an exporter that tries again sends a span twice
        for span in by_key.values():
            if span.notes:
                self._count_touches(span, by_key)
            if span.label is not None and span.label.entrypoint:
                self._count_trigger(span, by_key)

    def _count_touches(self, span: Span, by_key: dict[bytes, Span]) -> None:
        """Count the touches of a span for the nearest step around it."""
        label = next((outer.label for outer in _iter_outwards(span, by_key) if outer.label is not None), None)
        if label is None:
            return
        for flow in label.flows:
            for note in span.notes:
                if isinstance(note, Touch):
                    self.touches[StepTouch(flow, Seen(label.step), note.verb, note.target)] += 1

    def _count_trigger(self, span: Span, by_key: dict[bytes, Span]) -> None:
        """Count what started the run of an entrypoint, unless a step is around it."""
        for outer in _iter_outwards(span, by_key):
            if outer is not span and outer.label is not None:
                return
            names = [note.name for note in outer.notes if isinstance(note, Trigger)]
            if names and span.label is not None:
                for flow in span.label.flows:
                    self.triggers[RunTrigger(flow, Seen(span.label.step), names[0])] += 1
                return


def _iter_outwards(span: Span, by_key: dict[bytes, Span]) -> Iterator[Span]:
    """Yield a span, and those around it; spans that are around each other are yielded once."""
    visited_keys: set[bytes] = set()
    current: Span | None = span
    while current is not None and current.key not in visited_keys:
        visited_keys.add(current.key)
        yield current
        current = by_key.get(current.parent) if current.parent is not None else None
