"""The style sheet: one file, linked only from pages that show a flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.render.html import stylesheet
from penstock_sphinx.domain import domain_of

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.builders import Builder

FILE = "penstock.css"


def copy_stylesheet(_app: Sphinx, builder: Builder) -> None:
    """Put the shared rules, and those that only Sphinx's markup needs, where the pages find them."""
    if builder.format != "html":
        return
    own = Path(__file__).with_name("static") / "sphinx.css"
    target = Path(builder.outdir) / "_static" / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(stylesheet() + own.read_text("utf-8"), "utf-8")


def link_stylesheet(
    app: Sphinx, pagename: str, _template: str, _context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the style sheet from a page that shows a flow."""
    pages = domain_of(app.env).pages
    if doctree is not None and (pagename in pages or (pages and app.builder.name == "singlehtml")):
        app.add_css_file(FILE)
