"""The page that is being converted: its ids, its headings, and what is said where something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import SubElement

from markdown.util import AtomicString

from penstock.errors import PenstockError
from penstock.render.describe import visible
from penstock_mkdocs.embeds import Found
from penstock_mkdocs.flow_block import add_flow
from penstock_mkdocs.host import first_line, host_of
from penstock_mkdocs.inner import Inner, literal
from penstock_mkdocs.markup import Markup, unique
from penstock_mkdocs.options import OptionError
from penstock_mkdocs.report import EmbedError, report
from penstock_mkdocs.steps import HEADING_CLASS
from penstock_mkdocs.styles import stylesheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from penstock_mkdocs.embeds import Embed

_HEADINGS = {f"h{level}": level for level in range(1, 7)}


class Page:
    """A page on which flows are embedded.

    Args:
        md: The Markdown object that converts it.
        settings: Those of the extension.
    """

    def __init__(self, md: Markdown, settings: Mapping[str, object]) -> None:
        self.md = md
        self.settings = settings
        self.inner = Inner(md)
        self.found = Found()
        self._ids: set[str] = set()
        self.links: dict[str, Mapping[str, str]] = {}
        self.anchors: dict[int, str] = {}
        self._styled = False

    def reset(self) -> None:
        """Forget the page; the next one begins."""
        self.found.clear()
        self._ids.clear()
        self.links.clear()
        self.anchors.clear()
        self._styled = False

    def add(self, parent: Element, embed: Embed) -> None:
        """Add what an embed shows to the tree; a fault becomes a line in the log and a note on the page.

        Raises:
            EmbedError: There is a fault and the setting ``strict`` is on.
        """
        try:
            add_flow(self, parent, embed)
        except EmbedError:
            raise
        except OptionError as error:
            self.fault(parent, str(error), error.line)
        except PenstockError as error:
            self.fault(parent, str(error), embed.line)

    def fault(self, parent: Element, message: str, line: int) -> None:
        """Report a fault at a line, and say it on the page too."""
        self.warn(message, line)
        note = SubElement(parent, "div", {"class": "penstock-error admonition failure"})
        SubElement(note, "p", {"class": "admonition-title"}).text = "This flow cannot be shown as it should"
        SubElement(note, "p").text = literal(visible(message))

    def warn(self, message: str, line: int) -> None:
        """Report a fault at a line."""
        host = host_of(self.md)
        number = line + first_line(host.source, self.found.text) if line else 0
        where = f"{host.page or '<markdown>'}:{number}" if number else host.page or "<markdown>"
        report(message, where, strict=bool(self.settings.get("strict")))

    def new_id(self, wanted: str) -> str:
        """Return an id that no embed of this page has yet."""
        found = unique(wanted, self._ids)
        self._ids.add(found)
        return found

    def next_level(self) -> int:
        """Return one more than the level of the last heading that is not a step's."""
        levels = [
            _HEADINGS[element.tag]
            for element in self.md.parser.root.iter()
            if element.tag in _HEADINGS and element.get("class") != HEADING_CLASS
        ]
        return min(levels[-1] + 1, 6) if levels else 2

    def add_styles(self, parent: Element) -> None:
        """Add the style sheet, once a page."""
        if not self._styled and self.settings.get("css", True):
            self.add_html(parent, Markup(f"<style>\n{stylesheet()}</style>"))
        self._styled = True

    def add_html(self, parent: Element, html: Markup) -> None:
        """Add HTML that the rest of Markdown does not look into."""
        SubElement(parent, "p").text = AtomicString(self.inner.stash(html))
