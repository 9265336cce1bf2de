"""Docstrings in the language of the site, translated before references within them are resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.i18n import Locale, PreserveTranslatableMessages

from penstock_sphinx.source_types import RST

if TYPE_CHECKING:
    from collections.abc import Collection

REFERENCES = (nodes.reference, nodes.footnote_reference, nodes.citation_reference)

DONE = "penstock_translated"


def translate(apart: nodes.document, page: nodes.document, language: Collection[str]) -> None:
    """Translate a text with references: later, Sphinx would look for their targets among the names of the page.

    Args:
        apart: The text, as a document of its own.
        page: The page that the text is for.
        language: Sphinx's names for the markup language of the text and its translations.
    """
    if any(isinstance(node, REFERENCES) for node in apart.findall()):
        source = apart["source"]
        apart["source"] = _in_language(page, language)
        PreserveTranslatableMessages(apart).apply()
        Locale(apart).apply()
        apart["source"] = source
        for node in apart.findall(nodes.Element):
            if node.get("translated"):
                node["translatable"], node[DONE] = False, True


def _in_language(page: nodes.document, language: Collection[str]) -> str:
    """Return the name of a page with a suffix of a markup language, if Sphinx reads that language at all."""
    source: str = page["source"]
    suffixes = page.settings.env.config.source_suffix.items()
    fitting = [suffix for suffix, kind in suffixes if (kind or RST[0]) in language]
    return source if not fitting or source.endswith(tuple(fitting)) else f"{source}{fitting[0]}"


class ReleaseTranslated(SphinxTransform):
    """Make texts that are already translated visible to message collectors, after Sphinx has translated the page."""

    default_priority = Locale.default_priority + 1

    def apply(self, **_: Any) -> None:
        """Remove our marks."""
        for node in self.document.findall(nodes.Element):
            if node.attributes.pop(DONE, False):
                del node["translatable"]
