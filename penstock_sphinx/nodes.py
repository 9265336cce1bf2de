"""Nodes of our own, and how HTML shows them; :mod:`penstock_sphinx.plain` replaces them for all other builders."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx import addnodes

from penstock.render import mermaid, svg
from penstock.render.describe import alt_text, visible
from penstock.render.html import frame
from penstock.render.options import Options

if TYPE_CHECKING:
    from sphinx.writers.html5 import HTML5Translator

    from penstock.model import Flow
    from penstock.render.layout import Layout
    from penstock_sphinx.domain import PenstockDomain

QUIET = "penstock_quiet"
"""The attribute of a reference that stays text, without a warning, where its target is not documented."""

CHIP = "ps-chip"


class flow_block(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """All that a directive shows of a flow."""


class flow_diagram(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The drawing of a flow.

    Its children are references to the steps, one each, in the order of the flow. So every builder resolves them
    as it resolves all references, and the addresses are put into the drawing when it is written.
    """


def step_reference(name: str, full_name: str, docname: str) -> addnodes.pending_xref:
    """Return a reference to a step, which stays text where the step is documented nowhere."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", visible(name)),
        refdomain="penstock",
        reftype="step",
        reftarget=full_name,
        refdoc=docname,
        refexplicit=True,
        **{QUIET: True},
    )


def flow_reference(flow: Flow, docname: str, shown: str = "") -> addnodes.pending_xref:
    """Return a reference to a flow, which stays text where the flow is documented nowhere."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", shown or visible(flow.name)),
        refdomain="penstock",
        reftype="flow",
        reftarget=visible(flow.full_name),
        refdoc=docname,
        refexplicit=True,
        **{QUIET: True},
    )


def visit_block(self: HTML5Translator, node: flow_block) -> None:
    """Open the element that holds the style sheet's variables."""
    self.body.append(self.starttag(node, "div", CLASS="penstock"))


def depart_block(self: HTML5Translator, _: flow_block) -> None:
    """Close the element."""
    self.body.append("</div>\n")


def visit_diagram(self: HTML5Translator, node: flow_diagram) -> None:
    """Write the drawing, or the Mermaid text where that is wanted or nothing could be laid out."""
    drawn = getattr(self, "penstock_drawn", 0) + 1  # ids are unique on the page, also on that of singlehtml
    self.penstock_drawn = drawn  # type: ignore[attr-defined]
    flow: Flow = node["flow"]
    small = node["format"] == "small"
    options = Options(direction=node["direction"], details=not small, links={} if small else links(node, flow))
    layout = cast("PenstockDomain", self.builder.env.get_domain("penstock")).layout(node["key"])
    if small:
        self.body.append(_thumbnail(node, flow, layout, options, f"ps{drawn}"))
    elif node["format"] == "mermaid":
        self.body.append(_source(flow, options, "mermaid", node["alt"] or alt_text(flow)))
    elif layout is None:
        self.body.append(_source(flow, replace(options, links={}), "ps-source", ""))
    else:
        picture = svg.draw(flow, layout, options, prefix=f"ps{drawn}", alt=node["alt"] or None)
        self.body.append(frame(picture, node["label"]) + "\n")
    raise nodes.SkipNode


def _thumbnail(node: flow_diagram, flow: Flow, layout: Layout | None, options: Options, prefix: str) -> str:
    """Return a small picture that is one link as a whole, or nothing where none could be laid out."""
    if layout is None:
        return ""
    picture = svg.draw(flow, layout, options, prefix=prefix, alt="", least_scale=0)
    link = next(node.findall(nodes.reference), None)
    url = escape((link.get("refuri") or f"#{link['refid']}") if link else "")
    # the table says in words what the picture shows, and has a link for the keyboard
    attributes = f'href="{url}" tabindex="-1"' if url else ""
    return f'<a class="ps-thumb" {attributes} aria-hidden="true">{picture}</a>\n'


def links(node: flow_diagram, flow: Flow) -> dict[str, str]:
    """Return where each step of a diagram leads, once its references are resolved."""
    return {
        step.name: reference.get("refuri") or f"#{reference['refid']}"
        for step, reference in zip(flow.steps, node.children, strict=False)
        if isinstance(reference, nodes.reference)
    }


def _source(flow: Flow, options: Options, css: str, label: str) -> str:
    attributes = f' role="group" aria-label="{escape(label)}"' if label else ""
    return f'<pre class="{css}"{attributes}>{escape(mermaid.render(flow, options))}</pre>\n'
