"""The embed ``penstock-channels``: the index of tables, topics, hosts and files that flows use."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from penstock.embed.assets import state_class, thumbnail
from penstock.embed.channels import name_channel_columns, view_channels
from penstock.embed.layouts import require_layout
from penstock.embed.options import ChannelsOptions
from penstock.embed.overview import map_text
from penstock.errors import RenderError
from penstock.render import svg
from penstock.render.wording import slug, visible
from penstock_mkdocs.blocks.flow import step_links
from penstock_mkdocs.blocks.overview import resolve_overview
from penstock_mkdocs.html_builder import Markup, join_html, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from penstock.embed.channels import ChannelRow, UsingStep
    from penstock.model import Flow
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.page import PageContext
    from penstock_mkdocs.site import MkDocsSite

    StepLinks = Callable[[Flow], Mapping[str, str]]


def add_channels(page: PageContext, parent: Element, embed: Embed) -> None:
    """Add the index of channels to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be, or selects nothing.
        PenstockError: The application cannot be imported.
    """
    options, site, _ = resolve_overview(page, parent, embed, ChannelsOptions)
    rows = view_channels(site, options.selection)
    block = page.add_block(parent, page.new_id(slug(options.id or "channels")))
    pictures = _draw_maps(page, site, rows, embed) if options.diagrams else None
    links = cache(lambda flow: step_links(page, site, flow))
    page.add_html(block, _table(rows, links, options.caption, pictures))


def _draw_maps(
    page: PageContext, site: MkDocsSite, rows: Sequence[ChannelRow], embed: Embed
) -> Mapping[str, str] | None:
    """Return the small map of each channel, or ``None`` if they cannot be drawn."""
    look = site.drawing.small_look
    maps = [site.draw_map(row.selection) for row in rows]
    drawn = [look.flow(map_flow) for map_flow in maps]
    try:
        layouts = list(map(require_layout, site.drawing.lay_out(drawn, look)))
    except RenderError as error:
        page.warn(f"{error} Until then, the table has no diagrams.", embed.line, everywhere=True)
        return None
    return {
        row.channel: svg.draw(
            small_flow, layout, look.drawing(), prefix=page.new_prefix(), alt=map_text(map_flow), least_scale=0
        )
        for row, map_flow, small_flow, layout in zip(rows, maps, drawn, layouts, strict=True)
    }


def _table(rows: Sequence[ChannelRow], links: StepLinks, caption: str, pictures: Mapping[str, str] | None) -> Markup:
    heads = name_channel_columns(diagrams=pictures is not None)
    parts = [
        tag("caption", caption) if caption else Markup(),
        tag("thead", tag("tr", *(tag("th", head) for head in heads))),
        tag("tbody", Markup("\n".join(_row(row, links, pictures) for row in rows))),
    ]
    return tag("table", *parts, class_="ps-flows ps-channels")


def _row(row: ChannelRow, links: StepLinks, pictures: Mapping[str, str] | None) -> Markup:
    name = tag("span", visible(row.channel), class_="ps-chip ps-chip-io")
    cells = [name, _list(row.writers, links), _list(row.followers, links)]
    if pictures is not None:
        cells.append(Markup(thumbnail(pictures[row.channel], "")))
    return tag("tr", *(tag("td", cell) for cell in cells))


def _list(steps: Sequence[UsingStep], links: StepLinks) -> Markup:
    return join_html("", (_link(step, links(step.flow).get(step.step, "")) for step in steps))


def _link(step: UsingStep, url: str) -> Markup:
    name = visible(step.step)
    linked = tag("a", name, href=url) if url else tag("span", name)
    state = [tag("span", step.state, class_=state_class(is_fault=step.is_fault))] if step.state else []
    return join_html(" ", (linked, tag("span", visible(step.flow.full_name), class_="ps-meta"), *state))
