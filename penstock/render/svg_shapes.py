"""The shapes that a drawing is made of, as SVG: boxes and lines of text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from penstock.render.graphviz.dot import DOUBT, FAULT
from penstock.render.labels import LEADING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.render.graphviz.plain_output import Rectangle
    from penstock.render.labels import TextLine

THIN = 2.0
"""The width of a line, in pixels, up to which its head keeps its usual width."""

BASELINE = 0.96
"""Position of the baseline, in units of the font size from the top of the line."""


def draw_rectangle(box: Rectangle, *, radius: int, fill: str, stroke: str, thick: float) -> str:
    """Return a rectangle with rounded corners."""
    place = f'x="{box.x:.2f}" y="{box.y:.2f}" width="{box.width:.2f}" height="{box.height:.2f}"'
    return f'<rect {place} rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="{thick}"/>'


def draw_texts(lines: Sequence[TextLine], x: float, top: float, anchor: str, css: str, fill: str) -> Iterator[str]:
    """Yield lines of text, one below the other."""
    for line in lines:
        baseline = top + line.size * BASELINE
        top += line.size * LEADING
        place = f'x="{x:.2f}" y="{baseline:.2f}" text-anchor="{anchor}" font-size="{line.size:g}"'
        weight = ' font-weight="bold"' if line.bold else ""
        # if none of the measured fonts is installed, another one is squeezed into its box
        fit = f' textLength="{line.width:.1f}" lengthAdjust="spacingAndGlyphs"' if line.sure else ""
        text = f'<text class="{css}" {place}{weight}{fit} fill="{fill}">{_write_line(line)}</text>'
        yield _describe_line(line, text) if line.mark else text


def _describe_line(line: TextLine, text: str) -> str:
    """Return a line with a mark and a tooltip that explains it."""
    return f'<g class="{"ps-fault" if line.is_fault else "ps-doubt"}"><title>{escape(line.note)}</title>{text}</g>'


def _write_line(line: TextLine) -> str:
    """Return the text of a line, the mark at its end in a colour of its own."""
    if not line.mark:
        return escape(line.text)
    colour = FAULT if line.is_fault else DOUBT
    mark = f'<tspan class="ps-mark" fill="{colour}">{escape(line.mark)}</tspan>'
    return f"{escape(line.text.removesuffix(line.mark))}{mark}"


def sum_heights(lines: Iterable[TextLine]) -> float:
    """Return the height of some lines together, in pixels."""
    return sum(line.height for line in lines)


def format_points(points: Sequence[float]) -> str:
    """Return points, x and y alternating, as SVG writes them."""
    return " ".join(["%.2f,%.2f"] * (len(points) // 2)) % tuple(points)


def widen_head(head: Sequence[float], width: float) -> Sequence[float]:
    """Return the head of an arrow as a triangle that stands out from a thick line: its corners are further apart.

    Args:
        head: The left corner, the tip and the right corner, x and y alternating.
        width: The width of the line, in pixels.
    """
    if width <= THIN:
        return head
    left, top, x, y, right, bottom = head
    middle, factor = ((left + right) / 2, (top + bottom) / 2), 1 + (width - THIN) / THIN
    corners = ((left, top), (right, bottom))
    wide = [tuple(m + (value - m) * factor for m, value in zip(middle, corner, strict=True)) for corner in corners]
    return *wide[0], x, y, *wide[1]
