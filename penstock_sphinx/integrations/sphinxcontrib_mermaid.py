"""Diagrams for sites that use sphinxcontrib-mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.render import mermaid
from penstock.render.wording import alt_text
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.nodes import flow_diagram
from penstock_sphinx.writers.html import by_script, diagram_options

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

EXTENSION = "sphinxcontrib.mermaid"


def hand_over(app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Pass the diagrams that Mermaid draws to sphinxcontrib-mermaid.

    It loads its script only on pages with a node of its own, so an empty one is added. If it
    renders pictures during the build, it receives the diagram.
    """
    if EXTENSION not in app.extensions or app.builder.format != "html":
        return
    from sphinxcontrib.mermaid import mermaid as theirs  # noqa: PLC0415 - the site has it

    for diagram in [node for node in doctree.findall(flow_diagram) if node["format"] == "mermaid"]:
        if app.config.mermaid_output_format == "raw":
            diagram.extend([theirs(code="", options={})] if by_script(app.builder, diagram) else [])
        else:
            flow = domain_of(app.env).site.flow_to_draw(diagram["subject"], diagram["look"])
            text = mermaid.render(flow, diagram_options(app.builder, diagram, flow))
            diagram.replace_self(
                theirs(code=text, options={}, alt=diagram["alt"] or alt_text(flow, diagram["look"].note))
            )
