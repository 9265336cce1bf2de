"""What an EPUB needs beside its pages: its manifest tells in which of them there are drawings.

EPUB 3.3 (the manifest property ``svg``) demands it of each page that has SVG in it, and Sphinx never writes it. The
drawings stay in the pages, because those in files of their own would lose their links.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from penstock_sphinx.builders import is_epub
from penstock_sphinx.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ITEM = re.compile(r'<item\b(?![^>]*\bproperties=)([^>]*\bhref="([^"]*)"[^>]*?) */>')
"""An entry of the manifest that has no properties yet, and the address of its page in it."""

DIRECTION = re.compile(r"(?<=[{;]) *direction:[^;}]*;")


def declare_drawings(app: Sphinx, error: Exception | None) -> None:
    """Name the pages with drawings in the manifest of an EPUB, and pack it again."""
    builder = app.builder
    if error is not None or not is_epub(builder):
        return
    folder, manifest = Path(builder.outdir), Path(builder.outdir, "content.opf")
    names = {f"{docname}{builder.out_suffix}" for docname, page in domain_of(app.env).pages.items() if page.drawings}
    drawn = {name for name in names.intersection(builder.files) if "<svg " in (folder / name).read_text("utf-8")}
    before = manifest.read_text("utf-8")
    after = ITEM.sub(lambda item: _declared(item, drawn), before)
    if after != before:
        manifest.write_text(after, "utf-8")
        builder.build_epub()


def without_direction(rules: str) -> str:
    """Return a style sheet without what EPUB 3.3 (on style sheets) forbids: readers turn lines as the language does."""
    return DIRECTION.sub("", rules)


def _declared(item: re.Match[str], drawn: set[str]) -> str:
    """Return an entry, with its property where its page is one of those that are drawn on."""
    return f'<item{item[1]} properties="svg"/>' if unquote(unescape(item[2])) in drawn else item[0]
