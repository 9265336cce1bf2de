"""The steps of a flow under its diagram, each with a heading of the page and its details."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import SubElement

from markdown.util import AtomicString

from penstock.embed.assets import state_class
from penstock.embed.reporting import describe_refused_markup
from penstock_mkdocs.blocks.code_highlight import one_line
from penstock_mkdocs.blocks.docstrings import docstring
from penstock_mkdocs.blocks.figure import step_link
from penstock_mkdocs.html_builder import HEADING_CLASS, Markup, isolate_html, join_html, tag
from penstock_mkdocs.nested_markdown import literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from penstock.embed.views import Chip, StepFact, StepView
    from penstock.model import Flow, Step
    from penstock_mkdocs.page import PageContext
    from penstock_mkdocs.site import MkDocsSite


def add_step(
    parent: Element,
    flow: Flow,
    view: StepView,
    *,
    site: MkDocsSite,
    links: Mapping[str, str],
    level: int,
    page: PageContext,
    line: int,
) -> None:
    """Add a step to a page's tree.

    The heading is an element, because the outline is made from the tree; everything else is stashed HTML, because
    Markdown must not read names as emphasis.
    """
    step = view.step
    classes = "ps-step-doc ps-entrypoint" if step.entrypoint else "ps-step-doc"
    block = SubElement(parent, "div", {"class": classes})
    inner, ident = page.inner, links[step.name].removeprefix(f"#{page.prefix}")
    heading = SubElement(block, f"h{level}", {"id": ident, "class": HEADING_CLASS})
    SubElement(heading, "code").text = literal(view.name)
    parts = [_signature(view, inner.md), _docstring(flow, step, site, page, line), _meta(view, links)]
    SubElement(block, "p").text = AtomicString(inner.stash(tag("div", Markup("\n".join(parts)), class_="ps-step-body")))


def _docstring(flow: Flow, step: Step, site: MkDocsSite, page: PageContext, line: int) -> Markup:
    """Return a docstring as HTML; one from a foreign manifest may only format, and a warning lists refused markup."""
    origin = site.origin(flow)
    if not origin:
        return docstring(step, site.config.docstring_style, page.inner)
    html = docstring(step, site.config.docstring_style, page.restricted)
    if refusals := ", ".join(page.restricted.refused):
        page.restricted.refused.clear()
        cure = "trust_manifests: true"
        page.warn(describe_refused_markup(origin, flow.full_name, step.name, refusals, cure), line)
    return html


def _signature(view: StepView, md: Markdown) -> Markup:
    signature = [Markup(one_line(md, view.signature).replace("-&gt;", "→"))] if view.signature else []
    return tag("div", join_html(" ", [*signature, *map(_chip, view.chips)]), class_="ps-sig")


def _chip(chip: Chip) -> Markup:
    state = [" ", tag("span", chip.state, class_=state_class(is_fault=chip.is_fault))] if chip.state else []
    return tag("span", chip.text, *state, class_="ps-chip ps-chip-io" if chip.is_channel else "ps-chip")


def _meta(view: StepView, links: Mapping[str, str]) -> Markup:
    facts = [_fact(fact, links) for fact in view.facts]
    return tag("p", join_html(" · ", facts), class_="ps-meta") if facts else Markup()


def _fact(fact: StepFact, links: Mapping[str, str]) -> Markup:
    if fact.source:
        return tag("a", fact.source.text, href=fact.source.url) if fact.source.url else tag("span", fact.source.text)
    neighbours = [_neighbour(name, label, links) for name, label in fact.neighbours]
    items = [join_html(", ", neighbours)] if neighbours else map(_chip, fact.chips)
    return join_html(" ", [fact.label, *items])


def _neighbour(name: str, label: str, links: Mapping[str, str]) -> Markup:
    return join_html(" ", [step_link(name, links), *([tag("em", isolate_html(label))] if label else [])])
