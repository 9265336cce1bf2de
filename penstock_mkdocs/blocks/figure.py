"""The diagram of a flow, and its paths, as HTML."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from penstock.embed.assets import confirmed_class, frame, state_class
from penstock.embed.opening import locate_start
from penstock.errors import RenderError
from penstock.render import mermaid, svg
from penstock.render.graphviz.layout import warning
from penstock.render.wording import alt_text
from penstock_mkdocs.html_builder import Markup, arrows, isolate_html, join_html, tag
from penstock_mkdocs.links.svg_links import link_for_scripts, link_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from penstock.embed.numbers import NumbersRow, NumbersTable, NumbersView
    from penstock.embed.options import FigureOptions
    from penstock.embed.views import EvidenceView, IntroductionView, PathsView
    from penstock.model import Flow
    from penstock.render.edge_status import Doubt
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Options
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.page import PageContext

_NEEDLESS = re.compile(r"(?<!</text>)(?<!</title>)\n")


def diagram(
    page: PageContext,
    embed: Embed,
    flow: Flow,
    drawing: Options,
    options: FigureOptions,
    lay_out: Callable[[], Layout],
    *,
    label: str,
) -> Markup:
    """Return the diagram of a flow as a figure; if it cannot be drawn, report that and return its Mermaid source.

    Args:
        page: The page.
        embed: The embed that shows it.
        flow: The flow.
        drawing: The options of the drawing.
        options: The options of the embed.
        lay_out: Returns the layout; called only if it is needed.
        label: The name of the figure.
    """
    try:
        if options.format == "mermaid":
            return _mermaid(flow, drawing, options)
        layout = lay_out()
    except RenderError as error:
        page.warn(f"{error} Until then, the diagram's Mermaid text is shown.", embed.line, everywhere=True)
        return _figure(_pre(mermaid.render(flow, drawing), "ps-source"), options)
    if message := warning(flow, layout):
        page.warn(message, embed.line, everywhere=True)
    picture = svg.draw(flow, layout, drawing, prefix=page.new_prefix(), alt=options.alt or None)
    picture = link_twice(picture) if page.is_rewritten else link_for_scripts(link_twice(picture))
    # Site search engines visit every text node; white space is needed where words would touch, and nowhere else.
    picture = _NEEDLESS.sub("", picture)
    name = page.new_name(label)
    return _figure(Markup(frame(picture, name, locate_start(flow, layout))), options)


def _mermaid(flow: Flow, drawing: Options, options: FigureOptions) -> Markup:
    """Return the Mermaid source, marked up as sites that draw Mermaid expect it."""
    text = mermaid.render(flow, drawing)
    if mermaid.too_large(text):
        raise RenderError(f"flow {flow.name!r} is larger than Mermaid draws; write: format: svg")
    return _figure(_pre(text, "mermaid"), options, label=options.alt or alt_text(flow, drawing.note))


def render_introduction(view: IntroductionView) -> Markup:
    """Return what stands above a diagram."""
    parts = [tag("p", view.title, class_="ps-title")] if view.title else []
    return Markup("\n".join([*parts, *(tag("p", part, class_="ps-description") for part in view.paragraphs)]))


def render_paths(view: PathsView, links: Mapping[str, str]) -> Markup:
    """Return the paths through the flow as a list."""
    items = [tag("li", arrows(path, (step_link(name, links) for name in path))) for path in view.paths]
    title = tag("p", view.title, class_="ps-doc-title")
    return tag("div", title, tag("ol", *items), tag("p", view.rest) if view.rest else "", class_="ps-paths")


def render_evidence(view: EvidenceView) -> Markup:
    """Return evidence: a line, and what is not confirmed in words, folded if there is much."""
    counts = (tag("span", count.text, class_=state_class(is_fault=count.fault)) for count in view.counts)
    basis = Markup(f"{tag('span', view.confirmed, class_=confirmed_class(view))}{escape(view.basis)}")
    line = tag("p", join_html("; ", [basis, *counts]), class_="ps-proof")
    return Markup(f"{line}{_doubts(view)}")


def render_numbers(view: NumbersView) -> Markup:
    """Return the origin of the numbers in words, and the tables of steps and edges."""
    tables = (_render_table(table) for table in view.tables)
    return Markup("\n".join([tag("p", view.origin, class_="ps-origin"), *tables]))


def _render_table(table: NumbersTable) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", title) for title in table.heads)))
    rows = (tag("tr", tag("td", _row_name(row)), *(tag("td", cell) for cell in row.cells)) for row in table.rows)
    return tag("div", tag("table", head, tag("tbody", *rows), class_="ps-numbers"), class_="ps-scroll")


def _row_name(row: NumbersRow) -> Markup:
    names = arrows(row.names, map(isolate_html, row.names))
    return join_html(" ", [names, *([f"({row.label})"] if row.label else [])])


def _doubts(view: EvidenceView) -> Markup:
    items = (tag("li", tag("strong", _ends(doubt)), f": {doubt.words}. {doubt.note}") for doubt in view.doubts)
    listing = Markup(tag("ul", *items) + (tag("p", view.rest) if view.rest else ""))
    if view.folded_title:
        return tag("details", tag("summary", view.folded_title), listing, class_="ps-doubts")
    return tag("div", listing, class_="ps-doubts") if view.doubts else Markup()


def _ends(doubt: Doubt) -> Markup:
    names = (doubt.source, doubt.target)
    return arrows(names, map(isolate_html, names))


def step_link(name: str, links: Mapping[str, str]) -> Markup:
    """Return a step's name, as a link if the step has a heading on the page."""
    return tag("a", isolate_html(name), href=links[name]) if name in links else tag("span", isolate_html(name))


def _figure(content: Markup, embed: FigureOptions, label: str = "") -> Markup:
    caption = tag("figcaption", embed.caption) if embed.caption else ""
    attributes = {"role": "group", "aria_label": label} if label else {}
    return tag("figure", content, caption, class_="ps-figure", **attributes)


def _pre(text: str, css: str) -> Markup:
    return Markup(f'<pre class="{css}"><code>{escape(text)}</code></pre>')
