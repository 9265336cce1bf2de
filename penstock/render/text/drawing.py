"""Renders flows as terminal text: up to thirty steps as a drawing, larger ones as an indented list."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import columns, cut, plain, plain_name
from penstock.render import edge_status, numbers, use_status
from penstock.render.text import lanes
from penstock.render.text.indentation import levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.model import Edge, Flow, Step
    from penstock.render.edge_status import Doubt, Provenance
    from penstock.render.options import Options

MAX_DRAWN = 30
"""Maximum number of steps in a drawing; larger flows are listed."""

MAX_LEVEL = 12
"""Maximum indentation levels of the list; deeper steps stay at this level, so that lines fit the screen."""

UNLIMITED = 100
"""Assumed width without a terminal, for aligned columns; titles are not cut, and lines are not folded."""

MIN_TITLE = 12
"""Minimum columns of titles; with fewer, they are left out."""

_GAP = 2
_UNSTYLED, _ENTRY, _IO, _DIM, _DOUBT, _FAULT = "", "1;34", "35", "2", "33", "31"  # ECMA-48, Select Graphic Rendition


class _Cell(NamedTuple):
    text: str
    style: str = _UNSTYLED


class _DiagramLine(NamedTuple):
    """Adjacent pieces up to the step's name, then the cells of a table; and the lanes for continuation lines."""

    pieces: tuple[_Cell, ...]
    cells: tuple[_Cell, ...] = ()
    below: str = ""


class _Arrows(NamedTuple):
    """A flow's edges, separated by direction: down the page, or back up, closing a cycle."""

    down: Mapping[str, list[str]]
    into: Mapping[str, list[Edge]]
    out: Mapping[str, list[Edge]]
    back: Mapping[str, list[Edge]]


def render(
    flow: Flow, options: Options, *, colour: bool = False, width: int = 80, fold: bool = False, whole: bool = False
) -> str:
    """Render the flow as text for a terminal, without a newline at the end.

    Args:
        flow: The flow to show.
        options: With ``details``, titles, triggers and effects are beside the steps.
        colour: Whether ANSI colours are added; the visible text stays the same.
        width: The available columns; 0 leaves lines unlimited. Titles are cut to fit; names, lanes and
            labels are not.
        fold: Whether labels, triggers and effects that do not fit a line go below it, beside the lanes.
        whole: Whether titles that do not fit go below as well, instead of being cut.
    """
    show = _drawing if len(flow.steps) <= MAX_DRAWN else _list
    lines = list(show(flow, options, _arrows(flow)))
    table = _table(lines, width, fold=fold, whole=whole)
    return "\n".join((*(_join_cells(pieces, colour=colour) for pieces in table), *filter(None, [options.note])))


def render_with_proof(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Render the flow as text, with the origin of its numbers, and the evidence for edges, triggers and effects."""
    del engine, timeout
    parts = render(flow, options, width=0), origin(flow), proof(flow, details=options.details)
    return "\n\n".join(filter(None, parts))


def origin(flow: Flow) -> str:
    """Return the runs that the numbers of a flow come from, as a sentence; empty without numbers."""
    return f"Numbers of {numbers.describe_origin(flow.numbers)}." if flow.numbers else ""


def proof(flow: Flow, *, details: bool = True, colour: bool = False, width: int = 80) -> str:
    """Return the evidence for what is drawn, and what is not confirmed; empty if nothing was checked.

    Args:
        flow: The flow.
        details: Whether triggers and effects are drawn.
        colour: Whether ANSI colours are added; the visible text stays the same.
        width: The columns of the terminal; 0 leaves lines unlimited.
    """
    lines = _list_evidence(edge_status.provenance(flow), edge_status.doubts(flow), width)
    if details:
        lines += _list_evidence(use_status.provenance(flow), use_status.doubts(flow), width)
    return "\n".join(_join_cells([_Cell(line, _DIM)], colour=colour) for line in lines)


def _list_evidence(provenance: Provenance | None, doubts: Sequence[Doubt], width: int) -> list[str]:
    if provenance is None:
        return []
    lines = [_wrap_text(str(provenance), width)]
    lines += (_wrap_text(f"┄ {doubt}", width, "  ") for doubt in doubts[: edge_status.MOST_DOUBTS])
    return [*lines, *filter(None, [edge_status.rest(len(doubts))])]


def _wrap_text(text: str, width: int, indent: str = "") -> str:
    return textwrap.fill(
        text, width or sys.maxsize, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _arrows(flow: Flow) -> _Arrows:
    place = {step.name: index for index, step in enumerate(flow.steps)}
    arrows = _Arrows(*({step.name: [] for step in flow.steps} for _ in _Arrows._fields))
    for edge in flow.edges:
        if place[edge.source] >= place[edge.target]:
            arrows.back[edge.source].append(edge)
            continue
        arrows.into[edge.target].append(edge)
        arrows.out[edge.source].append(edge)
        if edge.target not in arrows.down[edge.source]:
            arrows.down[edge.source].append(edge.target)
    return arrows


def _drawing(flow: Flow, options: Options, arrows: _Arrows) -> Iterator[_DiagramLine]:
    for row in lanes.rows(arrows.down):
        if row.node is None:
            yield _DiagramLine((_Cell(row.left),))
            continue
        step = flow.step(row.node)
        title, figures, outside = _about(flow, step, options)
        label = _words(_condition(arrows.into[step.name]), _format_targets("↺", arrows.back[step.name]))
        mark = _marks(arrows.into[step.name])
        below = f"{row.left}{'│' if arrows.down[step.name] else ' '}{row.right}"
        yield _DiagramLine(_head(row.left, step, row.right), (title, figures, _Cell(label, _DIM), mark, outside), below)


def _list(flow: Flow, options: Options, arrows: _Arrows) -> Iterator[_DiagramLine]:
    for name, level in levels(arrows.down):
        step = flow.step(name)
        ahead = _words(_format_targets("→", arrows.out[name]), _format_targets("↺", arrows.back[name]))
        yield _DiagramLine(
            _head("  " * min(level, MAX_LEVEL), step), (*_about(flow, step, options), _Cell(ahead, _DIM))
        )


def _head(prefix: str, step: Step, right: str = "") -> tuple[_Cell, ...]:
    mark, style = ("◆", _ENTRY) if step.entrypoint else ("○", _UNSTYLED)
    return _Cell(prefix), _Cell(mark, style), _Cell(f"{right} "), _Cell(plain_name(step.name), style)


def _about(flow: Flow, step: Step, options: Options) -> tuple[_Cell, _Cell, _Cell]:
    """Return the cells for the title, for the numbers, and for the trigger and effects."""
    figures = _Cell(" · ".join(numbers.describe_step(step)), _DIM)
    if not options.details:
        return _Cell(""), figures, _Cell("")
    trigger, effects = use_status.find_trigger(flow, step), use_status.list_effects(flow, step)
    channels = [*([trigger] if trigger else []), *effects]
    texts = ", ".join(effect.text for effect in effects)
    words = _words(_after("⇐", trigger.text if trigger else ""), _after("⇒", texts))
    doubt = _DOUBT if any(channel.style for channel in channels) else _IO
    style = _FAULT if any(channel.is_fault for channel in channels) else doubt
    return _Cell(plain(step.title)), figures, _Cell(words, style)


def _condition(edges: Sequence[Edge]) -> str:
    """Return the conditions and numbers of the edges into a step; the sources are named if they differ."""
    labels = dict.fromkeys(map(_describe_edge, edges))
    is_one = len(labels) <= 1 and not any(edge.numbers for edge in edges)
    if not is_one and len({edge.source for edge in edges}) > 1:
        texts = [f"{plain_name(edge.source)}: {_describe_edge(edge)}" for edge in edges if _describe_edge(edge)]
    else:
        texts = list(filter(None, labels))
    return f"({', '.join(texts)})" if texts else ""


def _describe_edge(edge: Edge) -> str:
    """Return an edge's label and its numbers."""
    return ", ".join(filter(None, (plain(edge.label), numbers.describe_edge(edge))))


def _format_targets(sign: str, edges: Sequence[Edge]) -> str:
    """Return the names of the edges' targets, with their labels."""
    return _after(sign, ", ".join(map(_target, edges)))


def _target(edge: Edge) -> str:
    mark = edge_status.mark(edge)
    details = ", ".join(filter(None, (_describe_edge(edge), mark.words if mark else "")))
    return _words(plain_name(edge.target), f"({details})" if details else "")


def _marks(edges: Sequence[Edge]) -> _Cell:
    """Return the unconfirmed states of edges into a step; the sources are named if they differ."""
    marked_edges = [(edge, mark) for edge in edges if (mark := edge_status.mark(edge))]
    words = dict.fromkeys(mark.words for _, mark in marked_edges)
    if len(words) > 1 or len(marked_edges) < len(edges):
        words = dict.fromkeys(f"{plain_name(edge.source)}: {mark.words}" for edge, mark in marked_edges)
    style = _FAULT if any(mark.fault for _, mark in marked_edges) else _DOUBT
    return _Cell(_after("┄", ", ".join(words)), style)


def _after(sign: str, text: str) -> str:
    return f"{sign} {text}" if text else ""


def _words(*texts: str) -> str:
    return " ".join(filter(None, texts))


def _table(lines: Sequence[_DiagramLine], width: int, *, fold: bool, whole: bool) -> Iterator[Sequence[_Cell]]:
    """Yield the lines with aligned cells and cut titles, fitted to the width as far as possible."""
    whole, width = whole or not width, width or UNLIMITED
    most = width * 2 // 3 if fold else width // 2
    head = min(max((_width(line.pieces) for line in lines if line.cells), default=0), most)
    widths = [
        _column([columns(cell.text) for cell in cells], width, fold=fold)
        for cells in zip(*(line.cells for line in lines if line.cells), strict=True)
    ]
    if widths:
        room = width - head - _GAP - sum(column_width + _GAP for column_width in widths[1:] if column_width)
        widest = max(columns(line.cells[0].text) for line in lines if line.cells)
        if not whole:
            widths[0] = min(widest, room) if room >= MIN_TITLE else 0
    for line in lines:
        aligned_cells = _align_cells(line, head, widths, whole=whole)
        yield from _fold_line(line, aligned_cells, width) if fold else [aligned_cells]


def _column(cells: Sequence[int], width: int, *, fold: bool) -> int:
    """Return the width of a column; a single cell far wider than others does not count if it can go below."""
    if not fold:
        return min(max(cells), width // 3)
    return max(cell for cell in (0, *cells) if cell <= width // 4) or min(max(cells), width // 4)


def _fold_line(line: _DiagramLine, aligned: Sequence[_Cell], width: int) -> Iterator[Sequence[_Cell]]:
    """Yield a line as several if it is too wide: cells that do not fit continue below, beside the lanes."""
    first = len(line.pieces)
    ahead = f"{line.below:<{_width(line.pieces[:-1]) + _GAP}}"
    row = list(aligned[:first])
    for gap, cell in zip(aligned[first::2], aligned[first + 1 :: 2], strict=True):
        if _width([*row, gap, cell]) <= width:
            row += [gap, cell]
            continue
        for part in textwrap.wrap(cell.text, width - len(ahead), break_long_words=False, break_on_hyphens=False):
            yield row
            row = [_Cell(ahead), _Cell(part, cell.style)]
    yield row


def _align_cells(line: _DiagramLine, start: int, widths: Sequence[int], *, whole: bool) -> list[_Cell]:
    pieces = list(line.pieces)
    used_width = _width(pieces)
    for number, (cell, wide) in enumerate(zip(line.cells, widths, strict=False)):
        text = cut(cell.text, wide) if number == 0 and wide and not whole else cell.text
        if text and wide:
            padding = max(start - used_width, 0) + _GAP
            pieces += [_Cell(" " * padding), _Cell(text, cell.style)]
            used_width += padding + columns(text)
        start += wide + _GAP if wide else 0
    return pieces


def _width(pieces: Iterable[_Cell]) -> int:
    return sum(columns(piece.text) for piece in pieces)


def _join_cells(pieces: Iterable[_Cell], *, colour: bool) -> str:
    if not colour:
        return "".join(piece.text for piece in pieces)
    return "".join(f"\x1b[{piece.style}m{piece.text}\x1b[0m" if piece.style else piece.text for piece in pieces)
