"""Finds the step that each log line was written in: by its span, by the step that it names, else by its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.trace.drafts import SpanKey, StepDraft
    from penstock.trace.reading.log_lines import LogLine
    from penstock.trace.reading.run_spans import RunSpan


MILLISECOND = 10**6
"""Nanoseconds: the least time that most log lines have."""


class LinePlaces:
    """The steps of spans, by all that a log line may say of them.

    Args:
        spans: The run's spans.
        drafts: The steps of spans.
        nearest: The step of each span, or the nearest one around it.
    """

    def __init__(
        self,
        spans: Mapping[SpanKey, RunSpan],
        drafts: Iterable[StepDraft],
        nearest: Mapping[SpanKey, StepDraft],
    ) -> None:
        self._drafts = list(drafts)
        self._by_service: dict[str, list[tuple[int, int, StepDraft]]] = {}
        for draft in self._drafts:
            if draft.start is not None and draft.end is not None:
                self._by_service.setdefault(draft.service, []).append((draft.start, draft.end, draft))
        self._by_step: dict[str, list[StepDraft]] = {}
        for draft in self._drafts:
            self._by_step.setdefault(draft.step, []).append(draft)
        self._by_span: dict[str, list[StepDraft | None]] = {}
        for key, span in spans.items():
            self._by_span.setdefault(span.record.span, []).append(nearest.get(key))

    def find(self, line: LogLine) -> StepDraft | None:
        """Return the step of a span that a line belongs to, or ``None``."""
        if line.span in self._by_span:
            steps = self._by_span[line.span]
            return steps[0] if len(steps) == 1 else None
        if line.step:
            return self._find_named(line)
        return self._find_around(line)

    def _find_named(self, line: LogLine) -> StepDraft | None:
        """Return the run of the step that a line names: the one at its time, else the last one before."""
        drafts = [draft for draft in self._by_step.get(line.step, ()) if _may_be_same(draft.service, line.service)]
        if len(drafts) <= 1 or line.time is None:
            return drafts[0] if drafts else None
        inside = [draft for draft in drafts if _covers(draft, line.time)]
        before = [draft for draft in drafts if draft.start is not None and draft.start <= line.time]
        return max(inside or before or drafts[:1], key=lambda draft: draft.start or 0)

    def _find_around(self, line: LogLine) -> StepDraft | None:
        """Return the innermost step of the line's service at its time; of several side by side, the one around all."""
        service = line.service or (next(iter(self._by_service)) if len(self._by_service) == 1 else None)
        time = line.time
        if time is None or service is None:
            return None
        spans = self._by_service.get(service, ())
        open_steps = [draft for start, end, draft in spans if start <= time <= end]
        if not open_steps and time % MILLISECOND == 0:  # it may have been later in that millisecond
            open_steps = [draft for start, end, draft in spans if start <= time + MILLISECOND - 1 <= end]
        for draft in sorted(open_steps, key=lambda step: -sum(1 for _ in step.iter_outwards())):
            outer_steps = {id(step) for step in draft.iter_outwards()}
            others = (step for step in open_steps if id(step) not in outer_steps)
            if all(any(step is draft for step in other.iter_outwards()) for other in others):
                return draft
        return None


def _covers(draft: StepDraft, time: int) -> bool:
    return draft.start is not None and draft.end is not None and draft.start <= time <= draft.end


def _may_be_same(first: str, second: str) -> bool:
    return first == second or not first or not second
