"""One embedded flow: its diagram, its paths and its steps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import SubElement

from penstock.errors import PenstockError, RenderError, did_you_mean, near_names
from penstock.render.describe import slug
from penstock_mkdocs import figure
from penstock_mkdocs.host import host_of
from penstock_mkdocs.options import OptionError, read_name, read_options
from penstock_mkdocs.site import drawing_options, open_site
from penstock_mkdocs.steps import add_step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from penstock.model import Flow
    from penstock_mkdocs.embeds import Embed
    from penstock_mkdocs.markup import Markup
    from penstock_mkdocs.options import EmbedOptions
    from penstock_mkdocs.page import Page
    from penstock_mkdocs.site import Site

KINDS = ("penstock-flow",)
"""What can be embedded."""


class _Wanted(NamedTuple):
    """An embed, understood."""

    embed: Embed
    options: EmbedOptions
    site: Site
    flow: Flow


def add_flow(page: Page, parent: Element, embed: Embed) -> None:
    """Add a flow to a page's tree.

    Raises:
        OptionError: The embed is not written as it should be.
        PenstockError: There is no such flow, or the application cannot be imported.
    """
    wanted = _understood(page, embed)
    options, flow = wanted.options, wanted.flow
    wanted.site.shown.add(flow.full_name)
    for problem in flow.problems:
        page.fault(parent, str(problem), embed.line)
    level = options.heading_level or page.next_level()
    anchor = _anchor(page, wanted)
    if not options.steps and flow.full_name not in page.links:
        _look_ahead(page, wanted)
    links = page.links.get(flow.full_name, {})  # those of another embed, if this one shows no steps
    block = SubElement(parent, "div", {"class": "penstock", "id": anchor})
    page.add_styles(block)
    if options.diagram:
        page.add_html(block, _diagram(page, wanted, links))
    if options.paths:
        page.add_html(block, figure.paths(flow, links))
    for step in flow.steps if options.steps else ():
        add_step(block, flow, step, site=wanted.site, links=links, level=level, inner=page.inner)


def _anchor(page: Page, wanted: _Wanted) -> str:
    """Return the id of an embed; with one that shows steps, these get theirs too."""
    known = page.anchors.get(id(wanted.embed))
    if known is not None:
        return known
    flow, options = wanted.flow, wanted.options
    anchor = page.anchors[id(wanted.embed)] = page.new_id(slug(options.id or f"flow-{flow.full_name}"))
    if options.steps:
        page.links[flow.full_name] = {
            step.name: f"#{page.new_id(f'{anchor}-{slug(step.name)}')}" for step in flow.steps
        }
    return anchor


def _look_ahead(page: Page, wanted: _Wanted) -> None:
    """Give ids to the steps of the same flow further down, for a diagram that stands above them."""
    for embed in page.found.embeds:
        with contextlib.suppress(PenstockError, OptionError):  # said where that embed stands
            later = _understood(page, embed)
            if later.flow.full_name == wanted.flow.full_name and later.options.steps:
                _anchor(page, later)
                return


def _understood(page: Page, embed: Embed) -> _Wanted:
    if embed.kind not in KINDS:
        hint = did_you_mean(near_names(embed.kind, KINDS)) or f" Known: {', '.join(KINDS)}."
        raise OptionError(f"there is no embed {embed.kind!r}.{hint}", embed.line)
    name = read_name(embed.name)
    if not name:
        raise OptionError(f"{embed.kind} needs the name of a flow: ::: {embed.kind} NAME", embed.line)
    options = read_options(embed.options)
    site = open_site(page.settings, host_of(page.md))
    return _Wanted(embed, options, site, site.manifest.flow(name))


def _diagram(page: Page, wanted: _Wanted, links: Mapping[str, str]) -> Markup:
    """Return the diagram, or Mermaid's text where it cannot be drawn."""
    embed, options, site, flow = wanted
    direction = options.direction or site.config.direction
    drawing = drawing_options(direction, links)
    try:
        if options.format == "mermaid":
            return figure.mermaid_script(flow, drawing, options)
        layout = site.layout(flow, direction)
    except RenderError as error:
        if site.is_news(str(error)):
            page.warn(f"{error} Until then, the diagram's Mermaid text is shown.", embed.line)
        return figure.mermaid_source(flow, drawing, options)
    return figure.inline_svg(flow, layout, drawing, options, prefix=page.new_id("ps"))
