"""Several embedded flows: a table of them, and the map of how they are joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import RenderError
from penstock.render import svg
from penstock.render.describe import slug, visible
from penstock.render.html import thumbnail
from penstock.render.marks import without_proof
from penstock.render.overview import MOST_IN_SMALL, map_text, nothing, size, summary, system_map, triggers
from penstock_mkdocs import figure
from penstock_mkdocs.flow_block import anchors_here
from penstock_mkdocs.host import host_of
from penstock_mkdocs.markup import Markup, joined, tag
from penstock_mkdocs.options import FlowsOptions, MapOptions, OptionError, read_options
from penstock_mkdocs.places import flow_places, relative
from penstock_mkdocs.site import drawing_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from penstock.model import Flow
    from penstock.render.overview import Selection
    from penstock_mkdocs.embeds import Embed
    from penstock_mkdocs.page import Page
    from penstock_mkdocs.site import Site


class _Links(NamedTuple):
    """Where each flow is shown, on this page or another, by its full name.

    Attributes:
        drawn: Links inside drawings.
        written: Links in the text.
    """

    drawn: Mapping[str, str]
    written: Mapping[str, str]


def add_flows(page: Page, parent: Element, embed: Embed) -> None:
    """Add a table of flows to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    _takes_no_name(embed)
    options = read_options(embed.options, FlowsOptions)
    site = page.site
    page.add_state(parent, site, embed.line)
    flows = _selected(options.selection, site, embed)
    block = page.add_block(parent, page.new_id(slug(options.id or "flows")))
    drawn = _small(page, flows, embed) if options.diagrams else None
    page.add_html(block, _table(flows, _links(page, flows).written, options.caption, drawn))


def add_map(page: Page, parent: Element, embed: Embed) -> None:
    """Add the system map to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    _takes_no_name(embed)
    options = read_options(embed.options, MapOptions)
    site = page.site
    page.add_state(parent, site, embed.line)
    flows = _selected(options.selection, site, embed)
    drawn = system_map(flows)
    options = replace(options, alt=options.alt or map_text(drawn))
    block = page.add_block(parent, page.new_id(slug(options.id or "system-map")))
    page.add_html(block, _map(page, drawn, options, _links(page, flows).drawn, embed))


def _takes_no_name(embed: Embed) -> None:
    if embed.name:
        cure = "The options service, tag and module select flows."
        raise OptionError(f"{embed.kind} takes no name, such as {embed.name!r}. {cure}", embed.line)


def _selected(selection: Selection, site: Site, embed: Embed) -> Sequence[Flow]:
    flows = selection.of(site.manifest.flows)
    if not flows:
        raise OptionError(nothing(selection, site.manifest.flows), embed.line)
    return flows


def _links(page: Page, flows: Sequence[Flow]) -> _Links:
    here, host = anchors_here(page), host_of(page.md)
    wanted = {flow.full_name for flow in flows}
    found = flow_places(page.md, page.site.manifest) if wanted - here.keys() else {}
    others = {name: url for name, url in found.items() if name in wanted and url.partition("#")[0] != host.url}
    here = {name: anchor for name, anchor in here.items() if name in wanted}
    return _Links(
        drawn={**{name: relative(url, host.url) for name, url in others.items()}, **here},
        written={**{name: relative(url, host.links_from) for name, url in others.items()}, **here},
    )


def _map(page: Page, drawn: Flow, options: MapOptions, links: Mapping[str, str], embed: Embed) -> Markup:
    direction = options.direction or page.site.config.direction
    drawing = drawing_options(direction, links)
    try:
        if options.format == "mermaid":
            return figure.mermaid_script(drawn, drawing, options)
        layout = page.site.map_layout(drawn, direction)
    except RenderError as error:
        page.warn(f"{error} Until then, the diagram's Mermaid text is shown.", embed.line, everywhere=True)
        return figure.mermaid_source(drawn, drawing, options)
    return figure.inline_svg(drawn, layout, drawing, options, prefix=page.new_id("ps"), label="System map")


def _small(page: Page, flows: Sequence[Flow], embed: Embed) -> Mapping[str, str] | None:
    """Return the small diagrams, by full name, or ``None`` where nothing can be drawn."""
    site, drawn = page.site, {}
    options = drawing_options(site.config.direction, small=True)
    for flow in flows:
        if len(flow.steps) <= MOST_IN_SMALL:
            try:
                layout = site.layout(flow, "", small=True)
            except RenderError as error:
                page.warn(f"{error} Until then, the table has no diagrams.", embed.line, everywhere=True)
                return None
            drawn[flow.full_name] = svg.draw(
                without_proof(flow), layout, options, prefix=page.new_id("ps"), alt="", least_scale=0
            )
    return drawn


def _table(flows: Sequence[Flow], links: Mapping[str, str], caption: str, drawn: Mapping[str, str] | None) -> Markup:
    heads = ["Flow", "What it does", *(["Diagram"] if drawn is not None else [])]
    rows = "\n".join(_row(flow, links.get(flow.full_name, ""), drawn) for flow in flows)
    parts = [
        tag("caption", caption) if caption else Markup(),
        tag("thead", tag("tr", *(tag("th", head) for head in heads))),
        tag("tbody", Markup(rows)),
    ]
    return tag("table", *parts, class_="ps-flows")


def _row(flow: Flow, url: str, drawn: Mapping[str, str] | None) -> Markup:
    title = visible(flow.title) or visible(flow.name)
    name = tag("a", title, href=url) if url else tag("span", title)
    facts = joined(" · ", filter(None, [size(flow), visible(flow.service)]))
    chips = (tag("span", channel, class_="ps-chip ps-chip-io") for channel in triggers(flow))
    cells = [
        Markup(f"{name}{tag('p', joined(' ', [facts, *chips]), class_='ps-meta')}"),
        summary(flow),
    ]
    if drawn is not None:
        picture = drawn.get(flow.full_name, "")
        cells.append(Markup(thumbnail(picture, url)) if picture else Markup())
    return tag("tr", *(tag("td", cell) for cell in cells))
