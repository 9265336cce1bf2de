"""Renders flows as DOT, the language of Graphviz, with the ``graphviz`` package."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from penstock._util.display_text import columns, plain_name
from penstock.errors import MissingExtraError
from penstock.render import edge_status, labels, numbers
from penstock.render.graphviz.arrowheads import ARROW_SIZE, PILL_ARROW
from penstock.render.graphviz.pinned_nodes import Pins
from penstock.render.wording import safe_url, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Edge, Flow, Step
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Options
    from penstock.render.use_status import Channel

INK, MUTED, LINE = "#1f2430", "#667085", "#98a2b3"
CARD, EDGE, ACCENT, ACCENT_CARD = "#ffffff", "#e4e7ec", "#2f6fed", "#eef4ff"
CHANNEL, CHANNEL_CARD, CHANNEL_LINE = "#6941c6", "#f4f3ff", "#b9aef5"
DOUBT, FAULT = "#b54708", "#b42318"

# Arial, Liberation Sans and Arimo have Helvetica's metrics, so a browser's text fits the boxes.
GRAPH = {"nodesep": "0.35", "ranksep": "0.42", "pad": "0.1"}
NODE = {
    "fontname": "Helvetica",
    "fontsize": f"{labels.NAME_SIZE}",
    "fontcolor": INK,
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0.14,0.08",
    "fillcolor": CARD,
    "color": EDGE,
}
ARROW = {
    "fontname": "Helvetica",
    "fontsize": f"{labels.LABEL_SIZE}",
    "fontcolor": MUTED,
    "color": LINE,
    "arrowsize": ARROW_SIZE,
}
PILL = {
    "fontsize": f"{labels.PILL_SIZE}",
    "height": "0.28",
    "margin": "0.1,0.03",
    "fillcolor": CHANNEL_CARD,
    "color": CHANNEL_CARD,
    "fontcolor": CHANNEL,
}
NOTE = {"fontname": "Helvetica", "fontsize": f"{labels.LABEL_SIZE}", "fontcolor": MUTED}


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Graph attributes that trade quality for speed, for graphs too dense for a good layout."""

    nslimit: str = "2"
    mclimit: str = "0.3"
    splines: str = "line"


def render_text(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Render the flow as DOT text."""
    del engine, timeout
    return render(flow, options)


def render(
    flow: Flow,
    options: Options,
    *,
    background: str = "transparent",
    layout: Layout | None = None,
) -> str:
    """Render the flow as DOT text.

    Nodes are called ``s0``, ``s1``, … for steps, ``t0``, … for triggers and ``e0``, … for effects, in flow order,
    so user text is never an identifier.

    Args:
        flow: The flow.
        options: The direction, the amount of detail, and the links.
        background: The background colour.
        layout: The layout of the same flow with the same options, which Graphviz keeps with ``-Knop2``.

    Raises:
        MissingExtraError: The ``graphviz`` package is not installed.
    """
    if layout and layout.folded:
        options = replace(options, folded=True)
    graph = _graph({"rankdir": options.direction, "bgcolor": background, **_note(layout, options)})
    pins = Pins(layout.geometry() if layout else None)
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    with_titles = labels.shows_titles(flow, options)
    for step in flow.steps:
        name = index[step.name]
        graph.node(
            name,
            _label(step, labels.folded_effects(flow, step, options), titled=with_titles, folded=options.folded),
            **_look(step, options),
            **pins.node(name),
        )
    if options.details:
        _draw_channels(graph, flow, options, index, pins)
    for edge in flow.edges:
        ends = index[edge.source], index[edge.target]
        graph.edge(*ends, **_arrow(edge, options), **pins.arrow(*ends))
    return str(graph.source)


def _note(layout: Layout | None, options: Options) -> dict[str, str]:
    note = " ".join(filter(None, (layout.note if layout else "", options.note)))
    return {"label": note, "labelloc": "t", "labeljust": "l", **NOTE} if note else {}


def _graph(settings: dict[str, str]) -> Any:
    try:
        import graphviz  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("DOT and pictures need the packages graphviz and graphviz-pure", "graphviz") from None
    return graphviz.Digraph(name="flow", graph_attr=GRAPH | settings, node_attr=NODE, edge_attr=ARROW)


def _label(step: Step, effects: Iterable[Channel], *, titled: bool, folded: bool) -> str:
    """Return a label of one or more lines; graphviz treats text in angle brackets as markup."""
    name = _pad_text(plain_name(step.name))
    lines = labels.wrap_title(visible(step.title), folded=folded) if titled else []
    rows = [f'<tr><td align="left"><font point-size="{labels.NAME_SIZE}"><b>{_escape_label(name)}</b></font></td></tr>']
    if lines:
        text = '<br align="left"/>'.join(_escape_label(_pad_text(line)) for line in lines)
        small = f'<font point-size="{labels.TITLE_SIZE}" color="{MUTED}">{text}<br align="left"/></font>'
        rows.append(f'<tr><td align="left" balign="left">{small}</td></tr>')
    rows += (f'<tr><td align="left">{_shrink_text(line)}</td></tr>' for line in numbers.describe_step(step))
    rows += map(_chip, effects)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{"".join(rows)}</table>>'


def _shrink_text(text: str) -> str:
    return f'<font point-size="{labels.TITLE_SIZE}">{_escape_label(text)}</font>'


def _chip(effect: Channel) -> str:
    """Return the row of an effect that is folded into its step's box."""
    words = _escape_label(f"\u00a0{_pad_text(effect.text)}\u00a0")
    text = f'<font point-size="{labels.PILL_SIZE}" color="{_choose_colour([effect])}">{words}</font>'
    return f'<tr><td align="left" style="rounded" bgcolor="{CHANNEL_CARD}">{text}</td></tr>'


def _look(step: Step, options: Options) -> dict[str, str]:
    look = {"color": ACCENT, "fillcolor": ACCENT_CARD} if step.entrypoint and options.details else {}
    if options.details and visible(step.title):
        look["tooltip"] = _tooltip(step.title)
    if url := safe_url(options.links.get(step.name, "")):
        look["URL"] = _escape_text(_QUOTES.sub(_encode_char, url))
    return look


# Graphviz 2.43 copies them to SVG and PDF unchanged, where they end the attribute or break the document.
_QUOTES = re.compile(r"[\"'<>\\`{}|^]")


def _encode_char(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"


def _arrow(edge: Edge, options: Options) -> dict[str, str]:
    labels = (visible(edge.label) if options.details else "", numbers.describe_edge(edge), edge_status.label(edge))
    texts = [_text(f"\u00a0\u00a0{label}") for label in labels if label]
    look = {"label": _join_lines(texts)} if texts else {}
    if thick := numbers.choose_width(edge):
        look["penwidth"] = f"{thick:g}"
    if mark := edge_status.mark(edge):
        colour = FAULT if mark.fault else DOUBT
        look |= {"style": mark.line, "color": colour, "fontcolor": colour}
        if visible(edge.note):
            look |= {"tooltip": _tooltip(edge.note), "labeltooltip": _tooltip(edge.note)}
    return look


def _draw_channels(graph: Any, flow: Flow, options: Options, index: dict[str, str], pins: Pins) -> None:
    arrow, loops = {"color": CHANNEL_LINE, "arrowsize": PILL_ARROW}, labels.loops(flow)
    for number, (trigger, step_names) in enumerate(labels.triggers(flow).items()):
        graph.node(f"t{number}", _text(_centre_text(trigger.text)), **_draw_pill([trigger]) | pins.node(f"t{number}"))
        for name in step_names:
            graph.edge(f"t{number}", index[name], **arrow, **pins.arrow(f"t{number}", index[name]))
    for number, (name, channels) in enumerate(labels.effects(flow, options).items()):
        texts = [channel.text for channel in channels]
        graph.node(f"e{number}", _lines(texts), **_draw_pill(channels) | pins.node(f"e{number}"))
        graph.edge(index[name], f"e{number}", **arrow, **pins.arrow(index[name], f"e{number}"))
        if name in loops:
            continue
        with graph.subgraph(graph_attr={"rank": "same"}) as beside:
            beside.node(index[name])
            beside.node(f"e{number}")


def _draw_pill(channels: Iterable[Channel]) -> dict[str, str]:
    """Return the look of a trigger, or of a step's effects: as doubtful as the most doubtful of them."""
    sentences = [f"{channel.resource}: {channel.sentence}" for channel in channels if channel.style]
    if not sentences:
        return PILL
    colour = _choose_colour(channels)
    return PILL | {"color": colour, "fontcolor": colour, "tooltip": _tooltip(" ".join(sentences))}


def _choose_colour(channels: Iterable[Channel]) -> str:
    if any(channel.is_fault for channel in channels):
        return FAULT
    return DOUBT if any(channel.style for channel in channels) else CHANNEL


def _escape_label(text: str) -> str:
    """Escape text for a markup label, in which Graphviz still replaces a backslash followed by N."""
    return html.escape(text, quote=True).replace("\\", "\\\\")


def _text(text: str) -> str:
    """Escape text for a plain label, in which Graphviz would decode ``&lt;`` and similar."""
    return _escape_text(text.replace("&", "&amp;"))


def _tooltip(text: str) -> str:
    """Escape text for a tooltip, whose escape sequences Graphviz replaces twice."""
    return _text(_ESCAPE.sub("\\\\\u2060", visible(text)))


_ESCAPE = re.compile(r"\\(?=[EGHLNTlnr\\])")
"""Insert an invisible word joiner after each backslash that would begin an escape sequence."""


def _escape_text(text: str) -> str:
    """Escape text so that the graphviz package and Graphviz see neither escape sequences nor markup."""
    import graphviz  # noqa: PLC0415 - optional

    escaped_text: str = graphviz.escape(text)
    return escaped_text


def _lines(texts: Iterable[str]) -> str:
    """Join texts as the lines of one label."""
    return _join_lines([_text(_centre_text(text)) for text in texts])


def _join_lines(texts: Iterable[str]) -> str:
    """Join label texts as the lines of one label, without markup as in :func:`_escape_text`."""
    import graphviz  # noqa: PLC0415 - optional

    label_text: str = graphviz.nohtml(r"\n".join(texts))
    return label_text


def _pad_text(text: str) -> str:
    """Widen text whose characters are narrower in Graphviz's metrics than in browsers."""
    return text + "\u00a0" * _missing(text)


def _centre_text(text: str) -> str:
    half = "\u00a0" * ((_missing(text) + 1) // 2)
    return f"{half}{text}{half}"


def _missing(text: str) -> int:
    return max(columns(text) - len(text), 0)
