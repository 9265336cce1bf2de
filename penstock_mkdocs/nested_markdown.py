"""Markdown inside docstrings, converted by the page's own Markdown object: same fences, same highlighting.

Raw HTML is escaped: ``List<int>`` in a docstring is text, not an element.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from html import unescape
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from markdown import util

from penstock.render.wording import safe_url
from penstock_mkdocs.html_builder import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown import Markdown

_PREPROCESSORS = ("normalize_whitespace", "fenced_code_block")
_TREEPROCESSORS = ("hilite", "indent-highlight", "task-list", "inline", "quotes", "prettify", "unescape")
_NO_INLINE = {"html": 90, "footnote": 175}
_NO_BLOCKS = {"mkdocstrings": 75, "footnote": 17, "abbr": 16}
"""Processors that are off in a docstring, with their priority; footnotes and abbreviations belong to the page."""

_PLAIN = re.compile(r"[A-Za-z]{2,}(?:,? [A-Za-z0-9 ,.;:()'/%?-]*[A-Za-z0-9.,;:)?])?")
"""One line that begins with a word, so that only an inline pattern can find markup in it."""

_ATTRIBUTES = frozenset({"alt", "class", "href", "identifier", "open", "slug", "src", "start", "title"})
_CONTROLS = {
    "id": r"__tabbed_\d+_\d+",
    "for": r"__tabbed_\d+_\d+",
    "name": r"__tabbed_\d+",
    "type": "radio",
    "checked": ".*",
}
"""The attributes that ``pymdownx.tabbed`` needs for tabs; their numbers are those of the page."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class NestedMarkdown:
    """Converts short Markdown texts within a page."""

    def __init__(self, md: Markdown) -> None:
        self.md = md

    def blocks(self, text: str) -> Markup:
        """Return a text of paragraphs, lists and code blocks as HTML."""
        if _PLAIN.fullmatch(text) and not any(rule.getCompiledRegExp().search(text) for rule in self.md.inlinePatterns):
            return Markup(f"<p>{text}</p>")  # as Markdown would return at twenty times the cost
        return self._convert_text(text)

    def _convert_text(self, text: str) -> Markup:
        root = Element("div")
        with self._alone():
            self.md.parser.parseChunk(root, "\n".join(self._preprocess_text(text)))
            for name in _TREEPROCESSORS:
                if name in self.md.treeprocessors:
                    self.md.treeprocessors[name].run(root)
        self.tame(root)
        html = self.md.serializer(root).strip()
        return Markup(html.removeprefix("<div>").removesuffix("</div>").strip())

    def tame(self, root: Element) -> None:
        """Remove what a docstring must not affect: the outline, ids, scripts and unsafe addresses."""
        _tame(root)

    def inline(self, text: str) -> Markup:
        """Return a text as HTML, without the paragraph around it if it is one."""
        html = self.blocks(text)
        if html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1:
            return Markup(html[3:-4])
        return html

    def code(self, text: str, language: str) -> Markup:
        """Return code as HTML, highlighted if the page's Markdown highlights fences."""
        if "fenced_code_block" not in self.md.preprocessors:
            lines = "\n    ".join(text.splitlines())
            return self.blocks(f"    {lines}")
        fence = "`" * 3
        while fence in text:
            fence += "`"
        return self.blocks(f"{fence}{language}\n{text}\n{fence}")

    def stash(self, html: str) -> str:
        """Return a placeholder for HTML that goes into the page unchanged."""
        return self.md.htmlStash.store(html)

    def _preprocess_text(self, text: str) -> list[str]:
        lines = text.split("\n")
        for name in _PREPROCESSORS:
            if name in self.md.preprocessors:
                lines = self.md.preprocessors[name].run(lines)
        return lines

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Parse a docstring in isolation from the page: its raw HTML, ``:::``, footnotes and parser state."""
        references = dict(self.md.references)
        self.md.parser.state.set("docstring")
        try:
            with ExitStack() as stack:
                for name, priority in _NO_INLINE.items():
                    stack.enter_context(_without(self.md.inlinePatterns, name, priority))
                for name, priority in _NO_BLOCKS.items():
                    stack.enter_context(_without(self.md.parser.blockprocessors, name, priority))
                yield
        finally:
            self.md.parser.state.reset()
            self.md.references = references


@contextmanager
def _without(registry: util.Registry[Any], name: str, priority: int) -> Iterator[None]:
    item = registry[name] if name in registry else None  # noqa: SIM401 - a registry has no get()
    registry.deregister(name, strict=False)
    try:
        yield
    finally:
        if item is not None:
            registry.register(item, name, priority)


def literal(text: str) -> str:
    """Return a text that the tree shows literally; Python-Markdown would keep anything that looks like an entity."""
    return util.AtomicString(text.replace("&", f"{util.AMP_SUBSTITUTE}amp;"))


def _tame(root: Element) -> None:
    """Turn headings into bold lines, so that they stay out of the page's outline, and drop unsafe addresses."""
    for element in root.iter():
        _number_tabs(element)
        if element.tag in _HEADINGS:
            element.tag = "p"
            element.attrib.clear()
            element.set("class", "ps-doc-title")
        if element.tag == "script" and not _is_formula(element.get("type", "")):
            element.tag = "code"
        for key, value in list(element.attrib.items()):
            if not (_is_safe(key, value) or _is_control(element.tag, key, value)):
                del element.attrib[key]


def _number_tabs(group: Element) -> None:
    """Join the labels of tabs to their buttons; ``pymdownx.tabbed`` postpones this when it makes ids of titles."""
    if "tabbed-set" in group.get("class", "").split():
        labels = [*group.findall("label"), *group.findall("div[@class='tabbed-labels']/label")]
        for number, (button, label) in enumerate(zip(group.findall("input"), labels, strict=False), 1):
            ident = f"{button.get('name')}_{number}"
            button.set("id", ident)
            label.set("for", ident)


def _is_control(tag: str, key: str, value: str) -> bool:
    return tag in ("input", "label") and re.fullmatch(_CONTROLS.get(key, ""), value) is not None


def _is_safe(key: str, value: str) -> bool:
    """Return whether an attribute may stay: a docstring must not set ids or scripts of a page."""
    if key in ("href", "src"):
        return bool(safe_url(address_of(value)))
    if key == "type":
        return _is_formula(value)
    return key in _ATTRIBUTES or (key == "style" and re.fullmatch(r"text-align: \w+;", value) is not None)


def address_of(value: str) -> str:
    """Return an address as a browser reads it from an attribute."""
    return unescape(value.replace(util.AMP_SUBSTITUTE, "&"))


def _is_formula(kind: str) -> bool:
    """Return whether a script type marks a formula for MathJax, which browsers do not run."""
    return kind.startswith("math/tex")
