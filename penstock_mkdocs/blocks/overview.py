"""Embeds of several flows: a table, and the map of their connections."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from penstock.embed.assets import thumbnail
from penstock.embed.options import ChannelsOptions, FlowsOptions, MapOptions
from penstock.embed.overview import map_text, name_columns, view_row
from penstock.errors import RenderError
from penstock.render import svg
from penstock.render.wording import slug
from penstock_mkdocs.blocks import figure
from penstock_mkdocs.blocks.flow import anchors_here
from penstock_mkdocs.embed_syntax.options import OptionError, read_options
from penstock_mkdocs.hosts import host_of
from penstock_mkdocs.html_builder import Markup, join_html, tag
from penstock_mkdocs.links.flow_locations import flow_places, relative

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from penstock.embed.overview import OverviewRow, Selection
    from penstock.model import Flow
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.page import PageContext
    from penstock_mkdocs.site import MkDocsSite


Chosen = TypeVar("Chosen", FlowsOptions, MapOptions, ChannelsOptions)


class _Links(NamedTuple):
    """The links to each flow, on this page or another, by its full name.

    Attributes:
        in_drawings: Links inside drawings.
        in_text: Links in the text.
    """

    in_drawings: Mapping[str, str]
    in_text: Mapping[str, str]


def add_flows(page: PageContext, parent: Element, embed: Embed) -> None:
    """Add a table of flows to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options, site, flows = resolve_overview(page, parent, embed, FlowsOptions)
    block = page.add_block(parent, page.new_id(slug(options.id or "flows")))
    pictures = _small(page, site, flows, embed) if options.diagrams else None
    page.add_html(block, _table(flows, _links(page, site, flows).in_text, options.caption, pictures))


def add_map(page: PageContext, parent: Element, embed: Embed) -> None:
    """Add the system map to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options, site, flows = resolve_overview(page, parent, embed, MapOptions)
    map_flow = site.draw_map(options.selection)
    options = replace(options, alt=options.alt or map_text(map_flow))
    block = page.add_block(parent, page.new_id(slug(options.id or "system-map")))
    look = site.drawing.choose_look(options)
    drawing = look.drawing(_links(page, site, flows).in_drawings)
    lay_out = partial(site.drawing.lay_out_one, map_flow, look)
    page.add_html(block, figure.diagram(page, embed, map_flow, drawing, options, lay_out, label="System map"))


def resolve_overview(
    page: PageContext, parent: Element, embed: Embed, kind: type[Chosen]
) -> tuple[Chosen, MkDocsSite, Sequence[Flow]]:
    """Return the options of an embed, the site, and the selected flows.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    if embed.name:
        cure = "The options service, tag, module and channel select flows."
        raise OptionError(f"{embed.kind} takes no name, such as {embed.name!r}. {cure}", embed.line)
    options = read_options(embed.options, kind)
    site = page.site
    page.add_state(parent, site, embed.line)
    return options, site, _select_flows(options.selection, site, embed)


def _select_flows(selection: Selection, site: MkDocsSite, embed: Embed) -> Sequence[Flow]:
    if wrong := site.find_fault(selection):
        raise OptionError(wrong, embed.line)
    return site.select(selection)


def _links(page: PageContext, site: MkDocsSite, flows: Sequence[Flow]) -> _Links:
    anchors, host = anchors_here(page), host_of(page.md)
    names = {flow.full_name for flow in flows}
    addresses = flow_places(page.md, site.manifest) if names - anchors.keys() else {}
    others = {name: url for name, url in addresses.items() if name in names and url.partition("#")[0] != host.url}
    anchors = {name: anchor for name, anchor in anchors.items() if name in names}
    return _Links(
        in_drawings={**{name: relative(url, host.url) for name, url in others.items()}, **anchors},
        in_text={**{name: relative(url, host.links_from) for name, url in others.items()}, **anchors},
    )


def _small(page: PageContext, site: MkDocsSite, flows: Sequence[Flow], embed: Embed) -> Mapping[str, str] | None:
    """Return the small diagrams by full name, or ``None`` if they cannot be drawn."""
    pictures, look = {}, site.drawing.small_look
    for flow in flows:
        try:
            layout = site.layout(flow, look)
        except RenderError as error:
            page.warn(f"{error} Until then, the table has no diagrams.", embed.line, everywhere=True)
            return None
        pictures[flow.full_name] = svg.draw(
            look.flow(flow), layout, look.drawing(), prefix=page.new_prefix(), alt="", least_scale=0
        )
    return pictures


def _table(flows: Sequence[Flow], links: Mapping[str, str], caption: str, pictures: Mapping[str, str] | None) -> Markup:
    heads = name_columns(diagrams=pictures is not None)
    rows = "\n".join(_row(view_row(flow), links.get(flow.full_name, ""), pictures) for flow in flows)
    parts = [
        tag("caption", caption) if caption else Markup(),
        tag("thead", tag("tr", *(tag("th", head) for head in heads))),
        tag("tbody", Markup(rows)),
    ]
    return tag("table", *parts, class_="ps-flows")


def _row(row: OverviewRow, url: str, pictures: Mapping[str, str] | None) -> Markup:
    name = tag("a", row.title, href=url) if url else tag("span", row.title)
    chips = (tag("span", channel, class_="ps-chip ps-chip-io") for channel in row.channels)
    meta = tag("p", join_html(" ", [join_html(" · ", row.facts), *chips]), class_="ps-meta")
    cells = [Markup(f"{name}{meta}"), row.summary]
    if pictures is not None:
        picture = pictures.get(row.flow.full_name, "")
        cells.append(Markup(thumbnail(picture, url)) if picture else Markup())
    return tag("tr", *(tag("td", cell) for cell in cells))
