"""The diagram of a flow, and its paths, as HTML."""

from __future__ import annotations

import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from penstock.embed.assets import frame
from penstock.errors import RenderError
from penstock.render import edge_status, mermaid, svg
from penstock.render.graphviz.layout import warning
from penstock.render.wording import alt_text, isolate, paragraphs, visible_title
from penstock_mkdocs.html_builder import Markup, arrows, isolate_html, join_html, tag
from penstock_mkdocs.links.svg_links import link_for_scripts, link_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from penstock.embed.options import FigureOptions
    from penstock.model import Flow
    from penstock.render.edge_status import Doubt
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Options
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.page import PageContext

MOST_PATHS = 24
"""Maximum number of paths on a page; ``penstock show --paths`` lists all of them."""

_NEEDLESS = re.compile(r"(?<!</text>)(?<!</title>)\n")


def diagram(
    page: PageContext,
    embed: Embed,
    flow: Flow,
    drawing: Options,
    options: FigureOptions,
    lay_out: Callable[[], Layout],
    *,
    label: str = "",
) -> Markup:
    """Return the diagram of a flow as a figure; if it cannot be drawn, report that and return its Mermaid source.

    Args:
        page: The page.
        embed: The embed that shows it.
        flow: The flow.
        drawing: The options of the drawing.
        options: The options of the embed.
        lay_out: Returns the layout; called only if it is needed.
        label: The name of the figure, by default made from that of the flow.
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
    picture = svg.draw(flow, layout, drawing, prefix=page.new_prefix(), alt=options.alt or alt_text(flow))
    picture = link_twice(picture) if page.is_rewritten else link_for_scripts(link_twice(picture))
    # Site search engines visit every text node; white space is needed where words would touch, and nowhere else.
    picture = _NEEDLESS.sub("", picture)
    label = label or f"Diagram of {isolate(visible_title(flow))}"
    return _figure(Markup(frame(picture, page.new_name(label), svg.locate_start(flow, layout))), options)


def _mermaid(flow: Flow, drawing: Options, options: FigureOptions) -> Markup:
    """Return the Mermaid source, marked up as sites that draw Mermaid expect it."""
    text = mermaid.render(flow, drawing)
    if mermaid.too_large(text):
        raise RenderError(f"flow {flow.name!r} is larger than Mermaid draws; write: format: svg")
    return _figure(_pre(text, "mermaid"), options, label=options.alt or alt_text(flow))


def introduction(flow: Flow, *, title: bool, description: bool) -> Markup:
    """Return a flow's title and description, as far as they are wanted; the title is no heading of the page."""
    parts = [tag("p", visible_title(flow), class_="ps-title")] if title else []
    parts += [tag("p", paragraph, class_="ps-description") for paragraph in paragraphs(flow.description) if description]
    return Markup("\n".join(parts))


def paths(flow: Flow, links: Mapping[str, str]) -> Markup:
    """Return the paths through the flow as a list, at most :data:`MOST_PATHS` of them."""
    first_paths = islice(flow.paths(), MOST_PATHS)
    items = [tag("li", arrows(path, (step_link(name, links) for name in path))) for path in first_paths]
    count = flow.path_count
    title = tag("p", f"{count} path{'' if count == 1 else 's'}", class_="ps-doc-title")
    rest = tag("p", f"… and {count - MOST_PATHS} more.") if count > MOST_PATHS else ""
    return tag("div", title, tag("ol", *items), rest, class_="ps-paths")


def proof(flow: Flow) -> Markup:
    """Return the evidence for the edges: a line, and the unconfirmed edges in words, folded if there are many."""
    summary = edge_status.provenance(flow)
    if summary is None:
        return Markup()
    counts = (tag("span", doubt.text, class_="ps-faults" if doubt.fault else "ps-unproven") for doubt in summary.doubts)
    basis = Markup(f"{tag('span', summary.confirmed, class_='ps-confirmed')}{escape(summary.basis)}")
    line = tag("p", join_html("; ", [basis, *counts]), class_="ps-proof")
    return Markup(f"{line}{_doubts(edge_status.doubts(flow))}")


def _doubts(doubts: Sequence[Doubt]) -> Markup:
    items = (
        tag("li", tag("strong", _ends(doubt)), f": {doubt.words}. {doubt.note}")
        for doubt in doubts[: edge_status.MOST_DOUBTS]
    )
    rest = edge_status.rest(len(doubts))
    listing = Markup(tag("ul", *items) + (tag("p", rest) if rest else ""))
    if len(doubts) > edge_status.MOST_UNFOLDED:
        return tag("details", tag("summary", edge_status.doubts_title(len(doubts))), listing, class_="ps-doubts")
    return tag("div", listing, class_="ps-doubts") if doubts else Markup()


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
