"""The evidence for a flow's edges, or for its triggers and effects: a line under its diagram, and a list in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

from penstock.embed.assets import confirmed_class, state_class
from penstock_sphinx.nodes import AS_WRITTEN, flow_doubts, isolate_text, keep_order

if TYPE_CHECKING:
    from penstock.embed.views import EvidenceView
    from penstock.render.edge_status import Doubt


def make_evidence(view: EvidenceView) -> list[nodes.Node]:
    """Return the nodes under a flow's diagram."""
    parts: list[nodes.Node] = [
        nodes.inline("", view.confirmed, classes=[confirmed_class(view)]),
        nodes.Text(view.basis),
    ]
    for count in view.counts:
        parts += [nodes.Text("; "), nodes.inline("", count.text, classes=[state_class(is_fault=count.fault)])]
    line = nodes.paragraph("", "", *parts, classes=["ps-proof"], translatable=False, **AS_WRITTEN)
    return [line, _list(view)] if view.doubts else [line]


def _list(view: EvidenceView) -> flow_doubts:
    more = [nodes.paragraph("", view.rest, translatable=False)] if view.rest else []
    return flow_doubts("", nodes.bullet_list("", *map(_item, view.doubts)), *more, title=view.folded_title)


def _item(doubt: Doubt) -> nodes.list_item:
    names = (doubt.source, doubt.target)
    line = [isolate_text(doubt.source), nodes.Text(" → "), isolate_text(doubt.target)]
    arrow = nodes.strong("", "", *keep_order(names, line))
    words = nodes.Text(f": {doubt.words}. {doubt.note}".rstrip())
    return nodes.list_item("", nodes.paragraph("", "", arrow, words, translatable=False, **AS_WRITTEN))
