"""Derives the title of a step in a diagram from its docstring."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKUP = re.compile("[`*[]|::$")
_ROLE = re.compile(r":[\w:+-]+:`(~?)([^`<]+?)(?:\s*<[^`>]*>)?`")  # :py:func:`name`, :doc:`text <target>`
_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{1,2}|\[([^\]]+)\]\([^)]*\)")  # `text <address>`_, [text](address)
_QUOTE = re.compile(
    r"(`{1,2})(?=\S)(.+?)(?<=\S)\1|(?<![\w*])(\*{1,2})(?=\S)(.+?)(?<=\S)\3(?![\w*])"
)  # `code`, *emphasis*


_BLOCK = re.compile(
    r":\w[^:`]*:(?!`)|@(?:param|return|rais|type)|[-*+]\s|1[.)]\s|>>>|\.\.\s|[|>]\s|```|~~~|#{1,6}\s|[A-Z][\w ]*:$"
)
"""The start of a separate block right below a paragraph: a field, a list, an example, a section such as ``Args:``."""

_UNDERLINE = re.compile(r"([^\w\s])\1{2,}$")
_END = re.compile(
    r"(?<=\S)[.!?\u2026]+[)\]\"'\u2019\u201d\xbb]*(?=\s)"
    r"|[\u3002\uff01\uff1f]+[)\]\u2019\u201d\u300d\u300f\uff09]*"  # East Asian full stops need no space
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|a\.k\.a|d\.h|e\.g|i\.e|z\.b|al|approx|ca|cf|etc|incl|max|min|no|resp|vs)\.$", re.IGNORECASE
)
"""Words whose full stop ends no sentence: those of Sphinx's autosummary, initials, and a few more."""


def title(text: str) -> str:
    """Return a docstring's summary without RST and Markdown markup, which a diagram cannot show.

    The summary is the first sentence, however many lines it takes, or else the whole first paragraph. PEP 257
    wants it on one line, but authors break lines anywhere; Sphinx's autosummary reads it the same way.
    """
    paragraph = " ".join(_first_paragraph(text))
    if _MARKUP.search(paragraph):
        paragraph = _ROLE.sub(lambda role: role[2].rpartition(".")[2] if role[1] else role[2], paragraph)
        paragraph = _LINK.sub(lambda link: link[1] or link[2], paragraph)
        paragraph = _QUOTE.sub(lambda quote: quote[2] or quote[4], paragraph).removesuffix("::").strip()
    return _first_sentence(paragraph)


def _first_paragraph(text: str) -> Iterator[str]:
    """Yield the lines of the first paragraph; an underlined heading is a paragraph of its own."""
    first = True
    for line in map(str.strip, text.splitlines()):
        if not line or (not first and (_BLOCK.match(line) or _UNDERLINE.match(line))):
            return
        yield line
        if line.endswith("::"):  # a literal block follows
            return
        first = False


def _first_sentence(paragraph: str) -> str:
    for end in _END.finditer(paragraph):
        before, after = paragraph[: end.end()], paragraph[end.end() :].lstrip()
        if not after[:1].islower() and not _ABBREVIATION.search(before):
            return before
    return paragraph
