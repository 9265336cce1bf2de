"""What a docstring is called in a diagram."""

from __future__ import annotations

import re

_MARKUP = re.compile("[`*[]|::$")
_ROLE = re.compile(r":[\w:+-]+:`(~?)([^`<]+?)(?:\s*<[^`>]*>)?`")  # :py:func:`name`, :doc:`text <target>`
_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{1,2}|\[([^\]]+)\]\([^)]*\)")  # `text <address>`_, [text](address)
_QUOTE = re.compile(
    r"(`{1,2})(?=\S)(.+?)(?<=\S)\1|(?<![\w*])(\*{1,2})(?=\S)(.+?)(?<=\S)\3(?![\w*])"
)  # `code`, *emphasis*


def title(text: str) -> str:
    """Return a docstring's first line without the markup of RST and Markdown, which a diagram cannot show."""
    line = text.partition("\n")[0]
    if not _MARKUP.search(line):
        return line.strip()
    line = _ROLE.sub(lambda role: role[2].rpartition(".")[2] if role[1] else role[2], line)
    line = _LINK.sub(lambda link: link[1] or link[2], line)
    return _QUOTE.sub(lambda quote: quote[2] or quote[4], line).removesuffix("::").strip()
