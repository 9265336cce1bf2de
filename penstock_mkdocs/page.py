"""The page that is being converted: its ids, its headings, and the messages about its faults."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from markdown.util import AtomicString

from penstock.config.sources import toml
from penstock.embed.assets import new_name, script
from penstock.embed.reporting import describe_located_finding
from penstock.errors import CollectError, ConfigError, ManifestError, PenstockError
from penstock.render.wording import slug, visible
from penstock_mkdocs.assets import stylesheet
from penstock_mkdocs.blocks.untrusted import RestrictedInner
from penstock_mkdocs.embed_syntax.options import OptionError
from penstock_mkdocs.embed_syntax.processors import PageSource
from penstock_mkdocs.hosts import host_of, line_in_file
from penstock_mkdocs.html_builder import HEADING_CLASS, Markup, unique
from penstock_mkdocs.links.unconverted_pages import note_conversion
from penstock_mkdocs.nested_markdown import NestedMarkdown, literal
from penstock_mkdocs.reporting import LOGGER, EmbedError, is_news, report
from penstock_mkdocs.site import open_site
from penstock_mkdocs.watch_list import find_unwatched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown import Markdown

    from penstock.model import Flow
    from penstock_mkdocs.embed_syntax.parser import Embed
    from penstock_mkdocs.site import MkDocsSite

_told: set[str] = set()
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


AddEmbed = Callable[["PageContext", Element, "Embed"], object]
"""Adds what an embed shows to the tree of a page."""


class PageContext:
    """A page on which flows are embedded.

    Args:
        md: The Markdown object that converts the page.
        settings: The settings of the extension.
        add_embed: Adds what an embed shows to the tree.
    """

    def __init__(self, md: Markdown, settings: Mapping[str, object], add_embed: AddEmbed) -> None:
        self.md = md
        self.settings = settings
        self._add_embed = add_embed
        self.inner = NestedMarkdown(md)
        self.source = PageSource()
        self._ids: set[str] = set()
        self._names: set[str] = set()
        self.links: dict[str, Mapping[str, str]] = {}
        self.anchors: dict[int, tuple[str, Mapping[str, str]]] = {}
        self._messages: set[str] = set()

    @cached_property
    def restricted(self) -> RestrictedInner:
        """Converts docstrings from manifests of others."""
        return RestrictedInner(self.md)

    def reset(self) -> None:
        """Forget the page, before the next one."""
        self.source.clear()
        self._ids.clear()
        self._names.clear()
        self.links.clear()
        self.anchors.clear()
        self._messages.clear()

    def begin(self) -> None:
        """Begin a page."""
        self.reset()
        note_conversion(host_of(self.md).page)

    @property
    def site(self) -> MkDocsSite:
        """The current flows.

        Raises:
            PenstockError: The settings or the application are at fault.
        """
        return open_site(self.settings, host_of(self.md))

    @property
    def is_rewritten(self) -> bool:
        """Whether tools may rewrite the page's links, and no script of its theme stumbles over those in drawings."""
        return host_of(self.md).rewritten

    @property
    def prefix(self) -> str:
        """The prefix that mkdocstrings will add to ids of elements in a docstring; links have it already."""
        ids = self.md.treeprocessors["mkdocstrings_ids"] if "mkdocstrings_ids" in self.md.treeprocessors else None  # noqa: SIM401 - a registry has no get()
        return str(getattr(ids, "id_prefix", ""))

    def add(self, parent: Element, embed: Embed) -> None:
        """Add the output of an embed to the tree; a fault becomes a warning in the log and a note on the page.

        Raises:
            EmbedError: There is a fault and the setting ``strict`` is on.
        """
        try:
            self._add_embed(self, parent, embed)
        except EmbedError:
            raise
        except OptionError as error:
            self.fault(parent, str(error), error.line)
        except PenstockError as error:
            self.fault(parent, str(error), embed.line, everywhere=_concerns_all(error))

    def report_lost_embed(self, embed: Embed) -> None:
        """Report an embed that stays text, because Markdown found no block there."""
        cure = "add an empty line above it, and the attribute markdown to HTML around it"
        self.warn(f"{embed.kind} cannot be shown here: {cure}", embed.line)

    def note_code(self, embed: Embed) -> None:
        """Say of an embed that is shown as code that its indentation makes it so, which may be meant."""
        host = host_of(self.md)
        number = line_in_file(host.source, self.source.text, embed.line) if embed.line else 0
        where = f"{host.page or '<markdown>'}{f':{number}' if number else ''}"
        LOGGER.info("%s: %s is indented by %s columns, so it is shown as code", where, embed.kind, embed.depth)

    def add_state(self, parent: Element, site: MkDocsSite, line: int) -> None:
        """Report, once a page, faults of the whole site: a failed import, problems outside every flow."""
        if self.is_first("state"):
            self._report_unwatched(site)
            if site.failure:
                _note(parent, "warning", "The flows on this page are shown as they were before", site.failure)
            for message in (*site.complaints, *map(str, site.manifest.problems)):
                self.warn(message, line, everywhere=True)
            self.report_findings(site, line)

    def _report_unwatched(self, site: MkDocsSite) -> None:
        """Say, once in a process, what the server has to watch for the pages to follow the sources; it is no fault."""
        host = host_of(self.md)
        if missing := [path for path in find_unwatched(site.config, host) if path not in _told]:
            _told.update(missing)
            names = [*(host.relative(path) for path in (host.watched or ())[1:]), *missing]
            watch = f"watch = {toml(names)}" if host.config_file.endswith(".toml") else f"watch: [{', '.join(names)}]"
            what = f"the server does not watch {' and '.join(missing)}, so pages stay as they are when that changes"
            LOGGER.warning("%s: %s. Write: %s", host.config_file, what, watch)

    def report_findings(self, site: MkDocsSite, line: int, flow: Flow | None = None) -> None:
        """Report the findings on a flow, or those outside every flow, on one page of a build."""
        fatal = site.config.check == "error" and not host_of(self.md).serving
        for finding in site.findings_on(flow):
            self.warn(describe_located_finding(finding), line, everywhere=True, fatal=fatal)

    def fault(self, parent: Element, message: str, line: int, *, everywhere: bool = False) -> None:
        """Report a fault at a line, and add a note to the page."""
        self.warn(message, line, everywhere=everywhere)
        _note(parent, "failure", "This cannot be shown as it should", message)

    def problem(self, parent: Element, message: str, line: int) -> None:
        """Report a problem of a flow once, however many embeds show the flow, and add a note above each."""
        self.warn(message, line, everywhere=True)
        _note(parent, "failure", "This flow has a problem", message)

    def warn(self, message: str, line: int, *, everywhere: bool = False, fatal: bool = False) -> None:
        """Report a fault at a line; one page of a build reports a fault that concerns ``everywhere``."""
        host = host_of(self.md)
        strict = fatal or bool(self.settings.get("strict")) or host.strict
        if everywhere and not (self.is_first(message) and is_news(message, host.page)) and not strict:
            return
        number = line_in_file(host.source, self.source.text, line) if line else 0
        location = f"{host.page or '<markdown>'}:{number}" if number else host.page or "<markdown>"
        report(message, location, strict=strict)

    def is_first(self, what: str) -> bool:
        """Return whether a message is new on this page, and record it."""
        first = what not in self._messages
        self._messages.add(what)
        return first

    def new_id(self, wanted: str) -> str:
        """Return an id that is unique among the embeds of this page."""
        ident = unique(wanted, self._ids)
        self._ids.add(ident)
        return ident

    def new_prefix(self) -> str:
        """Return a unique prefix for the ids in a drawing, which mkdocstrings does not see."""
        return slug(f"{self.prefix}{self.new_id('ps')}")

    def new_name(self, wanted: str) -> str:
        """Return the name of a diagram, unique on the page, also in a docstring that mkdocstrings shows there."""
        place = self.prefix.rstrip("-")
        return new_name(f"{wanted} in {place}" if place else wanted, self._names)

    def next_level(self) -> int:
        """Return one more than the level of the last heading that is not a step's."""
        levels = [
            _HEADINGS[element.tag]
            for element in self.md.parser.root.iter()
            if element.tag in _HEADINGS and element.get("class") != HEADING_CLASS
        ]
        return min(levels[-1] + 1, 6) if levels else 2

    def add_block(self, parent: Element, anchor: str) -> Element:
        """Add the element around an embed's output; the first one includes the style sheet and the script."""
        block = SubElement(parent, "div", {"class": "penstock", "id": anchor})
        if self.is_first("block"):
            if self.settings.get("css", True):
                self.add_html(block, Markup(f"<style>\n{stylesheet()}</style>"))
            if self.settings.get("js", True):
                self.add_html(block, Markup(f"<script>\n{script()}</script>"))
        return block

    def add_html(self, parent: Element, html: Markup) -> None:
        """Add HTML that Markdown does not process further."""
        SubElement(parent, "p").text = AtomicString(self.inner.stash(html))


def _note(parent: Element, kind: str, title: str, message: str) -> None:
    note = SubElement(parent, "div", {"class": f"penstock-error admonition {kind}"})
    SubElement(note, "p", {"class": "admonition-title"}).text = title
    SubElement(note, "p").text = literal(visible(message))


def _concerns_all(error: PenstockError) -> bool:
    if isinstance(error, ManifestError):
        return error.path is not None
    return isinstance(error, CollectError | ConfigError)
