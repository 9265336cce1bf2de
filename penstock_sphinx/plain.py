"""Builders without our visitors: nodes that every builder knows take the place of ours, once all links are resolved."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from penstock._files import write_atomically
from penstock.errors import LayoutWarning, OutputError, RenderError, RenderWarning
from penstock.render import render, text
from penstock.render.describe import escape_line
from penstock.render.options import Options
from penstock_sphinx.builders import is_catalog, is_single_page
from penstock_sphinx.domain import domain_of
from penstock_sphinx.nodes import (
    AS_WRITTEN,
    CHIP,
    flow_block,
    flow_diagram,
    flow_doubts,
    isolated_text,
    translated_text,
)
from penstock_sphinx.singlehtml import drop_repeated_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

    from penstock.config import Config
    from penstock.model import Flow

logger = logging.getLogger(__name__)

WIDTH = 76
"""Columns of a drawing, which fit a terminal."""

UNCUT = 10_000

UNANCHORED = ("texinfo", "markdown")
"""Formats whose builders give figures and tables no anchors."""

UNKNOWN = r"\ifdefined\DeclareUnicodeCharacter\DeclareUnicodeCharacter{FFFD}{?}\fi"
"""Tells LaTeX what stands for what is no character, at which it would stop."""

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
"""The signs of a drawing for LaTeX and other makers of PDF, whose fonts have few of them."""


def prepare_latex(_app: Sphinx, config: SphinxConfig) -> None:
    """Let a name that is no text, of which pages show what they can, not stop LaTeX."""
    elements = config.latex_elements
    config.latex_elements = {**elements, "preamble": f"{elements.get('preamble', '')}\n{UNKNOWN}"}


def adapt(app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Make a resolved page ready for the builder that is about to write it."""
    if app.builder.format == "html":
        if is_single_page(app.builder):
            drop_repeated_ids(app.env, doctree)
        return
    latex = app.builder.format == "latex"
    signs = ASCII if latex or "pdf" in (app.builder.format, app.builder.name) else {}
    _drop_small_diagrams(doctree)
    if not is_catalog(app.builder):
        for translated in list(doctree.findall(translated_text)):
            translated.replace_self(nodes.paragraph("", "", *translated.children))
    site = domain_of(app.env).site
    for diagram in list(doctree.findall(flow_diagram)):
        flow, picture = site.drawn(diagram["subject"], proof=diagram["proof"]), None
        if latex:
            picture = _picture(diagram, flow, app.builder.outdir, site.config)
        diagram.replace_self(picture or _text(diagram, flow, signs))
    for doubts in list(doctree.findall(flow_doubts)):
        title = [nodes.paragraph("", f"{doubts['title']}:")] if doubts["title"] else []
        doubts.replace_self([*title, *doubts.children])
    _simplify_inlines(doctree)
    for block in list(doctree.findall(flow_block)):
        for shown in [child for child in block if isinstance(child, (nodes.figure, nodes.table))]:
            if app.builder.format in UNANCHORED:
                block.insert(block.index(shown), _targets(app.builder.format, shown["ids"]))
        block.replace_self([*_targets(app.builder.format, block["ids"]), *block.children])
    if app.builder.format == "markdown":
        _unfold_figures(doctree)


def _simplify_inlines(doctree: nodes.document) -> None:
    """Put chips in brackets, and leave the direction of texts to the reader's program."""
    for isolated in list(doctree.findall(isolated_text)):
        isolated.replace_self(nodes.inline("", "", *isolated.children, **AS_WRITTEN))
    for chip in [node for node in doctree.findall(nodes.inline) if CHIP in node["classes"]]:
        chip.replace_self(nodes.inline("", f"[{chip.astext()}]", **AS_WRITTEN))


def _targets(kind: str, ids: list[str]) -> list[nodes.target]:
    """Return what links with these ids lead to; the builder of Markdown sees only what a target refers to."""
    if kind == "markdown":
        return [nodes.target("", "", refid=ident) for ident in ids]
    return [nodes.target("", "", ids=ids)] if ids else []


def _unfold_figures(doctree: nodes.document) -> None:
    """Make paragraphs of captions and legends, which the builder of Markdown leaves out with a warning."""
    for figure in [each for each in doctree.findall(nodes.figure) if "ps-figure" in each["classes"]]:
        shown: list[nodes.Node] = []
        for part in figure.children:
            if isinstance(part, nodes.caption):
                shown.append(nodes.paragraph("", "", *part.children))
            else:
                shown += part.children if isinstance(part, nodes.legend) else [part]
        figure.replace_self(shown)


def _drop_small_diagrams(doctree: nodes.document) -> None:
    """Leave the column of small diagrams out of each table."""
    for table in list(doctree.findall(nodes.table)):
        if "ps-flows" in table["classes"] and any(table.findall(flow_diagram)):
            group = next(table.findall(nodes.tgroup))
            group["cols"] -= 1
            group.remove(list(group.findall(nodes.colspec))[-1])
            for row in group.findall(nodes.row):
                del row[-1]


def _text(diagram: flow_diagram, flow: Flow, instead: Mapping[int, str]) -> nodes.literal_block:
    """Return the drawing with the steps' titles, or without them where some would be cut short."""
    options = Options(direction=diagram["direction"], details=True)
    drawing = text.render(flow, options, width=UNCUT)
    if max(map(len, drawing.splitlines()), default=0) > WIDTH:
        bare = replace(flow, steps=tuple(replace(step, title="") for step in flow.steps))
        drawing = text.render(bare, options, width=UNCUT)
    drawing = drawing.translate(instead)
    return nodes.literal_block(drawing, drawing, language="none")


def _picture(diagram: flow_diagram, flow: Flow, outdir: Path, config: Config) -> nodes.Node | None:
    """Return a reference to a picture that is written beside the LaTeX file, or ``None`` where none can be made."""
    options = Options(direction=diagram["direction"], details=True)
    for kind in ("pdf", "png"):
        file = outdir / f"penstock-{_picture_key(diagram, flow)}.{kind}"
        try:
            if not file.exists():
                with warnings.catch_warnings(record=True) as notes:
                    warnings.simplefilter("error", RenderWarning)
                    warnings.simplefilter("always", LayoutWarning)
                    content = render(flow, kind, options, engine=config.engine, timeout=config.layout_timeout)
                write_atomically(file, content if isinstance(content, bytes) else content.encode())
                for note in notes:
                    _warn(diagram, str(note.message))
        except (RenderError, RenderWarning, OutputError) as error:
            reason = str(error).rstrip(".")
        else:
            return nodes.raw("", rf"\sphinxincludegraphics{{{file.name}}}", format="latex")
    _warn(diagram, f"{reason}. The page shows a drawing in text instead.")
    return None


def _warn(diagram: flow_diagram, message: str) -> None:
    place = (diagram["docname"], diagram["line"])  # the document is one of several pages
    logger.warning("%s", escape_line(message), type="penstock", subtype="render", location=place)


def _picture_key(diagram: flow_diagram, flow: Flow) -> str:
    """Return the key of the layout, and of the marks that move nothing in it."""
    states = [edge.state for edge in flow.edges if edge.state]
    key: str = diagram["key"][:16]
    return f"{key}-{hashlib.sha256(repr(states).encode()).hexdigest()[:8]}" if states else key
