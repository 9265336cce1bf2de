"""Converts pages of the reference from Markdown to text for a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = re.compile(r"(`{3,}|~{3,})")
_ROLE = re.compile(r"\{[\w:]+\}`~?(?:[\w.]*\.)?([^`]+)`")
_NAMED_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_BARE_LINK = re.compile(r"(^|[.!?:] )?\[\]\(([^)]*)\)")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}([^*\n]+)\*{1,2}(?!\w)")
_BLOCK = re.compile(r"\s*(?:[-*] |\d+\. |\|)|#")


def convert_markdown(markdown: str, columns: int) -> str:
    """Return Markdown as text: paragraphs folded, code indented, links reduced to their words.

    Args:
        markdown: The text of a page, in the syntax that the reference uses.
        columns: The width to fold paragraphs at; 0 keeps each on one line.
    """
    return "\n\n".join(_convert_block(block, columns) for block in _iter_blocks(markdown))


def _iter_blocks(markdown: str) -> Iterator[str]:
    """Yield paragraphs, lists, tables, headings and fences."""
    lines: list[str] = []
    fence = ""
    for line in [*markdown.splitlines(), ""]:
        mark = _FENCE.match(line)
        ends = line.strip() == fence if fence else not line.strip()
        if (ends or (mark and not fence)) and lines:
            yield "\n".join([*lines, line] if fence else lines)
            lines = []
        if mark and not fence:
            fence = mark[1]
        elif fence and ends:
            fence = ""
            continue
        if fence or line.strip():
            lines.append(line)


def _convert_block(block: str, columns: int) -> str:
    if _FENCE.match(block):
        return "\n".join(f"    {line}".rstrip() for line in block.splitlines()[1:-1])
    text = _convert_inline(block)
    if text.startswith("#"):
        return f"{text.lstrip('#').strip()}:"
    if text.startswith("|"):
        return "\n".join(_fold(item, columns) for item in _convert_table(text))
    if _BLOCK.match(text):
        return "\n".join(_fold(line, columns) for line in _join_items(text))
    return _fold(" ".join(text.split()), columns)


def _convert_table(text: str) -> Iterator[str]:
    """Yield the rows of a table, without its head, as items of a list."""
    for row in text.splitlines()[2:]:
        name, *cells = (cell.strip() for cell in row.strip().strip("|").split(" | "))
        yield f"- {name}: {'; '.join(filter(None, cells))}"


def _join_items(text: str) -> Iterator[str]:
    """Yield the items of a list, or the rows of a table, each on one line."""
    item = ""
    for line in text.splitlines():
        if _BLOCK.match(line) and item:
            yield item
            item = ""
        item = f"{item} {line.strip()}" if item else line
    yield item


def _fold(line: str, columns: int) -> str:
    if not columns:
        return line
    indent = "  " if _BLOCK.match(line) else ""
    return textwrap.fill(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _convert_inline(text: str) -> str:
    text = _ROLE.sub(r"`\1`", text)
    text = _BARE_LINK.sub(_name_page, text)
    return _EMPHASIS.sub(r"\1", _NAMED_LINK.sub(r"\1", text))


def _name_page(match: re.Match[str]) -> str:
    """Return the words for a link without a text, which names its page only by the file."""
    before, target = match.groups()
    name = target.rpartition("/")[2].partition("#")[0].removesuffix(".md").replace("-", " ")
    return f'{before or ""}{"The" if before is not None else "the"} page "{name}"'
