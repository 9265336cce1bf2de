"""The evidence for a flow's edges: a line under its diagram, a list in words, and the reports of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from penstock.render import edge_status
from penstock_sphinx.nodes import AS_WRITTEN, flow_doubts, isolate_text, keep_order

if TYPE_CHECKING:
    from penstock.model import Flow

logger = logging.getLogger(__name__)


def proof(flow: Flow) -> list[nodes.Node]:
    """Return the nodes under a flow's diagram; empty if edges are not checked."""
    summary = edge_status.provenance(flow)
    if summary is None:
        return []
    parts: list[nodes.Node] = [nodes.inline("", summary.confirmed, classes=["ps-confirmed"]), nodes.Text(summary.basis)]
    for doubt in summary.doubts:
        css = "ps-faults" if doubt.fault else "ps-unproven"
        parts += [nodes.Text("; "), nodes.inline("", doubt.text, classes=[css])]
    return [
        nodes.paragraph("", "", *parts, classes=["ps-proof"], translatable=False, **AS_WRITTEN),
        *_list(edge_status.doubts(flow)),
    ]


def _list(doubts: tuple[edge_status.Doubt, ...]) -> list[nodes.Node]:
    if not doubts:
        return []
    items = [_item(doubt) for doubt in doubts[: edge_status.MOST_DOUBTS]]
    rest = edge_status.rest(len(doubts))
    more = [nodes.paragraph("", rest, translatable=False)] if rest else []
    title = edge_status.doubts_title(len(doubts)) if len(doubts) > edge_status.MOST_UNFOLDED else ""
    return [flow_doubts("", nodes.bullet_list("", *items), *more, title=title)]


def _item(doubt: edge_status.Doubt) -> nodes.list_item:
    names = (doubt.source, doubt.target)
    line = [isolate_text(doubt.source), nodes.Text(" → "), isolate_text(doubt.target)]
    arrow = nodes.strong("", "", *keep_order(names, line))
    words = nodes.Text(f": {doubt.words}. {doubt.note}".rstrip())
    return nodes.list_item("", nodes.paragraph("", "", arrow, words, translatable=False, **AS_WRITTEN))
