"""Flows as DOT, the language of Graphviz, written by the ``graphviz`` package."""

from __future__ import annotations

import html
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from penstock.errors import MissingExtraError
from penstock.render import marks
from penstock.render._plain import columns, plain_name
from penstock.render.describe import safe_url, visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options

MOST_WITH_TITLES = 15
"""A flow of more steps shows their names only, or its picture would be all text."""

TITLE_WIDTH = 30
"""Characters on a line of a step's title."""

INK, MUTED, LINE = "#1f2430", "#667085", "#98a2b3"
CARD, EDGE, ACCENT, ACCENT_CARD = "#ffffff", "#e4e7ec", "#2f6fed", "#eef4ff"
CHANNEL, CHANNEL_CARD, CHANNEL_LINE = "#6941c6", "#f4f3ff", "#b9aef5"
DOUBT, FAULT = "#b54708", "#b42318"

# Helvetica's metrics are those of Arial, Liberation Sans and Arimo, so a browser's text fits the boxes.
GRAPH = {"nodesep": "0.35", "ranksep": "0.42", "pad": "0.1"}
NODE = {
    "fontname": "Helvetica",
    "fontsize": "13",
    "fontcolor": INK,
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0.14,0.08",
    "fillcolor": CARD,
    "color": EDGE,
}
ARROW = {"fontname": "Helvetica", "fontsize": "10", "fontcolor": MUTED, "color": LINE, "arrowsize": "0.65"}
PILL = {
    "fontsize": "10.5",
    "height": "0.28",
    "margin": "0.1,0.03",
    "fillcolor": CHANNEL_CARD,
    "color": CHANNEL_CARD,
    "fontcolor": CHANNEL,
}

PAINT = frozenset({"URL", "bgcolor", "color", "fillcolor", "fontcolor", "labeltooltip", "style", "tooltip"})
"""The attributes that move nothing."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Graph attributes that give up beauty for time, for graphs that are too dense to lay out well."""

    nslimit: str = "2"
    mclimit: str = "0.3"
    splines: str = "line"


def render(
    flow: Flow,
    options: Options,
    *,
    relaxed: Relaxed | None = None,
    background: str = "transparent",
    places_only: bool = False,
) -> str:
    """Return the flow as DOT text.

    Nodes are called ``s0``, ``s1``, … for steps, ``t0``, … for triggers and ``e0``, … for effects, in flow order,
    so no user's text is ever an identifier.

    Args:
        flow: The flow.
        options: The direction, the amount of detail, and the links.
        relaxed: Settings for a graph that is too dense to lay out well.
        background: The colour behind the drawing.
        places_only: Whether to leave out what does not move anything, such as colours: the engine repeats all of
            it for each node, which makes most of its output.

    Raises:
        MissingExtraError: The ``graphviz`` package is not installed.
    """
    pen = _pen({"rankdir": options.direction, "bgcolor": background}, relaxed, PAINT if places_only else frozenset())
    index = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    titled = options.details and len(flow.steps) <= MOST_WITH_TITLES
    for step in flow.steps:
        pen.node(index[step.name], _label(step, titled=titled), **_look(step, options))
    if options.details:
        _draw_channels(pen, flow, index)
    for edge in flow.edges:
        pen.edge(index[edge.source], index[edge.target], **_arrow(edge, options))
    return str(pen.graph.source)


def triggers(flow: Flow) -> dict[str, list[str]]:
    """Return each distinct trigger with the names of the entrypoints that it starts."""
    found: dict[str, list[str]] = {}
    for step in flow.steps:
        if visible(step.trigger):
            found.setdefault(visible(step.trigger), []).append(step.name)
    return found


def effects(flow: Flow) -> dict[str, list[str]]:
    """Return the effects of each step that has some; they share a pill beside it."""
    found = {step.name: list(filter(None, map(visible, step.effects))) for step in flow.steps}
    return {name: changed for name, changed in found.items() if changed}


class _Pen:
    """Writes nodes and arrows into a graph of the ``graphviz`` package, without the attributes that are left out."""

    def __init__(self, graph: Any, left_out: AbstractSet[str]) -> None:
        self.graph = graph
        self._left_out = left_out

    def node(self, name: str, label: str, **look: str) -> None:
        self.graph.node(name, label, **_without(look, self._left_out))

    def edge(self, source: str, target: str, **look: str) -> None:
        self.graph.edge(source, target, **_without(look, self._left_out))


def _without(attributes: dict[str, str], left_out: AbstractSet[str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in left_out}


def _pen(settings: dict[str, str], relaxed: Relaxed | None, left_out: AbstractSet[str]) -> _Pen:
    try:
        import graphviz  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("DOT and pictures need the packages graphviz and graphviz-pure", "graphviz") from None
    attributes = GRAPH | settings | (asdict(relaxed) if relaxed else {})
    graph, node, arrow = (_without(given, left_out) for given in (attributes, NODE, ARROW))
    return _Pen(graphviz.Digraph(name="flow", graph_attr=graph, node_attr=node, edge_attr=arrow), left_out)


def _label(step: Step, *, titled: bool) -> str:
    """Return a label of one or more lines; graphviz takes what stands in angle brackets as markup."""
    name = _padded(plain_name(step.name))
    lines = textwrap.wrap(visible(step.title), TITLE_WIDTH, max_lines=3, placeholder=" …") if titled else []
    rows = [f'<tr><td align="left"><font point-size="13"><b>{_escaped(name)}</b></font></td></tr>']
    if lines:
        text = '<br align="left"/>'.join(_escaped(_padded(line)) for line in lines)
        small = f'<font point-size="10" color="{MUTED}">{text}<br align="left"/></font>'
        rows.append(f'<tr><td align="left" balign="left">{small}</td></tr>')
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{"".join(rows)}</table>>'


def _look(step: Step, options: Options) -> dict[str, str]:
    look = {"color": ACCENT, "fillcolor": ACCENT_CARD} if step.entrypoint and options.details else {}
    if options.details and visible(step.title):
        look["tooltip"] = _quoted(visible(step.title))
    if url := safe_url(options.links.get(step.name, "")):
        look["URL"] = _quoted(url)
    return look


def _arrow(edge: Edge, options: Options) -> dict[str, str]:
    labels = (visible(edge.label) if options.details else "", marks.label(edge))
    texts = [_text(f"\u00a0\u00a0{label}") for label in labels if label]
    look = {"label": _joined(texts)} if texts else {}
    if found := marks.mark(edge):
        colour = FAULT if found.fault else DOUBT
        look |= {"style": found.line, "color": colour, "fontcolor": colour}
        if note := visible(edge.note):
            look |= {"tooltip": _quoted(note), "labeltooltip": _quoted(note)}
    return look


def _draw_channels(pen: _Pen, flow: Flow, index: dict[str, str]) -> None:
    arrow = {"color": CHANNEL_LINE, "arrowsize": "0.5"}
    for number, (trigger, started) in enumerate(triggers(flow).items()):
        pen.node(f"t{number}", _text(_centred(trigger)), **PILL)
        for name in started:
            pen.edge(f"t{number}", index[name], **arrow)
    for number, (name, changed) in enumerate(effects(flow).items()):
        pen.node(f"e{number}", _lines(changed), **PILL)
        pen.edge(index[name], f"e{number}", **arrow)
        with pen.graph.subgraph(graph_attr={"rank": "same"}) as beside:
            beside.node(index[name])
            beside.node(f"e{number}")


def _escaped(text: str) -> str:
    """Return text for a label of markup, in which Graphviz replaces a backslash and an N all the same."""
    return html.escape(text, quote=True).replace("\\", "\\\\")


def _text(text: str) -> str:
    """Return text for a plain label, in which Graphviz would see ``&lt;`` and its like."""
    return _quoted(text.replace("&", "&amp;"))


def _quoted(text: str) -> str:
    """Return text in which the graphviz package and Graphviz see no escape sequence and no markup."""
    import graphviz  # noqa: PLC0415 - optional

    escaped: str = graphviz.escape(text)
    return escaped


def _lines(texts: Iterable[str]) -> str:
    """Return texts as the lines of one label."""
    return _joined([_text(_centred(text)) for text in texts])


def _joined(texts: Iterable[str]) -> str:
    """Return texts that are labels as the lines of one, without markup as in :func:`_quoted`."""
    import graphviz  # noqa: PLC0415 - optional

    joined: str = graphviz.nohtml(r"\n".join(texts))
    return joined


def _padded(text: str) -> str:
    """Widen text whose characters Graphviz's metrics take for narrower than browsers draw them."""
    return text + "\u00a0" * _missing(text)


def _centred(text: str) -> str:
    half = "\u00a0" * ((_missing(text) + 1) // 2)
    return f"{half}{text}{half}"


def _missing(text: str) -> int:
    return max(columns(text) - len(text), 0)
