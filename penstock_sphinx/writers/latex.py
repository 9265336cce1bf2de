"""Pictures for LaTeX, of the size that the letters around them have, where they are written."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from penstock._util.atomic_files import write_atomically
from penstock.errors import LayoutWarning, OutputError, RenderError, RenderWarning
from penstock.render.labels import NAME_SIZE
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

    from penstock.embed.layouts import DrawRules
    from penstock.model import Flow
    from penstock_sphinx.nodes import flow_diagram

logger = logging.getLogger(__name__)

UNKNOWN = r"\ifdefined\DeclareUnicodeCharacter\DeclareUnicodeCharacter{FFFD}{?}\fi"
"""Tells LaTeX what stands for what is no character, at which it would stop."""

SCALE = rf"\makeatletter\newcommand*{{\penstockscale}}{{\strip@pt\dimexpr\f@size pt/{NAME_SIZE}\relax}}\makeatother"
"""Makes the name of a step as large as the letters around the picture; a pixel in it is a point."""

ENVIRONMENTS = {"left": "flushleft", "right": "flushright"}
"""Where a picture stands, by the option ``align``; in the middle where there is none."""


def prepare_latex(_app: Sphinx, config: SphinxConfig) -> None:
    """Define what pictures need, and let a name that is no text, of which pages show what they can, not stop LaTeX."""
    elements = config.latex_elements
    preamble = "\n".join((elements.get("preamble", ""), UNKNOWN, SCALE))
    config.latex_elements = {**elements, "preamble": preamble}


def picture_of(diagram: flow_diagram, flow: Flow, outdir: Path, rules: DrawRules) -> nodes.Node | None:
    """Return a reference to a picture that is written beside the LaTeX file, or ``None`` where none can be made."""
    # shrunk by a viewer, a PNG without paper has dark edges
    for kind, background in (("pdf", "transparent"), ("png", "white")):
        options = replace(diagram["look"].drawing(), background=background)
        file = outdir / f"penstock-{_picture_key(diagram, flow)}.{kind}"
        try:
            if not file.exists():
                with warnings.catch_warnings(record=True) as notes:
                    warnings.simplefilter("error", RenderWarning)
                    warnings.simplefilter("always", LayoutWarning)
                    content = rules.render(flow, kind, options)
                write_atomically(file, content if isinstance(content, bytes) else content.encode())
                for note in notes:
                    _warn(diagram, str(note.message))
        except (RenderError, RenderWarning, OutputError) as error:
            reason = str(error).rstrip(".")
        else:
            return nodes.raw("", rf"\sphinxincludegraphics[scale=\penstockscale]{{{file.name}}}", format="latex")
    _warn(diagram, f"{reason}. The page shows a drawing in text instead.")
    return None


def unfloat_figures(doctree: nodes.document) -> None:
    """Let a diagram without a caption stand where it is written: a figure of LaTeX drifts, and nothing would name it.

    Sphinx's own graphviz does the same. In a table no figure floats.
    """
    for figure in list(doctree.findall(nodes.figure)):
        if "ps-figure" in figure["classes"] and not _has_caption(figure) and not _is_in_table(figure):
            targets = [nodes.target("", "", ids=figure["ids"])] if figure["ids"] else []
            figure.replace_self([*targets, *_unfold_figure(figure)])


def _unfold_figure(figure: nodes.figure) -> Iterator[nodes.Node]:
    """Yield what is in a figure, its picture where the figure is to stand."""
    environment = ENVIRONMENTS.get(figure.get("align", ""), "center")
    for part in figure.children:
        if isinstance(part, nodes.raw):
            text = f"\\begin{{{environment}}}{part.astext()}\\end{{{environment}}}"
            yield nodes.raw("", text, format="latex")
        elif isinstance(part, nodes.legend):
            yield from part.children
        else:
            yield part


def _has_caption(figure: nodes.figure) -> bool:
    return any(isinstance(part, nodes.caption) for part in figure)


def _is_in_table(node: nodes.Node) -> bool:
    while node.parent is not None and not isinstance(node, nodes.table):
        node = node.parent
    return isinstance(node, nodes.table)


def _warn(diagram: flow_diagram, message: str) -> None:
    place = (diagram["docname"], diagram["line"])  # the document is one of several pages
    logger.warning("%s", escape_line(message), type="penstock", subtype="render", location=place)


def _picture_key(diagram: flow_diagram, flow: Flow) -> str:
    """Return the key of the layout, and of the marks that move nothing in it."""
    states = [edge.state for edge in flow.edges if edge.state]
    key: str = diagram["key"][:16]
    return f"{key}-{hashlib.sha256(repr(states).encode()).hexdigest()[:8]}" if states else key
