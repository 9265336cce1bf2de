"""Builders without our visitors: after all links are resolved, standard nodes replace ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes

from penstock.render.text import drawing as text
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.nodes import (
    AS_WRITTEN,
    CHIP,
    flow_block,
    flow_diagram,
    flow_doubts,
    isolated_text,
    translated_text,
)
from penstock_sphinx.writers.builder_families import is_catalog, is_single_page
from penstock_sphinx.writers.latex import picture_of, unfloat_figures
from penstock_sphinx.writers.singlehtml import drop_repeated_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

    from penstock.model import Flow

WIDTH = 76
"""Maximum columns of a drawing, to fit a terminal."""

UNCUT = 10_000

UNANCHORED = ("texinfo", "markdown")
"""Formats whose builders give figures and tables no anchors."""

ASCII: dict[int, str] = str.maketrans(
    {
        **dict(zip("◆○│─↺", "*o|-^", strict=True)),
        **dict.fromkeys("╯╰╮╭┤├┴┬┼", "+"),
        "┄": "..",
        "⇐": "<=",
        "⇒": "=>",
        "→": "->",
    }
)
"""Replacements for the signs of a drawing, for LaTeX and other makers of PDF, whose fonts lack most of them."""


def adapt(app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Prepare a resolved page for the current builder."""
    if app.builder.format == "html":
        if is_single_page(app.builder):
            drop_repeated_ids(app.env, doctree)
        return
    _drop_small_diagrams(doctree)
    if not is_catalog(app.builder):
        for paragraph in list(doctree.findall(translated_text)):
            paragraph.replace_self(nodes.paragraph("", "", *paragraph.children))
    _replace_diagrams(app, doctree)
    for doubts in list(doctree.findall(flow_doubts)):
        title = [nodes.paragraph("", f"{doubts['title']}:")] if doubts["title"] else []
        doubts.replace_self([*title, *doubts.children])
    _simplify_inlines(doctree)
    for block in list(doctree.findall(flow_block)):
        for part in [child for child in block if isinstance(child, (nodes.figure, nodes.table))]:
            if app.builder.format in UNANCHORED:
                block.insert(block.index(part), _targets(app.builder.format, part["ids"]))
        block.replace_self([*_targets(app.builder.format, block["ids"]), *block.children])
    if app.builder.format == "markdown":
        _unfold_figures(doctree)


def _replace_diagrams(app: Sphinx, doctree: nodes.document) -> None:
    """Put pictures into the places of diagrams where there is LaTeX to show them, else drawings in text."""
    latex = app.builder.format == "latex"
    signs = ASCII if latex or "pdf" in (app.builder.format, app.builder.name) else {}
    site = domain_of(app.env).site
    for diagram in list(doctree.findall(flow_diagram)):
        flow = site.flow_to_draw(diagram["subject"], diagram["look"])
        picture = picture_of(diagram, flow, app.builder.outdir, site.drawing) if latex else None
        diagram.replace_self(picture or _text(diagram, flow, signs))
    if latex:
        unfloat_figures(doctree)


def _simplify_inlines(doctree: nodes.document) -> None:
    """Put chips in brackets, and leave the direction of texts to the reader's program."""
    for isolated in list(doctree.findall(isolated_text)):
        isolated.replace_self(nodes.inline("", "", *isolated.children, **AS_WRITTEN))
    for chip in [node for node in doctree.findall(nodes.inline) if CHIP in node["classes"]]:
        chip.replace_self(nodes.inline("", f"[{chip.astext()}]", **AS_WRITTEN))


def _targets(kind: str, ids: list[str]) -> list[nodes.target]:
    """Return targets for links with these ids; the builder of Markdown supports only targets with a ``refid``."""
    if kind == "markdown":
        return [nodes.target("", "", refid=ident) for ident in ids]
    return [nodes.target("", "", ids=ids)] if ids else []


def _unfold_figures(doctree: nodes.document) -> None:
    """Turn captions and legends into paragraphs, because the builder of Markdown omits them with a warning."""
    for figure in [node for node in doctree.findall(nodes.figure) if "ps-figure" in node["classes"]]:
        content: list[nodes.Node] = []
        for part in figure.children:
            if isinstance(part, nodes.caption):
                content.append(nodes.paragraph("", "", *part.children))
            else:
                content += part.children if isinstance(part, nodes.legend) else [part]
        figure.replace_self(content)


def _drop_small_diagrams(doctree: nodes.document) -> None:
    """Remove the column of small diagrams from each table."""
    for table in list(doctree.findall(nodes.table)):
        if "ps-flows" in table["classes"] and any(table.findall(flow_diagram)):
            group = next(table.findall(nodes.tgroup))
            group["cols"] -= 1
            group.remove(list(group.findall(nodes.colspec))[-1])
            for row in group.findall(nodes.row):
                del row[-1]


def _text(diagram: flow_diagram, flow: Flow, instead: Mapping[int, str]) -> nodes.literal_block:
    """Return the drawing with the steps' titles, or without them if the drawing would be too wide."""
    options = diagram["look"].drawing()
    drawing = text.render(flow, options, width=UNCUT)
    if max(map(len, drawing.splitlines()), default=0) > WIDTH:
        bare = replace(flow, steps=tuple(replace(step, title="") for step in flow.steps))
        drawing = text.render(bare, options, width=UNCUT)
    drawing = drawing.translate(instead)
    return nodes.literal_block(drawing, drawing, language="none")
