"""The diagram of a flow, and its paths, as HTML."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from penstock.render import html, mermaid, svg
from penstock.render.describe import alt_text
from penstock_mkdocs.markup import Markup, joined, tag
from penstock_mkdocs.site import drawing_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.model import Flow
    from penstock.render.layout import Layout
    from penstock_mkdocs.options import EmbedOptions

MOST_PATHS = 24
"""Paths that a page lists; who wants more asks ``penstock show --paths``."""


def inline_svg(flow: Flow, layout: Layout, options: EmbedOptions, links: Mapping[str, str], prefix: str) -> Markup:
    """Return the drawing as a figure."""
    alt = options.alt or alt_text(flow)
    drawing = svg.draw(flow, layout, drawing_options(options.direction or "TB", links), prefix=prefix, alt=alt)
    label = f"Diagram of {flow.title or flow.name}"
    return _figure(Markup(html.frame(drawing, label)), options)


def mermaid_script(flow: Flow, direction: str, options: EmbedOptions, links: Mapping[str, str]) -> Markup:
    """Return the Mermaid text, marked up as sites expect it that draw Mermaid."""
    text = mermaid.render(flow, drawing_options(direction, links))
    block = _pre(text, "mermaid")
    return _figure(block, options, label=options.alt or alt_text(flow))


def mermaid_source(flow: Flow, direction: str, options: EmbedOptions) -> Markup:
    """Return the Mermaid text as text, for where nothing can be drawn."""
    return _figure(_pre(mermaid.render(flow, drawing_options(direction)), "ps-source"), options)


def too_large(flow: Flow, direction: str) -> bool:
    """Return whether Mermaid refuses to draw the flow."""
    return mermaid.too_large(flow, mermaid.render(flow, drawing_options(direction)))


def paths(flow: Flow, links: Mapping[str, str]) -> Markup:
    """Return the ways through the flow as a list, at most :data:`MOST_PATHS` of them."""
    shown = islice(flow.paths(), MOST_PATHS)
    items = [tag("li", joined(" → ", (linked(name, links) for name in path))) for path in shown]
    count = flow.path_count
    title = tag("p", f"{count} path{'' if count == 1 else 's'}", class_="ps-doc-title")
    rest = tag("p", f"… and {count - MOST_PATHS} more.") if count > MOST_PATHS else ""
    return tag("div", title, tag("ol", *items), rest, class_="ps-paths")


def linked(name: str, links: Mapping[str, str]) -> Markup:
    """Return a step's name, as a link where the step has a heading on the page."""
    return tag("a", name, href=links[name]) if name in links else tag("span", name)


def _figure(content: Markup, options: EmbedOptions, label: str = "") -> Markup:
    caption = tag("figcaption", options.caption) if options.caption else ""
    attributes = {"role": "group", "aria_label": label} if label else {}
    return tag("figure", content, caption, class_="ps-figure", **attributes)


def _pre(text: str, css: str) -> Markup:
    # The element is made by hand: a text on one line would be no Mermaid.
    from html import escape  # noqa: PLC0415 - the name html is taken by the renderer

    return Markup(f'<pre class="{css}"><code>{escape(text)}</code></pre>')
