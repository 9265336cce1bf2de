"""One line of code in the colours of the page: whatever highlights its blocks of code is asked for its settings."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from penstock_mkdocs.markup import Markup, tag

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
    """Return a line of Python as ``<code>``, highlighted as the page's blocks of code are, or plain where they are not."""
    settings = settings_of(md)
    if settings is None or not settings.get("use_pygments", True):
        return tag("code", code)
    try:
        inner = _spans(code, str(settings.get("pygments_style") or "default"), bool(settings.get("noclasses")))
    except ImportError:  # the highlighter leaves its blocks plain too
        return tag("code", code)
    return tag("code", inner, class_=str(settings.get("css_class") or "highlight"))


def settings_of(md: Markdown) -> Mapping[str, Any] | None:
    """Return the settings of what highlights the page's blocks of code, or ``None`` where nothing does."""
    found: list[Any] = [each for each in md.registeredExtensions if type(each).__name__ in _HIGHLIGHTERS]
    # superfences brings one of its own, which yields to the one that the site lists
    found.sort(key=lambda each: not getattr(each, "enabled", True))
    return found[0].getConfigs() if found else None


@lru_cache(maxsize=4096)
def _spans(code: str, style: str, noclasses: bool) -> Markup:
    """Return the code with a ``<span>`` for each token that has a colour; no ids, no lines, nothing around it."""
    import pygments  # noqa: PLC0415 - not every site has it

    return Markup(_PLAIN.sub(r"\1", pygments.highlight(code, *_tools(style, noclasses)).strip()))


@cache
def _tools(style: str, noclasses: bool) -> tuple[Lexer, HtmlFormatter[str]]:
    """Return what reads and what writes: making them takes as long as a signature does."""
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415 - not every site has it
    from pygments.lexers import PythonLexer  # noqa: PLC0415

    return PythonLexer(), HtmlFormatter(nowrap=True, style=style, noclasses=noclasses)
