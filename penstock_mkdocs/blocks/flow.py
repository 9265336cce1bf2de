"""One embedded flow: its diagram, its paths and its steps."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from penstock.embed.options import FlowOptions
from penstock.embed.views import shown_part, view_flow
from penstock.errors import PenstockError, UnknownFlowError, UnknownStepError
from penstock.render.wording import slug
from penstock_mkdocs.blocks import figure
from penstock_mkdocs.blocks.steps import add_step
from penstock_mkdocs.embed_syntax.options import OptionError, read_name, read_options
from penstock_mkdocs.hosts import host_of
from penstock_mkdocs.links.autorefs import announce
from penstock_mkdocs.links.flow_locations import relative, step_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from penstock.embed.views import DiagramView
    from penstock.model import Flow
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.hosts import Host
    from penstock_mkdocs.html_builder import Markup
    from penstock_mkdocs.page import PageContext
    from penstock_mkdocs.site import MkDocsSite

KIND = "penstock-flow"


class _ResolvedEmbed(NamedTuple):
    """A parsed embed with its flow."""

    embed: Embed
    options: FlowOptions
    site: MkDocsSite
    flow: Flow


def add_flow(page: PageContext, parent: Element, embed: Embed) -> None:
    """Add a flow to a page's tree.

    Raises:
        OptionError: The embed is malformed.
        PenstockError: The flow does not exist, or the application cannot be imported.
    """
    request = _resolve_embed(page, embed)
    options, flow = request.options, request.flow
    page.add_state(parent, request.site, embed.line)
    request.site.shown_names.add(flow.full_name)
    for problem in flow.problems:
        page.problem(parent, str(problem), embed.line)
    page.report_findings(request.site, embed.line, flow)
    level = options.heading_level or page.next_level()
    anchor, own = _anchor(page, request)
    if not options.steps and flow.full_name not in page.links:
        _look_ahead(page, flow)
    host = host_of(page.md)
    page_links = own or page.links.get(flow.full_name, {})  # those of another embed, if this one shows no steps
    links = page_links or _elsewhere(page, request, host, host.url)
    if options.part.is_whole:
        announce(page.md, request.site, flow, f"{page.prefix}{anchor}", own)
    block = page.add_block(parent, anchor)
    view = view_flow(request.site, flow, options)
    if introduction := figure.render_introduction(view.introduction):
        page.add_html(block, introduction)
    if view.diagram:
        page.add_html(block, _diagram(page, request, view.diagram, links))
        if view.diagram.numbers:
            page.add_html(block, figure.render_numbers(view.diagram.numbers))
        for evidence in view.diagram.evidence:
            page.add_html(block, figure.render_evidence(evidence))
    if view.paths:
        path_links = page_links or _elsewhere(page, request, host, host.links_from)
        page.add_html(block, figure.render_paths(view.paths, path_links))
    for step in view.steps:
        add_step(block, flow, step, site=request.site, links=links, level=level, page=page, line=embed.line)


def anchors_here(page: PageContext) -> Mapping[str, str]:
    """Return the link to each flow whose steps are on this page, by its full name."""
    anchors: dict[str, str] = {}
    for request in _with_steps(page):
        anchors.setdefault(request.flow.full_name, f"#{page.prefix}{_anchor(page, request)[0]}")
    return anchors


def step_links(page: PageContext, site: MkDocsSite, flow: Flow) -> Mapping[str, str]:
    """Return the link to each step of a flow that this page or another one shows, by its name."""
    _look_ahead(page, flow)
    host = host_of(page.md)
    addresses = step_places(page.md, site.manifest, flow)
    others = {name: url for name, url in addresses.items() if url.partition("#")[0] != host.url}
    return {
        **{name: relative(url, host.links_from) for name, url in others.items()},
        **page.links.get(flow.full_name, {}),
    }


def _anchor(page: PageContext, request: _ResolvedEmbed) -> tuple[str, Mapping[str, str]]:
    """Return the id of an embed, and the link to each step that it shows, by name."""
    entry = page.anchors.get(id(request.embed))
    if entry is not None:
        return entry
    flow, options = request.flow, request.options
    anchor = page.new_id(slug(options.id or f"flow-{flow.full_name}"))
    steps = shown_part(flow, options).steps if options.steps else ()
    links = {step.name: f"#{page.prefix}{page.new_id(f'{anchor}-{slug(step.name)}')}" for step in steps}
    if links and options.part.is_whole:
        page.links.setdefault(flow.full_name, links)
    page.anchors[id(request.embed)] = anchor, links
    return anchor, links


def _look_ahead(page: PageContext, flow: Flow) -> None:
    """Assign ids to the steps of the same flow further down, for a diagram above them."""
    for request in _with_steps(page):
        if request.flow.full_name == flow.full_name:
            _anchor(page, request)
            return


def _elsewhere(page: PageContext, request: _ResolvedEmbed, host: Host, base: str) -> Mapping[str, str]:
    """Return the link to each step that another page shows, relative to ``base``."""
    if not (request.options.diagram or request.options.paths):
        return {}
    addresses = step_places(page.md, request.site.manifest, request.flow)
    return {name: relative(url, base) for name, url in addresses.items() if url.partition("#")[0] != host.url}


def _with_steps(page: PageContext) -> Iterator[_ResolvedEmbed]:
    """Yield the embeds of this page that show all steps of a flow; links never lead to a part."""
    for embed in page.source.embeds:
        with suppress(PenstockError):  # reported where that embed stands
            if embed.kind == KIND and not (embed.fault or embed.example):
                request = _resolve_embed(page, embed)
                if request.options.steps and request.options.part.is_whole:
                    yield request


def _resolve_embed(page: PageContext, embed: Embed) -> _ResolvedEmbed:
    name = read_name(embed.name)
    if not name:
        raise OptionError(f"{embed.kind} needs the name of a flow: ::: {embed.kind} NAME", embed.line)
    options = read_options(embed.options, FlowOptions)
    site = page.site
    try:
        flow = site.manifest.flow(name)
        shown_part(flow, options)
    except UnknownFlowError as error:
        raise OptionError(str(error), embed.name_line or embed.line) from None
    except UnknownStepError as error:
        raise OptionError(str(error), embed.line) from None
    return _ResolvedEmbed(embed, options, site, flow)


def _diagram(page: PageContext, request: _ResolvedEmbed, view: DiagramView, links: Mapping[str, str]) -> Markup:
    embed, options, site, flow = request
    lay_out = partial(site.layout, flow, view.look)
    return figure.diagram(page, embed, view.flow, view.look.drawing(links), options, lay_out, label=view.label)
