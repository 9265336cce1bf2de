"""A run in a terminal: a timeline of its steps, with their log lines below them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import columns, cut, escape_line, plain_name
from penstock.trace.formats.outline import (
    describe_failure,
    describe_silent,
    describe_sources,
    describe_undeclared,
    head_flows,
    iter_outline,
    name_flows,
    summarize,
)
from penstock.trace.model import StepRun
from penstock.trace.reading.times import format_duration, format_moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.trace.model import RunTrace
    from penstock.trace.reading.log_lines import LogLine

DEFAULT_WIDTH = 80
"""Columns where no terminal says how many it has."""

MIN_WIDTH = 60
"""Columns that services and bars need; with fewer, they are left out."""

MAX_INDENT = 12
"""Levels that are indented; deeper steps stay there."""

_BAR = 14
_MAX_SERVICE = 12
_TIME = 9
_GAP = 2
_BOLD, _DIM, _RED, _YELLOW, _BLUE = "1", "2", "31", "33", "1;34"  # ECMA-48, Select Graphic Rendition


class Glyphs(NamedTuple):
    """The signs of a timeline.

    Attributes:
        entry: An entrypoint.
        step: Another step.
        fault: A step that failed.
        logged: A step that only log lines show.
        bar: A part of a step's time.
        arrow: From one step to the next.
        warning: Before what is wrong.
    """

    entry: str = "◆"
    step: str = "○"
    fault: str = "✗"
    logged: str = "·"
    bar: str = "━"
    arrow: str = "→"
    warning: str = "✗"


ASCII = Glyphs("*", "o", "x", ".", "=", "->", "!")
"""The signs for a terminal that has no others."""


def render(trace: RunTrace, *, width: int = 0, colour: bool = False, glyphs: Glyphs | None = None) -> str:
    """Return a run as lines of text.

    Args:
        trace: The run.
        width: The columns of the terminal, in which lines are folded; 0 leaves them as long as they are.
        colour: Whether ANSI colours are added; the visible text stays the same.
        glyphs: The signs; by default those of Unicode.
    """
    return "\n".join(_Timeline(trace, width, glyphs or Glyphs(), colour=colour).iter_lines())


class _Timeline:
    """Writes one run."""

    def __init__(self, trace: RunTrace, width: int, glyphs: Glyphs, *, colour: bool) -> None:
        self._trace, self._width, self._glyphs, self._colour = trace, width, glyphs, colour
        self._headings = head_flows(trace)
        self._joins = {join.target: join for join in trace.joins}
        service = max((columns(escape_line(name)) for name in trace.services), default=0)
        is_narrow = 0 < width < MIN_WIDTH
        self._service = 0 if is_narrow else min(service, _MAX_SERVICE)
        self._bar_width = 0 if is_narrow else _BAR
        others = 2 * (_TIME + _GAP) + self._bar_width + _GAP + (self._service + _GAP if self._service else 0)
        names = (min(step.depth, MAX_INDENT) * 2 + 2 + columns(self._name(step)) for step in trace.steps)
        self._head = min(max(names, default=0), max((width or DEFAULT_WIDTH) - others, 12))

    def iter_lines(self) -> Iterator[str]:
        """Yield the lines."""
        trace = self._trace
        yield self._paint(f"Run {escape_line(trace.id)}", _BOLD)
        begin = "" if trace.start is None else f"{format_moment(trace.start)}, "
        yield from self._fold(f"{begin}{summarize(trace)}", "  ")
        yield from self._iter_verdict()
        yield ""
        for depth, item in iter_outline(trace):
            yield from self._format_step(item) if isinstance(item, StepRun) else self._format_line(depth, item)
        yield from self._iter_flows()
        yield from self._iter_notes()

    def _iter_verdict(self) -> Iterator[str]:
        """Yield the lines that matter most: the error, and the first way that no arrow declares."""
        sentences = [describe_failure(self._trace, failure) for failure in self._trace.failures[:1]]
        if len(self._trace.failures) > 1:
            sentences[0] += f" (and {len(self._trace.failures) - 1} more below)"
        sentences += filter(None, [describe_undeclared(self._trace)])
        for sentence in sentences:
            yield from self._fold(f"{self._glyphs.warning} {escape_line(sentence)}", "  ", _RED)

    def _format_step(self, step: StepRun) -> Iterator[str]:
        if heading := self._headings.get(step.number):
            yield self._paint(escape_line(heading), _BOLD)
        name = "  " * min(step.depth, MAX_INDENT) + self._mark(step) + " " + self._name(step)
        style = _RED if step.error is not None else _BLUE if step.entrypoint else ""
        pad = self._head - columns(name)
        head = self._paint(name, style) + " " * max(pad, 0)
        if pad < 0:
            yield from self._fold(name, "  " * (min(step.depth, MAX_INDENT) + 2), style)
            head = " " * self._head
        yield f"{head}{self._format_cells(step)}".rstrip()
        indent = "  " * (min(step.depth, MAX_INDENT) + 2)
        if step.error is not None:
            words = f"failed: {escape_line(step.error)}" if step.error else "failed"
            yield from self._fold(f"{indent}{self._glyphs.warning} {words}", f"{indent}  ", _RED)
        for way in (way for flow in self._trace.flows for way in flow.undeclared if way.number == step.number):
            words = f"not declared: ran inside {escape_line(way.source)} ({escape_line(way.flow)})"
            yield from self._fold(f"{indent}{self._glyphs.warning} {words}", f"{indent}  ", _RED)
        if join := self._joins.get(step.number):
            words = f"{escape_line(join.channel)} from {plain_name(self._trace.steps[join.source].step)}"
            yield from self._fold(f"{indent}{self._glyphs.arrow} {words}", f"{indent}  ", _DIM)

    def _format_cells(self, step: StepRun) -> str:
        service = (
            f"{'':{_GAP}}{_pad(cut(escape_line(step.service), self._service), self._service)}" if self._service else ""
        )
        if step.duration is None:
            text = "log only" if step.witness == "log" else ""
            return f"{service}{'':{_GAP}}{self._offset(step.start):>{_TIME}}{'':{_GAP}}{text:>{_TIME}}"
        length = format_duration(step.duration)
        return (
            f"{service}{'':{_GAP}}{self._offset(step.start):>{_TIME}}{'':{_GAP}}{length:>{_TIME}}{'':{_GAP}}"
            f"{self._bar(step)}"
        )

    def _offset(self, time: int | None) -> str:
        if time is None or self._trace.start is None:
            return ""
        return f"+{format_duration(time - self._trace.start)}"

    def _bar(self, step: StepRun) -> str:
        start, end, width = self._trace.start or 0, self._trace.end or 0, self._bar_width
        whole = max(end - start, 1)
        left = max(min(((step.start or 0) - start) * width // whole, width - 1), 0)
        right = max(-(-((step.end or 0) - start) * width // whole), left + 1)
        return " " * left + self._paint(self._glyphs.bar * (min(right, width) - left), _DIM)

    def _mark(self, step: StepRun) -> str:
        if step.error is not None:
            return self._glyphs.fault
        if step.entrypoint:
            return self._glyphs.entry
        return self._glyphs.logged if step.witness == "log" else self._glyphs.step

    def _name(self, step: StepRun) -> str:
        flows = name_flows(self._trace, step)
        unknown = "" if step.declared else "not declared"
        about = ", ".join(filter(None, (escape_line(flows), unknown)))
        return f"{plain_name(step.step)} ({about})" if about else plain_name(step.step)

    def _format_line(self, depth: int, line: LogLine) -> Iterator[str]:
        indent = "  " * (min(depth, MAX_INDENT + 1) + 1)
        words = [self._offset(line.time), escape_line(line.level), escape_line(line.message)]
        words += (f"{escape_line(name)}={escape_line(value)}" for name, value in line.fields)
        style = _RED if line.is_error else _YELLOW if line.level.startswith("WARN") else _DIM
        yield from self._fold(f"{indent}{' '.join(filter(None, words))}", f"{indent}  ", style)

    def _iter_flows(self) -> Iterator[str]:
        for flow in self._trace.flows:
            if flow.silent:
                names = ", ".join(map(plain_name, flow.silent))
                yield ""
                yield from self._fold(f"{escape_line(flow.name)}: {describe_silent(flow)}: {names}", "  ")

    def _iter_notes(self) -> Iterator[str]:
        yield ""
        for note in self._trace.notes:
            yield from self._fold(f"note: {escape_line(note)}", "  ", _YELLOW)
        yield self._paint(describe_sources(self._trace), _DIM)

    def _fold(self, text: str, indent: str, style: str = "") -> Iterator[str]:
        """Yield a text in lines of the width; each is a paragraph of its own style."""
        if not self._width or columns(text) <= self._width:
            yield self._paint(text, style)
            return
        margin = text[: len(text) - len(text.lstrip())]
        for line in textwrap.wrap(text.lstrip(), self._width - len(indent), break_on_hyphens=False):
            yield self._paint(f"{margin}{line}", style)
            margin = indent

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour and style else text


def _pad(text: str, width: int) -> str:
    return text + " " * max(width - columns(text), 0)
