"""The handler of mkdocstrings: ``::: orders`` with ``handler: penstock`` equals ``::: penstock-flow orders``."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar
from xml.etree.ElementTree import Element

from penstock._util.atomic_files import read_text
from penstock._util.optional_imports import needed
from penstock.embed.options import FlowOptions
from penstock.errors import did_you_mean, near_names
from penstock_mkdocs.blocks.kinds import add_embed

with needed("mkdocstrings", "penstock[mkdocstrings]"):
    from mkdocstrings import BaseHandler, Inventory

from mkdocs.exceptions import PluginError

from penstock_mkdocs.embed_syntax.options import OptionError, read_options
from penstock_mkdocs.embed_syntax.parser import Embed, outside_fences
from penstock_mkdocs.hosts import host_of
from penstock_mkdocs.html_builder import HEADING_CLASS
from penstock_mkdocs.links.targets import DOMAIN
from penstock_mkdocs.markdown import PenstockExtension
from penstock_mkdocs.page import PageContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown import Markdown

    from penstock_mkdocs.embed_syntax.options import Line

HANDLER_SETTINGS: Mapping[str, str] = {
    "options": "Default options of every embed of this handler.",
    "inventories": "The `objects.inv` of other sites with flows to link to: addresses, or mappings of `url` and `base_url`.",
}
"""The handler's settings in the configuration of mkdocstrings, each with its description in Markdown."""

_WHERE = "mkdocstrings, handler penstock"
_DIRECTIVE = r"[ \t]*(?:#{{1,6}}[ \t]*)?::: ?{}[ \t]*"


class PenstockHandler(BaseHandler):
    """Renders flows for mkdocstrings.

    It renders on the page's own Markdown object, as embeds do: ids stay unique, and steps get the page's headings.
    """

    name: ClassVar[str] = DOMAIN
    domain: ClassVar[str] = DOMAIN
    enable_inventory: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any], **kwargs: Any) -> None:
        _check(settings)
        super().__init__(**kwargs)
        self._options: Mapping[str, Any] = settings.get("options") or {}
        self._inventories: Sequence[Any] = settings.get("inventories") or ()
        self._outer: Markdown | None = None
        self._nested: Markdown | None = None
        self._requests: Counter[str] = Counter()

    def get_templates_dir(self, handler: str | None = None) -> Path:  # noqa: ARG002
        """Return a folder; there are no templates."""
        return Path(__file__).parent

    def get_inventory_urls(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the addresses of the inventories, with the other arguments of :meth:`load_inventory`."""
        items = [{"url": item} if isinstance(item, str) else item for item in self._inventories]
        return [(item["url"], {key: value for key, value in item.items() if key != "url"}) for item in items]

    @classmethod
    def load_inventory(
        cls,
        in_file: BinaryIO,
        url: str,
        base_url: str | None = None,
        **kwargs: Any,  # noqa: ARG003
    ) -> Iterator[tuple[str, str]]:
        """Yield the flows and steps of another site, each with its address."""
        base = posixpath.dirname(url) if base_url is None else base_url
        items = Inventory.parse_sphinx(in_file, domain_filter=[DOMAIN])
        services = Counter(name.rpartition("/")[2] for name in items)
        for item in items.values():
            bare = item.name.rpartition("/")[2]
            if services[bare] == 1:
                yield bare, posixpath.join(base, item.uri)
            yield item.name, posixpath.join(base, item.uri)

    def get_options(self, local_options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the options of an embed and the configured ones, unparsed: faults belong to the page."""
        return {**self._options, **_mapping(local_options)}

    def collect(self, identifier: str, options: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Return the flow's name; an unknown one is reported when it is rendered, as for other embeds."""
        return identifier

    def render(self, data: str, options: Mapping[str, Any], *, locale: str | None = None) -> str:  # noqa: ARG002
        """Return a flow as HTML; a fault becomes a line in the log and a note on the page."""
        page, line = _page_of(self._markdown), self._line(data)
        embed = Embed(f"{DOMAIN}-flow", json.dumps(data), _lines(options, line), line, ())
        page.source.embeds.append(embed)
        root = Element("div")
        page.add(root, embed)
        headings = [element for element in root.iter() if element.get("class") == HEADING_CLASS]
        self._headings[:] = map(_copy_heading, headings) if self.outer_layer else ()
        _finish(page.md, root, headings)
        return page.md.serializer(root).strip().removeprefix("<div>").removesuffix("</div>").strip()

    def _update_env(self, md: Markdown, *, config: Any | None = None) -> None:  # noqa: ARG002
        """Store the Markdown object that the next embeds belong to."""
        if self.outer_layer:
            self._outer = md
            self._requests.clear()
        else:
            self._nested = md

    @property
    def _markdown(self) -> Markdown:
        md = self._outer if self.outer_layer else self._nested
        if md is None:
            raise PluginError(f"{_WHERE}: this version of mkdocstrings does not say which page it is on")
        return md

    def _line(self, identifier: str) -> int:
        """Return the line of the next embed with this name, because mkdocstrings does not pass it."""
        text = _page_of(self._markdown).source.text or _read(host_of(self._markdown).source)
        directive = re.compile(_DIRECTIVE.format(re.escape(identifier)))
        numbers = [number for number, line in outside_fences(text) if directive.fullmatch(line)]
        at = self._requests[identifier]
        self._requests[identifier] += 1
        if self._markdown is self._nested or at >= len(numbers):
            return 0
        return numbers[at]


def get_handler(*, handler_config: Mapping[str, Any] | None, tool_config: Any, **kwargs: Any) -> PenstockHandler:  # noqa: ARG001
    """Return the handler; mkdocstrings calls this function.

    Args:
        handler_config: The configuration under ``handlers: penstock:``.
        tool_config: The configuration of MkDocs; unused, because embeds read it from the page.
        **kwargs: For the base class.

    Raises:
        PluginError: A setting does not exist or has a wrong value.
    """
    return PenstockHandler(handler_config or {}, **kwargs)


def _check(settings: Mapping[str, Any]) -> None:
    for key in map(str, settings):
        if key not in HANDLER_SETTINGS:
            hint = did_you_mean(near_names(key, HANDLER_SETTINGS)) or f" Known: {', '.join(HANDLER_SETTINGS)}."
            more = "" if "mean" in hint else " Settings of flows belong under the extension or plugin penstock."
            raise PluginError(f"{_WHERE}: there is no setting {key!r}.{hint}{more}")
    try:
        read_options(_lines(_mapping(settings.get("options")), 0), FlowOptions)
    except OptionError as error:
        raise PluginError(f"{_WHERE}: {error}") from None
    inventories = settings.get("inventories") or []
    if not isinstance(inventories, list) or not all(map(_is_inventory, inventories)):
        raise PluginError(f"{_WHERE}: 'inventories' must be a list of addresses, or of mappings with a 'url'")


def _is_inventory(item: object) -> bool:
    return isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("url"), str))


def _mapping(options: object) -> Mapping[str, Any]:
    if options is None:
        return {}
    if isinstance(options, dict):
        return options
    raise PluginError(f"{_WHERE}: 'options' must be a mapping, not {options!r}")


def _lines(options: Mapping[str, Any], line: int) -> tuple[Line, ...]:
    """Return options as the lines of an embed, so that the same code checks them."""
    return tuple(
        (line, f"{key}: {'' if value is None else json.dumps(value, default=str)}") for key, value in options.items()
    )


def _read(source: Path | None) -> str:
    try:
        return read_text(source) if source else ""
    except OSError:
        return ""


def _page_of(md: Markdown) -> PageContext:
    """Return the page that a Markdown object converts, or one with default settings if the extension is not in use."""
    for extension in md.registeredExtensions:
        if isinstance(extension, PenstockExtension):
            return next(page for page in extension.pages if page.md is md)
    extension = PenstockExtension()
    extension.pages.append(PageContext(md, extension.settings, add_embed))
    md.registerExtension(extension)  # which forgets the page when Markdown does
    return extension.pages[0]


def _copy_heading(heading: Element) -> Element:
    """Return a copy of a heading for the outline; mkdocstrings passes it to ``toc`` and removes it again."""
    heading_copy = deepcopy(heading)
    heading_copy.set("data-skip-inventory", "true")
    return heading_copy


def _finish(md: Markdown, root: Element, headings: Sequence[Element]) -> None:
    """Run the tree processors of a page, because this tree is not part of the page's."""
    for name in ("inline", "prettify"):
        md.treeprocessors[name].run(root)
    if "toc" not in md.treeprocessors:
        return
    toc: Any = md.treeprocessors["toc"]
    for heading in headings:
        toc.set_level(heading)
        if toc.use_anchors:
            toc.add_anchor(heading, heading.attrib["id"])
        if toc.use_permalinks:
            toc.add_permalink(heading, heading.attrib["id"])
    if "mkdocstrings_ids" in md.treeprocessors:  # in a docstring
        md.treeprocessors["mkdocstrings_ids"].run(root)
