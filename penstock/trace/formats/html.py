"""A run as one HTML file for an incident's ticket: it loads nothing, and runs nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from penstock._util.display_text import plain, plain_name
from penstock.embed import assets
from penstock.render.wording import isolate, visible
from penstock.trace.formats.diagram import WayDrawing, draw_way
from penstock.trace.formats.outline import (
    describe_failure,
    describe_silent,
    describe_sources,
    describe_undeclared,
    head_flows,
    name_flows,
    summarize,
)
from penstock.trace.reading.times import format_duration, format_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.trace.model import FlowRun, RunTrace, StepRun
    from penstock.trace.reading.log_lines import LogLine

MAX_OPEN_LINES = 300
"""Log lines that are shown at once; with more, those of a step are shown on a click."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is loaded and nothing runs, whatever a log line may have in it."""

_STYLE = """
:root { color-scheme: light dark; --pt-line: color-mix(in srgb, currentColor 18%, transparent) }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: .2rem; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; overflow-wrap: anywhere }
code, .pt-lines { font-family: ui-monospace, monospace; font-size: .86em }
.pt-facts, .pt-note, footer { opacity: .75 }
.pt-fault { border-left: 4px solid #d92d20; padding: .3rem .8rem; margin: .8rem 0; overflow-wrap: anywhere }
.pt-run { border-top: 1px solid var(--pt-line) }
.pt-run > summary, .pt-row { display: grid; grid-template-columns: minmax(14rem, 2fr) 6rem 5rem 5rem 3fr; gap: .6rem; align-items: center; padding: .2rem 0 }
.pt-run > summary { cursor: pointer; list-style: none }
.pt-run > summary::-webkit-details-marker { display: none }
.pt-run > summary::before { content: none }
.pt-run.pt-foldable > summary .pt-name::before { content: "▸ "; opacity: .6 }
.pt-run.pt-foldable[open] > summary .pt-name::before { content: "▾ " }
.pt-run:target { outline: 2px solid #2560d8; outline-offset: 2px }
.pt-name, .pt-service { overflow-wrap: anywhere }
.pt-number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.pt-track { position: relative; height: .8rem; background: color-mix(in srgb, currentColor 6%, transparent); border-radius: 3px }
.pt-bar { position: absolute; inset-block: 0; min-width: 2px; background: #2560d8; border-radius: 3px }
.pt-bad .pt-bar { background: repeating-linear-gradient(45deg, #d92d20 0 6px, #f97066 6px 9px) }
.pt-bad .pt-name { font-weight: 600 }
.pt-lines { list-style: none; margin: 0 0 .4rem; padding: 0 }
.pt-lines li { padding: .05rem 0; overflow-wrap: anywhere; white-space: pre-wrap }
.pt-time { opacity: .65; margin-right: .6em }
.pt-level { font-weight: 600; margin-right: .6em }
.pt-error { color: light-dark(#b42318, #fda29b) }
.pt-flow { font-weight: 600; padding-top: .8rem; overflow-wrap: anywhere }
@media (max-width: 40rem) {
  .pt-run > summary, .pt-row { grid-template-columns: 1fr auto auto }
  .pt-service { display: none }
  .pt-track { grid-column: 1 / -1 }
}
@media print { .pt-run > summary { break-inside: avoid } }
"""


def render(trace: RunTrace, *, engine: str) -> str:
    """Return a run as an HTML page, without a newline at the end.

    Args:
        trace: The run.
        engine: The layout engine of the diagrams; where it fails, the page says so in their place.
    """
    drawings = [_draw_flow(trace, flow, number, engine) for number, flow in enumerate(trace.flows)]
    rules = "\n".join(drawing.style for drawing in drawings if isinstance(drawing, WayDrawing))
    body = "\n".join((*_iter_head(trace), *_iter_timeline(trace), *_iter_flows(trace, drawings), *_iter_foot(trace)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>Run {escape(trace.id)}</title>\n'
        f"<style>{_STYLE}{assets.stylesheet()}{rules}</style>\n</head>\n<body>\n{body}\n</body>\n</html>"
    )


def _draw_flow(trace: RunTrace, flow: FlowRun, number: int, engine: str) -> WayDrawing | str:
    if flow.flow is None:
        return "No flow of this name is declared in the configured modules."
    links = {trace.steps[position].step: f"#run-{position}" for position in reversed(flow.numbers)}
    return draw_way(trace, flow, number, engine=engine, links=links)


def _iter_head(trace: RunTrace) -> Iterator[str]:
    yield f"<h1>Run <code>{escape(trace.id)}</code></h1>"
    begin = f"{format_moment(trace.start)}; " if trace.start is not None else ""
    yield f'<p class="pt-facts">{escape(begin + summarize(trace))}</p>'
    for failure in trace.failures:
        anchor = f' <a href="#run-{failure.number}">Go to it</a>' if failure.number is not None else ""
        yield f'<p class="pt-fault">✗ {_format(describe_failure(trace, failure))}{anchor}</p>'
    if sentence := describe_undeclared(trace):
        number = trace.undeclared.number if trace.undeclared else 0
        yield f'<p class="pt-fault">✗ {_format(sentence)} <a href="#run-{number}">Go to it</a></p>'


def _iter_timeline(trace: RunTrace) -> Iterator[str]:
    yield "<h2>Timeline</h2>"
    if trace.lines:
        yield f'<p class="pt-note">In no step:</p>\n{_write_lines(trace, trace.lines)}'
    headings = head_flows(trace)
    for step in trace.steps:
        if heading := headings.get(step.number):
            yield f'<div class="pt-flow">{_format(heading)}</div>'
        yield from _write_step(trace, step)


def _write_step(trace: RunTrace, step: StepRun) -> Iterator[str]:
    """Yield a row of the waterfall, with the log lines of the step below it."""
    notes = [*_iter_notes(trace, step)]
    has_more = bool(step.lines or notes)
    classes = "pt-run" + (" pt-foldable" if has_more else "") + (" pt-bad" if step.error is not None else "")
    is_open = step.error is not None or trace.line_count <= MAX_OPEN_LINES
    yield f'<details class="{classes}" id="run-{step.number}"{" open" if is_open else ""}>'
    yield f"<summary>{_write_cells(trace, step)}</summary>"
    yield from (f'<p class="pt-fault">{note}</p>' for note in notes)
    if step.lines:
        yield _write_lines(trace, step.lines, step.depth + 1)
    yield "</details>"


def _write_cells(trace: RunTrace, step: StepRun) -> str:
    flows = name_flows(trace, step)
    about = ", ".join(filter(None, (flows, "" if step.declared else "not declared")))
    mark = "✗" if step.error is not None else "◆" if step.entrypoint else "·" if step.witness == "log" else "○"
    name = f"{mark} {_format(plain_name(step.step))}" + (f" <small>({_format(about)})</small>" if about else "")
    length = format_duration(step.duration) if step.duration is not None else "log only"
    cells = (
        f'<span class="pt-name" style="padding-left:{min(step.depth, 20)}rem">{name}</span>',
        f'<span class="pt-service">{_format(step.service)}</span>',
        f'<span class="pt-number">{escape(_offset(trace, step.start))}</span>',
        f'<span class="pt-number">{escape(length)}</span>',
        f'<span class="pt-track">{_write_bar(trace, step)}</span>',
    )
    return "".join(cells)


def _write_bar(trace: RunTrace, step: StepRun) -> str:
    if step.duration is None or trace.start is None or trace.end is None:
        return ""
    whole = max(trace.end - trace.start, 1)
    left = 100 * ((step.start or 0) - trace.start) / whole
    return f'<span class="pt-bar" style="left:{left:.2f}%;width:{100 * step.duration / whole:.2f}%"></span>'


def _iter_notes(trace: RunTrace, step: StepRun) -> Iterator[str]:
    if step.error is not None:
        yield f"✗ failed{f': {_format(step.error)}' if step.error else ''}"
    for way in (way for flow in trace.flows for way in flow.undeclared if way.number == step.number):
        yield f"✗ not declared: ran inside {_format(way.source)} ({_format(way.flow)})"


def _write_lines(trace: RunTrace, lines: Sequence[LogLine], depth: int = 0) -> str:
    items = "\n".join(_write_line(trace, line) for line in lines)
    return f'<ul class="pt-lines" style="padding-left:{min(depth, 20)}rem">\n{items}\n</ul>'


def _write_line(trace: RunTrace, line: LogLine) -> str:
    css = ' class="pt-error"' if line.is_error else ""
    fields = "".join(f" {_format(name)}={_format(value)}" for name, value in line.fields)
    level = f'<span class="pt-level">{_format(line.level)}</span>' if line.level else ""
    time = f'<span class="pt-time">{escape(_offset(trace, line.time))}</span>' if line.time is not None else ""
    return f"<li{css}>{time}{level}{_format(line.message)}{fields}</li>"


def _iter_flows(trace: RunTrace, drawings: Sequence[WayDrawing | str]) -> Iterator[str]:
    for flow, drawing in zip(trace.flows, drawings, strict=True):
        yield f"<h2>{_format(flow.title)}</h2>"
        if isinstance(drawing, str):
            yield f'<p class="pt-note">{_format(drawing)}</p>'
        else:
            yield drawing.html
            yield f'<p class="pt-note">{_explain_signs(flow)}</p>'
        if flow.silent:
            names = ", ".join(f"<code>{_format(plain_name(name))}</code>" for name in flow.silent)
            yield f"<p>{_format(describe_silent(flow).capitalize())}: {names}</p>"
    if trace.joins:
        yield "<h2>From one flow to the next</h2>\n<ul>"
        for join in trace.joins:
            source, target = trace.steps[join.source], trace.steps[join.target]
            ends = f'<a href="#run-{source.number}">{_format(plain_name(source.step))}</a> → {_format(join.channel)} → '
            yield f'<li>{ends}<a href="#run-{target.number}">{_format(plain_name(target.step))}</a></li>'
        yield "</ul>"


def _explain_signs(flow: FlowRun) -> str:
    """Return what the signs of a drawing mean."""
    way = "the way that the run took" if flow.is_exact else "ways that spans show"
    bold = f"Bold arrows: {way}." if flow.ways else "Log lines do not show which way the run took."
    silent = "did not run, as far as these files show" if flow.is_exact else "no trace of them"
    return f"{bold} Pale boxes with a broken edge: {silent}." if flow.silent else bold


def _iter_foot(trace: RunTrace) -> Iterator[str]:
    yield "<footer>"
    yield from (f'<p class="pt-note">{_format(note)}</p>' for note in trace.notes)
    names = ", ".join(visible(file.name) for file in trace.files)
    yield f"<p>penstock trace {describe_sources(trace)}: {escape(names)}</p>\n</footer>"


def _offset(trace: RunTrace, time: int | None) -> str:
    return "" if time is None or trace.start is None else f"+{format_duration(time - trace.start)}"


def _format(text: str) -> str:
    """Return a text of others as one line of HTML that keeps to itself."""
    return escape(isolate(plain(text)))
