"""The style sheet and the script: one file each, linked only from pages that show a flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.embed.assets import script, stylesheet
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.writers.builder_families import is_epub, is_single_page
from penstock_sphinx.writers.epub import without_direction

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.builders import Builder

OWN = Path(__file__).with_name("static") / "sphinx.css"
STYLESHEET = "penstock.css"
SCRIPT = "penstock.js"


def copy_files(_app: Sphinx, builder: Builder) -> None:
    """Write the style sheet and the script where pages load them; EPUB readers run no scripts."""
    if builder.format != "html":
        return
    folder = Path(builder.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    rules = stylesheet(OWN)
    epub = is_epub(builder)
    (folder / STYLESHEET).write_text(without_direction(rules) if epub else rules, "utf-8")
    if not epub:
        (folder / SCRIPT).write_text(script(), "utf-8")


def link_files(
    app: Sphinx, pagename: str, _template: str, _context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link them from each page that shows a flow."""
    pages = domain_of(app.env).pages
    page_records = pages.values() if is_single_page(app.builder) else filter(None, [pages.get(pagename)])
    if doctree is not None and any(page.fingerprints for page in page_records):
        app.add_css_file(STYLESHEET)
        if not is_epub(app.builder):
            app.add_js_file(SCRIPT, loading_method="defer")
