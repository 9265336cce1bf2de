"""One line of code in the colours of the page, with the settings of the extension that highlights its code blocks."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from penstock_mkdocs.html_builder import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown import Markdown
    from pygments.formatters import HtmlFormatter
    from pygments.lexer import Lexer

_HIGHLIGHTERS = frozenset({"HighlightExtension", "CodeHiliteExtension"})
"""The classes of ``pymdownx.highlight``, which ``pymdownx.superfences`` brings along, and of ``codehilite``."""

_PLAIN = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')
"""Names, punctuation and spaces, which look like the code around them; a site's search parses every element."""


def one_line(md: Markdown, code: str) -> Markup:
    """Return a line of Python as ``<code>``, highlighted as the page's code blocks are, or plain if they are plain."""
    settings = settings_of(md)
    if settings is None or not settings.get("use_pygments", True):
        return tag("code", code)
    try:
        inner = _spans(code, str(settings.get("pygments_style") or "default"), bool(settings.get("noclasses")))
    except ImportError:  # the highlighter leaves its blocks plain too
        return tag("code", code)
    return tag("code", inner, class_=str(settings.get("css_class") or "highlight"))


def settings_of(md: Markdown) -> Mapping[str, Any] | None:
    """Return the settings of the extension that highlights the page's code blocks, or ``None`` if there is none."""
    highlighters: list[Any] = [item for item in md.registeredExtensions if type(item).__name__ in _HIGHLIGHTERS]
    # superfences registers its own extension, which yields to the one that the site lists
    highlighters.sort(key=lambda each: not getattr(each, "enabled", True))
    return highlighters[0].getConfigs() if highlighters else None


@lru_cache(maxsize=4096)
def _spans(code: str, style: str, noclasses: bool) -> Markup:
    """Return the code with a ``<span>`` for each coloured token, without ids, line numbers or a wrapper."""
    import pygments  # noqa: PLC0415 - not every site has it

    return Markup(_PLAIN.sub(r"\1", pygments.highlight(code, *_tools(style, noclasses)).strip()))


@cache
def _tools(style: str, noclasses: bool) -> tuple[Lexer, HtmlFormatter[str]]:
    """Return the lexer and the formatter; creating them takes as long as highlighting a signature."""
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415 - not every site has it
    from pygments.lexers import PythonLexer  # noqa: PLC0415

    return PythonLexer(), HtmlFormatter(nowrap=True, style=style, noclasses=noclasses)
