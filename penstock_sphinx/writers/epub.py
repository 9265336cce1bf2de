"""The manifest of an EPUB: it declares which pages contain drawings.

EPUB 3.3 (the manifest property ``svg``) requires it for each page that contains SVG, and Sphinx never writes it. The
drawings stay inside the pages, because drawings in separate files would lose their links.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.writers.builder_families import is_epub

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ITEM = re.compile(r'<item\b(?![^>]*\bproperties=)([^>]*\bhref="([^"]*)"[^>]*?) */>')
"""An entry of the manifest without properties, and the address of its page."""

DIRECTION = re.compile(r"(?<=[{;]) *direction:[^;}]*;")


def declare_drawings(app: Sphinx, error: Exception | None) -> None:
    """Declare the pages with drawings in the manifest of an EPUB, and pack it again."""
    builder = app.builder
    if error is not None or not is_epub(builder) or not hasattr(builder, "files"):  # nothing was written
        return
    folder, manifest = Path(builder.outdir), Path(builder.outdir, "content.opf")
    names = {f"{docname}{builder.out_suffix}" for docname, page in domain_of(app.env).pages.items() if page.drawings}
    svg_pages = {name for name in names.intersection(builder.files) if "<svg " in (folder / name).read_text("utf-8")}
    before = manifest.read_text("utf-8")
    after = ITEM.sub(lambda item: _declare_item(item, svg_pages), before)
    if after != before:
        manifest.write_text(after, "utf-8")
        builder.build_epub()


def without_direction(rules: str) -> str:
    """Return a style sheet without rules that EPUB 3.3 forbids: readers set the direction from the language."""
    return DIRECTION.sub("", rules)


def _declare_item(item: re.Match[str], svg_pages: set[str]) -> str:
    """Return a manifest entry, with its property if its page contains a drawing."""
    return f'<item{item[1]} properties="svg"/>' if unquote(unescape(item[2])) in svg_pages else item[0]
