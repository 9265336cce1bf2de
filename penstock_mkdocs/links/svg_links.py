"""Links in drawings, as themes and other tools understand them.

Tools that move pages rewrite the attribute ``href``: TechDocs, print-site. Scripts of Material set the property of that name on all
that have the attribute, as soon as a page comes by instant navigation, and that throws in SVG; ``xlink:href`` is no such attribute.
So content has both, which browsers take for the first, and finished pages with those scripts have the second, with what the
first has become.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'>]+)"""
_NODE = re.compile(rf"<a(?=[^>]*\sxlink:href=)(?=[^>]*\bps-node\b)(?:\s+[^\s=>]+(?:={_VALUE})?)*\s*/?>")
_HREF = re.compile(rf"\shref=({_VALUE})")
_XLINK = re.compile(rf"(\sxlink:href=){_VALUE}")
"""Other plugins may have changed the order of attributes, or taken quotes away."""

_PLACE = re.compile(
    r'<section class="print-page" id="(?P<page>[^"]*)"|(?P<begin><div class="penstock" id=")(?P<id>[^"]*)"'
)


def assigns_href(config: MkDocsConfig) -> bool:
    """Return whether scripts of the theme set the property ``href``; TechDocs takes the theme, and no script of it."""
    theme = config.theme
    features = theme.get("features", ())
    instant = any(str(feature).startswith("navigation.instant") for feature in features or ())
    in_techdocs = "techdocs-core" in config.plugins or "techdocs_metadata.json" in theme.static_templates
    return (instant or theme.name == "material") and not in_techdocs


def link_twice(drawing: str) -> str:
    """Return a drawing whose links have both attributes."""
    return re.sub(r'<a href=("[^"]*")', r"<a xlink:href=\1 href=\1", drawing)


def link_for_scripts(html: str) -> str:
    """Return a drawing or a page whose drawings have ``xlink:href`` only."""
    return _NODE.sub(_without_href, html) if "xlink:href" in html else html


def _without_href(match: re.Match[str]) -> str:
    link = match[0]
    href = _HREF.search(link)
    return _XLINK.sub(lambda found: f"{found[1]}{href[1]}", _HREF.sub("", link)) if href else link


def number_places(html: str) -> str:
    """Return the page of print-site with the anchors of flows as its links have them: behind the name of their page."""
    page = ""

    def replace(match: re.Match[str]) -> str:
        """Return an anchor behind the name of its page."""
        nonlocal page
        if match["page"] is not None:
            page = match["page"]
            return match[0]
        return f'{match["begin"]}{page}-{match["id"]}"' if page else match[0]

    return _PLACE.sub(replace, html)
