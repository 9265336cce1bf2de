"""Layouts drawn as SVG, for inlining in a page or as a picture of its own.

Every shape carries the light colours as attributes, so the picture is right wherever no style sheet reaches it.
Where ``penstock.css`` does, its classes win, and the site's theme decides.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from penstock.render import dot, marks
from penstock.render.describe import alt_text, safe_url, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.model import Edge, Flow, Step
    from penstock.render.layout import Box, Curve, Layout, Point, Text
    from penstock.render.options import Options

PAD = 8
"""Pixels around the drawing."""

LEAST_SCALE = 0.75
"""A diagram wider than its column shrinks to this; beyond, its frame scrolls."""

NBSP = "\u00a0"

FONT = "Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif"

DASHES = {"solid": "", "dashed": ' stroke-dasharray="5 3"', "dotted": ' stroke-dasharray="1.5 3"'}
WIDTHS = {"solid": 1.6, "dashed": 1.2, "dotted": 1.6}
"""How the line of a marked arrow is drawn."""

DARK = """
@media (prefers-color-scheme: dark) {
.ps-paper { fill: #12151d } .ps-name { fill: #e6e8ee } .ps-sub, .ps-label { fill: #98a2b3 }
.ps-node rect { fill: #1b1f2a; stroke: #30374a } .ps-entry rect { fill: #1a2440; stroke: #84adff }
.ps-io rect { fill: #241f45; stroke: none } .ps-io .ps-sub { fill: #bdb4fe }
.ps-edge path { stroke: #667085 } .ps-edge polygon { stroke: #667085; fill: #667085 }
.ps-channel path { stroke: #5d5394 } .ps-channel polygon { stroke: #5d5394; fill: #5d5394 }
.ps-doubt path { stroke: #fec84b } .ps-doubt polygon { stroke: #fec84b; fill: #fec84b } .ps-doubt .ps-mark { fill: #fec84b }
.ps-fault path { stroke: #fda29b } .ps-fault polygon { stroke: #fda29b; fill: #fda29b } .ps-fault .ps-mark { fill: #fda29b }
}
"""


def draw(
    flow: Flow,
    layout: Layout,
    options: Options,
    *,
    prefix: str,
    standalone: bool = False,
    alt: str | None = None,
    least_scale: float = LEAST_SCALE,
) -> str:
    """Return a laid out flow as an ``<svg>`` element.

    Args:
        flow: The flow.
        layout: Its layout, made with the same options.
        options: Links turn nodes into links; all addresses but relative ones and those of the web are dropped.
        prefix: What the ids begin with, so that they are unique on a page.
        standalone: Whether the picture stands in a file of its own, with a background and a dark variant.
        alt: What to say instead of the generated description; an empty text hides the picture from screen readers.
        least_scale: How small the picture may get in a column that is narrower.

    Returns:
        The element, one CSS pixel for one unit, its texts apart by white space as a search index needs it.
    """
    width, height = round(layout.width + 2 * PAD, 2), round(layout.height + 2 * PAD, 2)
    said = escape(alt_text(flow) if alt is None else alt)
    role = f'role="group" aria-label="{said}"' if said else 'aria-hidden="true"'
    least = f' style="min-width:{round(width * least_scale)}px"' if least_scale else ""
    parts = [
        (
            f'<svg class="ps-svg" xmlns="http://www.w3.org/2000/svg" viewBox="{-PAD} {-PAD} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}"{least} {role} font-family="{FONT}">'
        )
    ]
    if standalone:
        parts.append(f"<style>{DARK}</style>")
        parts.append(
            f'<rect class="ps-paper" x="{-PAD}" y="{-PAD}" width="{width:g}" height="{height:g}" fill="#ffffff"/>'
        )
    parts += _edges(flow, layout.curves)
    parts += _nodes(flow, layout.boxes, options, prefix)
    parts.append("</svg>")
    return "\n".join(parts)


def _nodes(flow: Flow, boxes: Mapping[str, Box], options: Options, prefix: str) -> Iterator[str]:
    for number, step in enumerate(flow.steps):
        name = f"s{number}"
        yield _step(step, boxes[name], options, f"{prefix}-{name}")
    for name, box in boxes.items():
        if not name.startswith("s"):
            yield f'<g class="ps-node ps-io" id="{prefix}-{name}">\n{_io(box)}\n</g>'


def _step(step: Step, box: Box, options: Options, ident: str) -> str:
    entry = step.entrypoint and options.details
    classes = "ps-node ps-entry" if entry else "ps-node ps-step"
    fill, stroke, thick = (dot.ACCENT_CARD, dot.ACCENT, 1.4) if entry else (dot.CARD, dot.EDGE, 1.2)
    inner = [
        _rect(box, radius=10, fill=fill, stroke=stroke, thick=thick),
        *(_text(text, *(("ps-name", dot.INK) if text.bold else ("ps-sub", dot.MUTED))) for text in box.texts),
    ]
    tooltip = visible(step.title) if options.details else ""
    if tooltip:
        inner.insert(0, f"<title>{escape(tooltip)}</title>")
    url = safe_url(options.links.get(step.name, ""))
    opening, closing = (f'<a href="{escape(url)}"', "a") if url else ("<g", "g")
    return "\n".join([f'{opening} class="{classes}" id="{escape(ident)}">', *inner, f"</{closing}>"])


def _io(box: Box) -> str:
    shape = _rect(box, radius=8, fill=dot.CHANNEL_CARD, stroke="none", thick=1)
    texts = (text._replace(text=text.text.strip(NBSP)) for text in box.texts)  # padded on both sides, see dot.py
    return "\n".join([shape, *(_text(text, "ps-sub", dot.CHANNEL) for text in texts)])


def _edges(flow: Flow, curves: Iterable[Curve]) -> Iterator[str]:
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    waiting: dict[tuple[str, str], list[Edge]] = {}
    for edge in flow.edges:
        waiting.setdefault((index[edge.source], index[edge.target]), []).append(edge)
    for curve in curves:
        drawn = waiting.get((curve.source, curve.target))  # several on one way come in their order
        if drawn:
            yield _edge(curve, drawn.pop(0))
        else:
            yield _arrow(curve, "ps-edge ps-channel", dot.CHANNEL_LINE, 1.1, [], curve.texts)


def _edge(curve: Curve, edge: Edge) -> str:
    found = marks.mark(edge)
    if found is None:
        return _arrow(curve, "ps-edge", dot.LINE, 1.1, [], curve.texts)
    name, colour = ("ps-fault", dot.FAULT) if found.fault else ("ps-doubt", dot.DOUBT)
    note = visible(edge.note) or found.words
    written = 1 if found.label else 0
    texts, marked = curve.texts[: len(curve.texts) - written], curve.texts[len(curve.texts) - written :]
    more = [f"<title>{escape(note)}</title>", *(_text(text, "ps-mark", colour) for text in marked)]
    return _arrow(curve, f"ps-edge {name} ps-{edge.state}", colour, WIDTHS[found.line], more, texts, DASHES[found.line])


def _arrow(
    curve: Curve, classes: str, colour: str, width: float, more: Iterable[str], texts: Iterable[Text], dash: str = ""
) -> str:
    first, *rest = curve.points
    path = f"M{_shown([first])}C{_shown(rest)}"
    inner = [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>',
        f'<polygon points="{_shown(curve.head)}" fill="{colour}" stroke="{colour}"/>',
        *(_text(text, "ps-label", dot.MUTED) for text in texts),
        *more,
    ]
    return "\n".join([f'<g class="{classes}" data-from="{curve.source}" data-to="{curve.target}">', *inner, "</g>"])


def _rect(box: Box, *, radius: int, fill: str, stroke: str, thick: float) -> str:
    place = f'x="{box.x:g}" y="{box.y:g}" width="{round(box.width, 2):g}" height="{round(box.height, 2):g}"'
    return f'<rect {place} rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="{thick}"/>'


def _text(text: Text, css: str, fill: str) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    place = f'x="{text.x:g}" y="{text.y:g}" text-anchor="{text.anchor}" font-size="{text.size:g}"'
    shown = text.text.strip(" ").rstrip(NBSP)
    # where none of the fonts is there that the layout measured, another one is squeezed into its box
    fit = f' textLength="{text.width:g}" lengthAdjust="spacingAndGlyphs"' if shown == text.text else ""
    return f'<text class="{css}" {place}{weight}{fit} fill="{fill}">{escape(shown)}</text>'


def _shown(points: Iterable[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
