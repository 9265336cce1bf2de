"""A run as Markdown, for an issue or a wiki: what went wrong, the sequence, the steps, their log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._util.display_text import escape_line
from penstock.render.markdown import escape_text, format_code
from penstock.trace.formats import sequence
from penstock.trace.formats.outline import (
    describe_failure,
    describe_silent,
    describe_sources,
    describe_undeclared,
    summarize,
)
from penstock.trace.reading.times import format_duration, format_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.trace.model import RunTrace
    from penstock.trace.reading.log_lines import LogLine

_COLUMNS = ("Step", "Flow", "Service", "Began", "Took", "Error")


def render(trace: RunTrace) -> str:
    """Return a run as a Markdown page, without a newline at the end."""
    return "\n\n".join(_iter_blocks(trace))


def _iter_blocks(trace: RunTrace) -> Iterator[str]:
    yield f"# Run {format_code(trace.id)}"
    begin = f"{format_moment(trace.start)}; " if trace.start is not None else ""
    yield escape_text(begin + summarize(trace))
    wrong = [describe_failure(trace, failure) for failure in trace.failures]
    wrong += filter(None, [describe_undeclared(trace)])
    if wrong:
        yield "\n".join(f"- ✗ {escape_text(sentence)}" for sentence in wrong)
    if trace.steps:
        yield f"```mermaid\n{sequence.render(trace)}\n```"
        yield "## Steps"
        yield "\n".join(_write_table(trace))
    if trace.line_count:
        yield "## Log lines"
        yield _write_lines(trace)
    yield from _iter_flows(trace)
    yield from (f"> {escape_text(note)}" for note in trace.notes)
    yield escape_text(f"penstock trace {describe_sources(trace)}.")


def _write_table(trace: RunTrace) -> Iterator[str]:
    yield _format_row(_COLUMNS)
    yield _format_row(["---"] * len(_COLUMNS))
    for step in trace.steps:
        length = format_duration(step.duration) if step.duration is not None else "log only"
        error = "" if step.error is None else f"✗ {step.error or 'failed'}"
        indent = "&emsp;" * min(step.depth, 12)
        texts = (", ".join(step.flows), step.service, _offset(trace, step.start), length, error)
        yield _format_row([f"{indent}{format_code(step.step)}", *map(escape_text, texts)])


def _format_row(cells: Sequence[str]) -> str:
    return " ".join(["|", *(f"{cell} |" if cell else "|" for cell in cells)])


def _write_lines(trace: RunTrace) -> str:
    """Return the log lines as a block of text: a line each, so none can end it."""
    return "\n".join(("```text", *_iter_lines(trace), "```"))


def _iter_lines(trace: RunTrace) -> Iterator[str]:
    yield from (_format_line(trace, line) for line in trace.lines)
    for step in trace.steps:
        if step.lines:
            yield f"{escape_line(step.step)}:"
            yield from (_format_line(trace, line) for line in step.lines)


def _format_line(trace: RunTrace, line: LogLine) -> str:
    words = [_offset(trace, line.time), line.level, line.message, *(f"{name}={value}" for name, value in line.fields)]
    return f"  {escape_line(' '.join(filter(None, words)))}"


def _iter_flows(trace: RunTrace) -> Iterator[str]:
    for flow in trace.flows:
        if flow.silent:
            names = ", ".join(map(format_code, flow.silent))
            yield f"{format_code(flow.name)}: {escape_text(describe_silent(flow))}: {names}"
    for join in trace.joins:
        source, target = (trace.steps[number].step for number in (join.source, join.target))
        yield f"{format_code(source)} → {escape_text(join.channel)} → {format_code(target)}"


def _offset(trace: RunTrace, time: int | None) -> str:
    return "" if time is None or trace.start is None else f"+{format_duration(time - trace.start)}"
