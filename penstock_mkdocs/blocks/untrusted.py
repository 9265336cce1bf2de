"""Docstrings of foreign manifests: Markdown that only formats, read by none of the page's own extensions.

An extension of the page may include files, run code, or treat text as a template.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from markdown import Markdown, util

from penstock.collect.foreign_manifests import is_readable
from penstock.render.wording import web_url
from penstock_mkdocs.blocks.code_highlight import settings_of
from penstock_mkdocs.html_builder import Markup, tag
from penstock_mkdocs.nested_markdown import NestedMarkdown, address_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PREPROCESSORS = {"fenced_code_block": "fenced_code"}
BLOCKS = {"admonition": "admonition", "deflist": "def_list", "table": "tables"}
"""Extensions that only format, by the names of their processors, which other extensions use, too."""

MAX_DEPTH = 60
"""Maximum nesting depth of elements; serializers recurse."""

_FENCE = re.compile(r"^([ \t>]*(?:`{3,}|~{3,}))[ \t]*(?:([\w+#-]+)(?=[ \t]|$))?.*$", re.MULTILINE)


class RestrictedInner(NestedMarkdown):
    """Converts short texts from foreign manifests.

    Attributes:
        refused: Descriptions of the refused markup, each once.
    """

    def __init__(self, page: Markdown) -> None:
        super().__init__(_plain_markdown(page))
        self.refused: dict[str, None] = {}

    def blocks(self, text: str) -> Markup:
        """Return a text of paragraphs, lists and code blocks as HTML."""
        if not is_readable(text):
            self.refused["more markup in a paragraph than can be parsed"] = None
            return _literal(text)
        try:
            return super().blocks(_FENCE.sub(r"\1\2", text))
        except RecursionError:
            self.refused["markup that is nested too deeply"] = None
            return _literal(text)

    def tame(self, root: Element) -> None:
        """Remove what a foreign docstring must not contain: links within the site or to programs, and pictures."""
        super().tame(root)
        if _depth(root) > MAX_DEPTH:
            raise RecursionError
        for element in root.iter():
            if element.tag == "img":
                self.refused["a picture"] = None
                alt = element.get("alt", "")
                element.attrib.clear()
                element.tag, element.text = "span", util.AtomicString(alt)
        for element in root.iter("a"):
            address = element.get("href", "")
            if not web_url(address_of(address)):
                self.refused["a link that does not lead to the web"] = None
                element.attrib.clear()
                element.tag = "span"


def _literal(text: str) -> Markup:
    return tag("pre", Markup(escape(text, quote=False)))


def _plain_markdown(page: Markdown) -> Markdown:
    """Return a Markdown object with those of the page's extensions that only format, and the page's store of HTML."""
    extensions = [name for reader, name in PREPROCESSORS.items() if reader in page.preprocessors]
    extensions += [name for reader, name in BLOCKS.items() if reader in page.parser.blockprocessors]
    configs: dict[str, dict[str, Any]] = {}
    settings = settings_of(page)
    if settings is not None:
        extensions.append("codehilite")
        configs["codehilite"] = {
            "css_class": str(settings.get("css_class") or "highlight"),
            "use_pygments": bool(settings.get("use_pygments", True)),
            "guess_lang": False,
        }
    plain = Markdown(extensions=extensions, extension_configs=configs)
    plain.htmlStash = page.htmlStash
    plain.serializer = page.serializer
    return plain


def _depth(root: Element) -> int:
    deepest, level = 0, [root]
    while level and deepest <= MAX_DEPTH:
        level = [child for element in level for child in element]
        deepest += 1
    return deepest
