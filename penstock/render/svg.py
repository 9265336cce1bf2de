"""Renders layouts as SVG, for inlining in a page or as a standalone picture.

Every shape has the light colours as attributes, so the picture is right even without a style sheet.
With ``penstock.css``, its classes win, and the site's theme decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from penstock.render import edge_status, font_metrics, labels, numbers
from penstock.render.graphviz import dot
from penstock.render.graphviz.plain_output import Rectangle
from penstock.render.svg_shapes import draw_rectangle, draw_texts, format_points, sum_heights, widen_head
from penstock.render.wording import alt_text, name_ends, safe_url, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.model import Edge, Flow, Step
    from penstock.render.graphviz.plain_output import Curve, Layout
    from penstock.render.labels import TextBlock, TextLine
    from penstock.render.options import Options

PAD = 8
"""Pixels around the drawing."""

NOTE_ROOM = 20
"""Pixels above a drawing, for a note."""

LEAST_SCALE = 1.0
"""Minimum scale of a diagram wider than its column, whose frame scrolls: its text stays as large as the text around it."""

SMALL_ROOM = (230, 140)
"""Pixels that a small drawing has in a table; a larger one is scaled down, and has no letters."""

LABEL_GAP = 2
"""Pixels by which a label is shifted right of the centre of its room, away from the line."""

FONT = "Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif"

DASHES = {"solid": "", "dashed": ' stroke-dasharray="5 3"', "dotted": ' stroke-dasharray="1.5 3"'}
WIDTHS = {"solid": 1.6, "dashed": 1.2, "dotted": 1.6}
"""Dash patterns and widths of styled edges' lines."""

DARK = """
@media (prefers-color-scheme: dark) {
.ps-paper { fill: #12151d } .ps-name { fill: #e6e8ee } .ps-sub, .ps-label { fill: #98a2b3 }
.ps-node rect { fill: #1b1f2a; stroke: #30374a } .ps-entry rect { fill: #1a2440; stroke: #84adff }
.ps-io rect, .ps-chip-io rect { fill: #241f45; stroke: none } .ps-io .ps-sub, .ps-chip-io .ps-sub { fill: #bdb4fe }
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
    """Render a layout as an ``<svg>`` element.

    Args:
        flow: The flow.
        layout: Its layout, made with the same options.
        options: Links turn nodes into links; all addresses but relative ones and those on the web are dropped.
        prefix: The prefix of the ids, which makes them unique on a page.
        standalone: Whether the picture is in a file of its own, with a background and a dark variant.
        alt: A replacement for the generated description; an empty text hides the picture from screen readers.
        least_scale: The minimum scale of the picture in a narrower column.

    Returns:
        The element, one CSS pixel per unit, with white space between its texts, which search indexes need.
    """
    if layout.folded:
        options = replace(options, folded=True)
    geometry = layout.geometry()
    note = " ".join(filter(None, (layout.note, options.note)))
    top = NOTE_ROOM if note else 0
    least_width = font_metrics.width(note, labels.LABEL_SIZE)[0] if note else 0
    width = round(max(geometry.width, least_width) + 2 * PAD, 2)
    height = round(geometry.height + top + 2 * PAD, 2)
    aria_label = escape(alt_text(flow, options.note) if alt is None else alt)
    role = f'role="group" aria-label="{aria_label}"' if aria_label else 'aria-hidden="true"'
    least = f' style="min-width:{round(width * least_scale)}px"' if least_scale else ""
    parts = [
        (
            f'<svg class="ps-svg" xmlns="http://www.w3.org/2000/svg" viewBox="{-PAD} {-PAD - top} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}"{least} {role} direction="ltr" font-family="{FONT}">'
        )
    ]
    if standalone:
        parts.append(f"<style>{DARK}</style>")
        parts.append(
            f'<rect class="ps-paper" x="{-PAD}" y="{-PAD - top}" width="{width:g}" height="{height:g}" fill="#ffffff"/>'
        )
    if note:
        size = labels.LABEL_SIZE
        place = f'x="0" y="{-top + size}" font-size="{size:g}"'
        parts.append(f'<text class="ps-label" {place} fill="{dot.MUTED}">{escape(note)}</text>')
    parts += _edges(flow, geometry.curves, details=options.details)
    if options.small:
        has_room = geometry.width <= SMALL_ROOM[0] and geometry.height <= SMALL_ROOM[1]
        parts += _small_nodes(flow, geometry.boxes, has_letters=has_room)
    else:
        parts += _nodes(flow, geometry.boxes, options, prefix)
    parts.append("</svg>")
    return "\n".join(parts)


def _small_nodes(flow: Flow, boxes: Mapping[str, Rectangle], *, has_letters: bool) -> Iterator[str]:
    """Yield the boxes of a small drawing, with the initials of the steps where there is room."""
    for number, step in enumerate(flow.steps):
        box, label = boxes[f"s{number}"], labels.of_small_step(step)
        classes, fill, stroke = (
            ("ps-entry", dot.ACCENT_CARD, dot.ACCENT) if step.entrypoint else ("ps-step", dot.CARD, dot.LINE)
        )
        rect = draw_rectangle(box, radius=4, fill=fill, stroke=stroke, thick=1.1)
        top = box.y + (box.height - sum_heights(label.lines)) / 2
        letters = (
            draw_texts(label.lines, box.x + box.width / 2, top, "middle", "ps-name", dot.INK) if has_letters else ()
        )
        yield "\n".join([f'<g class="ps-node {classes} ps-small">', rect, *letters, "</g>"])


def _nodes(flow: Flow, boxes: Mapping[str, Rectangle], options: Options, prefix: str) -> Iterator[str]:
    steps = {f"s{number}": step for number, step in enumerate(flow.steps)}
    for name, label in labels.of_nodes(flow, options):
        ident = f"{prefix}-{name}"
        if name in steps:
            yield _step(steps[name], boxes[name], label, options, ident)
        else:
            yield f'<g class="ps-node ps-io" id="{ident}">\n{_io(boxes[name], label)}\n</g>'


def _step(step: Step, box: Rectangle, label: TextBlock, options: Options, ident: str) -> str:
    entry = step.entrypoint and options.details
    classes = "ps-node ps-entry" if entry else "ps-node ps-step"
    fill, stroke, thick = (dot.ACCENT_CARD, dot.ACCENT, 1.4) if entry else (dot.CARD, dot.EDGE, 1.2)
    name, others = label.lines[:1], label.lines[1:]
    titles = [line for line in others if not (line.chip or line.figure)]
    figures, chips = [line for line in others if line.figure], [line for line in others if line.chip]
    widest = max(line.width + (2 * labels.CHIP_PADDING if line.chip else 0) for line in label.lines)
    text_left = box.x + (box.width - widest) / 2
    down = sum_heights(name) + labels.TITLE_GAP
    top = box.y + (box.height - (down + sum_heights(others) if others else sum_heights(name))) / 2
    title = visible(step.title) if options.details else ""
    about = f"{escape(ident)}-about"
    rect = draw_rectangle(box, radius=10, fill=fill, stroke=stroke, thick=thick)
    below = list(draw_texts(titles, text_left, top + down, "start", "ps-sub", dot.MUTED))
    below += draw_texts(figures, text_left, top + down + sum_heights(titles), "start", "ps-sub ps-figures", dot.INK)
    below += _chips(chips, text_left, top + down + sum_heights((*titles, *figures)))
    inner = _write_node_content(
        rect,
        list(draw_texts(name, text_left, top, "start", "ps-name", dot.INK)),
        below,
        title,
        about,
        whole=_is_whole(titles, title),
    )
    url = safe_url(options.links.get(step.name, "")) if options.links else ""
    opening, closing = (f'<a href="{escape(url)}"', "a") if url else ("<g", "g")
    group = "" if url else f' role="group" aria-label="{escape(name[0].text)}"'  # a link is called by what it holds
    named = f'{group} aria-describedby="{about}"' if title or below else ""
    return "\n".join([f'{opening} class="{classes}" id="{escape(ident)}"{named}>', *inner, f"</{closing}>"])


def _is_whole(lines: Sequence[TextLine], title: str) -> bool:
    """Return whether lines show all of a title; only what they leave out needs a tooltip, which search engines read, too."""
    return "".join(line.text for line in lines).replace(" ", "") == title.replace(" ", "")


def _write_node_content(
    rect: str, name: list[str], below: list[str], title: str, ident: str, *, whole: bool
) -> list[str]:
    """Return what is in a node, of which a screen reader has the name as its content, and the title as its description.

    What describes it is hidden (which accname 1.2 allows, step 2A), or it would be a part of the name. A ``<title>`` in a link
    wins over its text (SVG-AAM 1.0, section 8.1), so the tooltip is that of what is around the name,
    which is also what the description refers to: Chromium takes a hidden title for content as soon as it is referred to itself.
    """
    if whole:
        return [rect, *name, f'<g id="{ident}" aria-hidden="true">', *below, "</g>"] if below else [rect, *name]
    around = [f'<g id="{ident}" aria-hidden="true">', f"<title>{escape(title)}</title>", rect, *below, "</g>"]
    return [*around, '<g pointer-events="none">', *name, "</g>"]


def _chips(lines: Sequence[TextLine], left: float, top: float) -> Iterator[str]:
    """Yield the effects that are folded into a step's box, one below the other."""
    for line in lines:
        box = Rectangle(left, top + 2, line.width + 2 * labels.CHIP_PADDING, line.height - 3)
        shape = draw_rectangle(box, radius=7, fill=dot.CHANNEL_CARD, stroke="none", thick=1)
        words = draw_texts(
            [line], left + labels.CHIP_PADDING, top + labels.CHIP_ROOM / 2, "start", "ps-sub", dot.CHANNEL
        )
        yield "\n".join(['<g class="ps-chip-io">', shape, *words, "</g>"])
        top += line.height


def _io(box: Rectangle, label: TextBlock) -> str:
    shape = draw_rectangle(box, radius=8, fill=dot.CHANNEL_CARD, stroke="none", thick=1)
    x, top = box.x + box.width / 2, box.y + (box.height - sum_heights(label.lines)) / 2
    return "\n".join([shape, *draw_texts(label.lines, x, top, "middle", "ps-sub", dot.CHANNEL)])


def _edges(flow: Flow, curves: Iterable[Curve], *, details: bool) -> Iterator[str]:
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    waiting: dict[tuple[str, str], list[Edge]] = {}
    for edge in flow.edges:
        waiting.setdefault((index[edge.source], index[edge.target]), []).append(edge)
    for curve in curves:
        edges = waiting.get((curve.source, curve.target))  # several on one way come in their order
        if edges:
            yield _edge(curve, edges.pop(0), details=details)
        else:
            yield _arrow(curve, "ps-edge ps-channel", dot.CHANNEL_LINE, 1.1)


def _edge(curve: Curve, edge: Edge, *, details: bool) -> str:
    label, mark = labels.of_arrow(edge, details=details), edge_status.mark(edge)
    lines = label.lines if label else ()
    thick = numbers.choose_width(edge)
    if mark is None:
        return _arrow(curve, "ps-edge", dot.LINE, thick or 1.1, _beside(curve, lines, len(lines), dot.MUTED))
    name, colour = ("ps-fault", dot.FAULT) if mark.fault else ("ps-doubt", dot.DOUBT)
    own = len(lines) - (1 if mark.label else 0)
    note = f"<title>{escape(visible(edge.note) or mark.words)}</title>"
    more = [note, *_beside(curve, lines, own, colour)]
    state = re.sub(r"[^a-z]", "-", edge.state)  # a manifest of a newer version may name states of its own
    ends = name_ends(edge.source, edge.target)  # the note alone would not tell one arrow from another
    return _arrow(
        curve, f"ps-edge {name} ps-{state}", colour, thick or WIDTHS[mark.line], more, DASHES[mark.line], called=ends
    )


def _beside(curve: Curve, lines: Sequence[TextLine], own: int, colour: str) -> Iterator[str]:
    """Yield an edge's own lines, followed by the text of its state."""
    if curve.label and lines:
        x, top = curve.label[0] + LABEL_GAP, curve.label[1] - sum_heights(lines) / 2
        yield from draw_texts(lines[:own], x, top, "middle", "ps-label", dot.MUTED)
        yield from draw_texts(lines[own:], x, top + sum_heights(lines[:own]), "middle", "ps-mark", colour)


def _arrow(
    curve: Curve,
    classes: str,
    colour: str,
    width: float,
    more: Iterable[str] = (),
    dash: str = "",
    *,
    called: str = "",
) -> str:
    inner = [
        f'<path d="M{format_points(curve.points[:2])}C{format_points(curve.points[2:])}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>',
        f'<polygon points="{format_points(widen_head(curve.head, width))}" fill="{colour}" stroke="{colour}"/>',
        *more,
    ]
    named = f' role="group" aria-label="{escape(called)}"' if called else ""
    opening = f'<g class="{classes}" data-from="{curve.source}" data-to="{curve.target}"{named}>'
    return "\n".join([opening, *inner, "</g>"])
