"""The families of Sphinx's builders: those that derive from one behave like it, whatever their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.gettext import MessageCatalogBuilder
from sphinx.builders.latex import LaTeXBuilder
from sphinx.builders.manpage import ManualPageBuilder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.builders.texinfo import TexinfoBuilder

if TYPE_CHECKING:
    from typing import TypeGuard

    from sphinx.builders import Builder


def is_single_page(builder: Builder) -> TypeGuard[SingleFileHTMLBuilder]:
    """Return whether a builder makes one page of HTML of all pages."""
    return isinstance(builder, SingleFileHTMLBuilder)


def is_epub(builder: Builder) -> TypeGuard[Epub3Builder]:
    """Return whether a builder makes an EPUB, whose readers run no scripts."""
    return isinstance(builder, Epub3Builder)


def is_single_document(builder: Builder) -> bool:
    """Return whether a builder makes one document of several pages, in which links can lead to no other."""
    return isinstance(builder, (SingleFileHTMLBuilder, LaTeXBuilder, ManualPageBuilder, TexinfoBuilder))


def is_catalog(builder: Builder) -> TypeGuard[MessageCatalogBuilder]:
    """Return whether a builder writes what translators translate."""
    return isinstance(builder, MessageCatalogBuilder)
