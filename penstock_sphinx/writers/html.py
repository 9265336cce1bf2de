"""HTML visitors for our nodes."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from docutils import nodes

from penstock.embed.assets import frame, new_name, thumbnail
from penstock.embed.opening import locate_start
from penstock.embed.overview import Selection
from penstock.render import mermaid, svg
from penstock.render.wording import alt_text
from penstock_sphinx.build.site import full_name
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.flow_names import name_object
from penstock_sphinx.writers.builder_families import is_epub

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.writers.html5 import HTML5Translator

    from penstock.embed.layouts import Look
    from penstock.model import Flow
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Options
    from penstock_sphinx.nodes import flow_block, flow_diagram, flow_doubts, isolated_text


def visit_block(self: HTML5Translator, node: flow_block) -> None:
    """Open the element that holds the style sheet's variables."""
    self.body.append(self.starttag(node, "div", CLASS="penstock"))


def depart_block(self: HTML5Translator, _: flow_block) -> None:
    """Close the element."""
    self.body.append("</div>\n")


def visit_isolated(self: HTML5Translator, node: isolated_text) -> None:
    """Open what keeps its direction to itself."""
    self.body.append(self.starttag(node, "bdi", "", **({"dir": node["dir"]} if "dir" in node else {})))


def depart_isolated(self: HTML5Translator, _: isolated_text) -> None:
    """Close it."""
    self.body.append("</bdi>")


def visit_doubts(self: HTML5Translator, node: flow_doubts) -> None:
    """Open the element around unconfirmed edges, folded if there are many."""
    title = f"<summary>{escape(node['title'])}</summary>" if node["title"] else ""
    self.body.append(self.starttag(node, "details" if title else "div", CLASS="ps-doubts") + title)


def depart_doubts(self: HTML5Translator, node: flow_doubts) -> None:
    """Close it."""
    self.body.append("</details>\n" if node["title"] else "</div>\n")


def visit_diagram(self: HTML5Translator, node: flow_diagram) -> None:
    """Write the drawing, or the Mermaid source if that is requested or there is no layout."""
    number = getattr(self, "penstock_drawn", 0) + 1  # ids are unique on the page, also in singlehtml
    self.penstock_drawn = number  # type: ignore[attr-defined]
    domain = domain_of(self.builder.env)
    flow, layout = domain.site.flow_to_draw(node["subject"], node["look"]), domain.layouts.get(node["key"])
    if node["look"].small:
        self.body.append(_thumbnail(self.builder, node, flow, layout, f"ps{number}"))
    elif by_script(self.builder, node):
        self.body.append(
            _source(
                flow,
                diagram_options(self.builder, node, flow),
                "mermaid",
                node["alt"] or alt_text(flow, node["look"].note),
            )
        )
    elif layout is None:
        self.body.append(_source(flow, replace(diagram_options(self.builder, node, flow), links={}), "ps-source", ""))
    else:
        options = diagram_options(self.builder, node, flow)
        picture = svg.draw(flow, layout, options, prefix=f"ps{number}", alt=node["alt"] or None)
        name = new_name(node["label"], _names(self))
        self.body.append(frame(picture, name, locate_start(flow, layout)) + "\n")
    raise nodes.SkipNode


def _names(translator: HTML5Translator) -> set[str]:
    """Return the names of the frames on the current page."""
    names: set[str] = vars(translator).setdefault("penstock_names", set())
    return names


def by_script(builder: Builder, node: flow_diagram) -> bool:
    """Return whether Mermaid's script draws a diagram; EPUB readers run no scripts."""
    return bool(node["format"] == "mermaid" and not is_epub(builder))


def diagram_options(builder: Builder, node: flow_diagram, flow: Flow) -> Options:
    """Return the options of a diagram, with the address that each of its nodes links to."""
    of_flows = isinstance(node["subject"], Selection)
    targets = (("flow", name_object(step.name)) if of_flows else ("step", full_name(flow, step)) for step in flow.steps)
    address = domain_of(builder.env).address
    addresses = (address(builder, node["docname"], *target) for target in targets)
    links = {step.name: url for step, url in zip(flow.steps, addresses, strict=True) if url}
    look: Look = node["look"]
    return look.drawing(links)


def _thumbnail(builder: Builder, node: flow_diagram, flow: Flow, layout: Layout | None, prefix: str) -> str:
    """Return a small picture that is one link as a whole, or an empty string without a layout."""
    if layout is None:
        return ""
    picture = svg.draw(flow, layout, node["look"].drawing(), prefix=prefix, alt="", least_scale=0)
    url = domain_of(builder.env).address(builder, node["docname"], "flow", full_name(flow))
    return f"{thumbnail(picture, url)}\n"


def _source(flow: Flow, options: Options, css: str, label: str) -> str:
    attributes = f' role="group" aria-label="{escape(label)}"' if label else ""
    # it may be wider than the page, and without a pointer only a focused element can be scrolled
    return f'<pre class="{css}"{attributes} tabindex="0">{escape(mermaid.render(flow, options))}</pre>\n'
