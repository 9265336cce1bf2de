"""Flows as living pages of a Sphinx site: ``extensions = ["penstock_sphinx"]``, then ``.. penstock-flow:: name``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._util.optional_imports import needed
from penstock._version import __version__

with needed("sphinx", "penstock[sphinx]"):
    import sphinx  # noqa: F401 - first, so that a missing Sphinx is reported by name

from penstock_sphinx import nodes
from penstock_sphinx.build import collecting, layouts, output_state, reporting
from penstock_sphinx.config import register
from penstock_sphinx.directives.channels import ChannelsDirective
from penstock_sphinx.directives.flow import FlowDirective
from penstock_sphinx.directives.overview import FlowsDirective, MapDirective
from penstock_sphinx.docstrings.translation import ReleaseTranslated
from penstock_sphinx.domain.domain import PenstockDomain
from penstock_sphinx.domain.flow_index import settle_title
from penstock_sphinx.generated_pages import pages
from penstock_sphinx.i18n import load_catalogs
from penstock_sphinx.integrations import autodoc, doctest, sphinxcontrib_mermaid, viewcode
from penstock_sphinx.integrations.missing_references import (
    missing_reference,
    note_conditions,
    note_roles,
    warn_missing_reference,
)
from penstock_sphinx.writers import assets, fallback, html, latex
from penstock_sphinx.writers.epub import declare_drawings

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

FIRST = 100
"""A priority before that of extensions that process the written output."""

LAST = 900
"""A priority after that of every extension that does not ask to be last."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directive, the domain and the settings to a Sphinx application."""
    register(app)
    app.add_domain(PenstockDomain)
    app.add_directive("penstock-flow", FlowDirective)
    app.add_directive("penstock-flows", FlowsDirective)
    app.add_directive("penstock-map", MapDirective)
    app.add_directive("penstock-channels", ChannelsDirective)
    app.add_node(nodes.flow_block, html=(html.visit_block, html.depart_block))
    app.add_node(nodes.flow_doubts, html=(html.visit_doubts, html.depart_doubts))
    app.add_node(nodes.isolated_text, html=(html.visit_isolated, html.depart_isolated))
    app.add_node(nodes.flow_diagram, html=(html.visit_diagram, None))
    app.add_transform(ReleaseTranslated)
    app.connect("config-inited", load_catalogs)
    app.connect("config-inited", latex.prepare_latex)
    app.connect("builder-inited", settle_title)
    app.connect("builder-inited", collecting.collect_flows)
    app.connect("builder-inited", pages.write_pages)
    app.connect("builder-inited", viewcode.connect_viewcode)
    app.connect("builder-inited", autodoc.listen)
    app.connect("env-get-outdated", collecting.outdated_pages)
    app.connect("env-updated", layouts.lay_out_pages)
    app.connect("env-updated", output_state.outdated_outputs)
    app.connect("env-updated", collecting.report_unseen_problems)
    app.connect("doctree-read", viewcode.settle_links, priority=LAST)
    app.connect("doctree-read", doctest.skip_examples)
    app.connect("doctree-read", note_conditions)
    app.connect("doctree-read", note_roles)
    app.connect("linkcheck-process-uri", viewcode.without_line, priority=LAST)
    app.connect("missing-reference", missing_reference, priority=LAST)
    app.connect("warn-missing-reference", warn_missing_reference)
    app.connect("object-description-transform", autodoc.note_steps)
    app.connect("doctree-resolved", autodoc.settle)
    app.connect("doctree-resolved", fallback.adapt)
    app.connect("doctree-resolved", sphinxcontrib_mermaid.hand_over)
    app.connect("write-started", assets.copy_files)
    app.connect("html-page-context", assets.link_files)
    app.connect("build-finished", declare_drawings, priority=FIRST)
    app.connect("build-finished", output_state.note_outputs)
    app.connect("build-finished", reporting.fail)
    return {"version": __version__, "env_version": 10, "parallel_read_safe": True, "parallel_write_safe": True}
