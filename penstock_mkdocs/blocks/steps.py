"""The steps of a flow under its diagram, each with a heading of the page and its details."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import SubElement

from markdown.util import AtomicString

from penstock.embed.reporting import describe_refused_markup
from penstock.render.wording import KIND_CHIPS, after, before, python_signature, visible
from penstock_mkdocs.blocks.code_highlight import one_line
from penstock_mkdocs.blocks.docstrings import docstring
from penstock_mkdocs.blocks.figure import step_link
from penstock_mkdocs.html_builder import HEADING_CLASS, Markup, isolate_html, join_html, tag
from penstock_mkdocs.nested_markdown import literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from penstock.model import Flow, Step
    from penstock.render.wording import Neighbour
    from penstock_mkdocs.nested_markdown import NestedMarkdown
    from penstock_mkdocs.page import PageContext
    from penstock_mkdocs.site import MkDocsSite


def add_step(
    parent: Element,
    flow: Flow,
    step: Step,
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
    classes = "ps-step-doc ps-entrypoint" if step.entrypoint else "ps-step-doc"
    block = SubElement(parent, "div", {"class": classes})
    inner, ident = page.inner, links[step.name].removeprefix(f"#{page.prefix}")
    heading = SubElement(block, f"h{level}", {"id": ident, "class": HEADING_CLASS})
    SubElement(heading, "code").text = literal(visible(step.name))
    parts = [
        _signature(step, inner),
        _docstring(flow, step, site, page, line),
        _meta(flow, step, site, links),
    ]
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


def _signature(step: Step, inner: NestedMarkdown) -> Markup:
    chips = [
        ("entrypoint" if step.entrypoint else "", "ps-chip"),
        (KIND_CHIPS.get(step.kind, ""), "ps-chip"),
        (step.trigger, "ps-chip ps-chip-io"),
    ]
    labels = [tag("span", text, class_=css) for text, css in chips if visible(text)]
    signature = (
        [Markup(one_line(inner.md, python_signature(step)).replace("-&gt;", "→"))] if visible(step.signature) else []
    )
    return tag("div", join_html(" ", [*signature, *labels]), class_="ps-sig")


def _meta(flow: Flow, step: Step, site: MkDocsSite, links: Mapping[str, str]) -> Markup:
    facts = []
    if earlier := before(flow, step):
        facts.append(join_html(" ", ["after", _neighbours(earlier, links)]))
    if later := after(flow, step):
        facts.append(join_html(" ", ["then", _neighbours(later, links)]))
    if step.effects:
        chips = (tag("span", effect, class_="ps-chip ps-chip-io") for effect in step.effects)
        facts.append(join_html(" ", ["effects", *chips]))
    if step.file:
        facts.append(_source(step, site))
    return tag("p", join_html(" · ", facts), class_="ps-meta") if facts else Markup()


def _neighbours(neighbours: tuple[Neighbour, ...], links: Mapping[str, str]) -> Markup:
    return join_html(
        ", ",
        (
            join_html(" ", [step_link(name, links), *([tag("em", isolate_html(label))] if label else [])])
            for name, label in neighbours
        ),
    )


def _source(step: Step, site: MkDocsSite) -> Markup:
    url = site.source_url(step)
    return tag("a", step.where, href=url) if url else tag("span", step.where)
