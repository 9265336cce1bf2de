"""Flows as text for the terminal: up to thirty steps drawn with lanes, larger ones as an indented list.

A lane is a vertical line that waits for one step. A step opens a lane for each arrow whose target has none yet, joins
the lanes that are there, and ends its own; so from the lines alone one can tell every arrow.
"""

from __future__ import annotations

import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from penstock.render._plain import plain, plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options

MAX_DRAWN = 30
"""How many steps are drawn; beyond, they are listed."""

MAX_INDENT = 12
"""How many levels the list indents; what is deeper stands at the last one, so that the text stays on the screen."""

MIN_TITLE = 12
"""Titles are left out where fewer columns than this remain for them."""

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_GLYPHS = {
    0: " ",
    _UP | _DOWN: "│",
    _LEFT | _RIGHT: "─",
    _UP | _LEFT: "╯",
    _UP | _RIGHT: "╰",
    _DOWN | _LEFT: "╮",
    _DOWN | _RIGHT: "╭",
    _UP | _DOWN | _LEFT: "┤",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _LEFT | _RIGHT: "┴",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
_GAP = "  "
_PLAIN, _ENTRY, _IO, _DIM = "", "1;34", "35", "2"


class Cell(NamedTuple):
    """Text in one column of a line, and its style as ANSI codes."""

    text: str
    style: str = _PLAIN


class Line(NamedTuple):
    """One line: what stands left of the name, the name, and the cells after it, the first of which is the title."""

    lanes: str
    name: Cell = Cell("")
    cells: tuple[Cell, ...] = ()


def render(flow: Flow, options: Options, *, colour: bool = False, width: int = 80) -> str:
    """Return the flow as text for a terminal, without a newline at the end.

    Args:
        flow: The flow to draw.
        options: With ``details``, titles, triggers and effects are written beside the steps.
        colour: Whether ANSI colours are added; the visible text is the same.
        width: The terminal's columns; titles are cut to fit, names and what is drawn never are.
    """
    lines = _drawing(flow, options) if len(flow.steps) <= MAX_DRAWN else _listing(flow, options)
    return _laid_out(list(lines), colour=colour, width=width)


def _drawing(flow: Flow, options: Options) -> Iterator[Line]:
    forward, _ = _directed(flow)
    lanes: list[str | None] = []
    above = -1
    for step in flow.steps:
        column = _column(lanes, step.name)
        if column == above and lanes[column] is None:
            yield Line(_row(lanes))  # or it would seem to follow the step above
        lanes[column] = None
        mark = "◆" if step.entrypoint else "○"
        yield Line(_row(lanes, column, mark), _name(step), _cells(step, options, _into(flow, step), _back(flow, step)))
        turns = list(_turns(lanes, column, forward[step.name]))
        yield from map(Line, turns)
        above = -1 if turns else column


def _directed(flow: Flow) -> tuple[dict[str, list[str]], set[tuple[str, str]]]:
    """Return the targets below each step, and the arrows that go back up."""
    place = {step.name: index for index, step in enumerate(flow.steps)}
    forward = {
        source: [target for target in targets if place[target] > place[source]]
        for source, targets in flow.successors.items()
    }
    back = {(edge.source, edge.target) for edge in flow.edges if place[edge.target] <= place[edge.source]}
    return forward, back
