"""Finds the lines of Markdown and reStructuredText that are code, by a heuristic on lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TAB = 4
_FENCE = re.compile(
    r"(?P<prefix>(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(?P<ticks>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)", re.DOTALL
)
_QUOTE = re.compile(r"[ \t]*>")
_CONTAINER = re.compile(r"(?:[-*+]|\d{1,9}[.)]|!!!|\?\?\?\+?|===|\[\^[^\]]+\]:|:)(?:[ \t]|$)")
"""Starts of a block with indented content: an item, an admonition, a tab, a footnote, a definition."""

_ALONE = re.compile(r"#{1,6}(?:\s|$)|(?:`{3,}|~{3,})|<!--.*-->$|([-*_])(?:\s*\1){2,}$")
"""Constructs that end with their line, so that no paragraph continues: a heading, a fence, a comment, a rule."""

_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|]+\|[ \t]+)?([\w:.+-]+)::")
_LITERAL = frozenset(
    """
    code code-block sourcecode parsed-literal literalinclude highlight raw math mermaid graphviz digraph graph
    doctest testcode testoutput prompt ipython productionlist
    """.split()  # noqa: SIM905 - a word a line reads worse
)
"""Directives whose content is not parsed as reStructuredText."""


class _Fence(NamedTuple):
    """An open fence: its character, its length, the quotes around it, and the minimum column of its content."""

    character: str
    length: int
    quotes: int
    column: int


def fenced_lines(lines: Sequence[str]) -> frozenset[int]:
    """Return the indexes of the lines in fenced code, including the fences."""
    inside: set[int] = set()
    fence: _Fence | None = None
    for index, line in enumerate(lines):
        match = _FENCE.match(line.rstrip("\r\n"))
        if fence is not None and _leaves(line, fence):
            fence = None
        if fence is not None:
            inside.add(index)
            if match and _closes(line, match, fence):
                fence = None
        elif match and not _is_deep(lines, index):
            inside.add(index)
            fence = _open_fence(lines, index, match)
    return frozenset(inside)


def _open_fence(lines: Sequence[str], index: int, match: re.Match[str]) -> _Fence:
    prefix = match["prefix"]
    quotes, rest = _without_quotes(prefix)
    column = len(rest.removeprefix(" " if quotes else "").expandtabs(_TAB))
    if not rest.strip():  # the item, if any, began on a line before
        parent = _parent(lines, index)
        column = _content_column(lines[parent]) if parent is not None and _begins_container(lines[parent]) else 0
    return _Fence(match["ticks"][0], len(match["ticks"]), prefix.count(">"), column)


def _closes(line: str, match: re.Match[str], fence: _Fence) -> bool:
    ticks, is_bare = match["ticks"], not match["prefix"].replace(">", "").strip() and not match["info"].strip()
    is_long = ticks[0] == fence.character and len(ticks) >= fence.length
    return is_bare and is_long and _quotes(line) == fence.quotes and depth_of(line) < fence.column + _TAB


def _leaves(line: str, fence: _Fence) -> bool:
    """Return whether a line ends the quote or the item around a fence."""
    quotes = _quotes(line)
    depth = depth_of(line) if quotes == fence.quotes else len(line) - len(line.lstrip())
    return quotes < fence.quotes or bool(line.strip(" \t\r\n>") and fence.column and depth < fence.column)


def is_indented_code(lines: Sequence[str], index: int) -> bool:
    """Return whether a line of Markdown is code because of its indentation, and not a paragraph of a list's item."""
    return _is_deep(lines, index) and _begins_behind_empty_line(lines, index)


def _is_deep(lines: Sequence[str], index: int) -> bool:
    """Return whether a line is indented more than any block that it may belong to."""
    depth = depth_of(lines[index])
    if depth < _TAB:
        return False
    parent = _parent(lines, index)
    while parent is not None and not _begins_container(lines[parent]):
        if not depth_of(lines[parent]):
            return True
        parent = _parent(lines, parent)
    return parent is None or depth >= _content_column(lines[parent]) + _TAB


def _begins_behind_empty_line(lines: Sequence[str], index: int) -> bool:
    """Return whether no paragraph goes on in a line and those above that are indented as well."""
    quotes = _quotes(lines[index])
    while (
        index and depth_of(lines[index - 1]) >= _TAB and _text(lines[index - 1]) and quotes == _quotes(lines[index - 1])
    ):
        index -= 1
    if not index or _quotes(lines[index - 1]) < quotes:
        return True
    text = _text(lines[index - 1])
    return not text or bool(_ALONE.match(text))


def is_rst_literal(lines: Sequence[str], index: int) -> bool:
    """Return whether a line of reStructuredText is in a literal block, in code, or in a comment."""
    return any(map(_is_literal, _ancestors(lines, index)))


def _is_literal(line: str) -> bool:
    text = line.strip()
    if directive := _DIRECTIVE.match(text):
        return directive[1] in _LITERAL
    return text.endswith("::") or bool(re.match(r"\.\.(?:[ \t]+(?![_|\[])|$)", text))


def _ancestors(lines: Sequence[str], index: int) -> Iterator[str]:
    parent = _parent(lines, index)
    while parent is not None:
        yield lines[parent]
        parent = _parent(lines, parent)


def _parent(lines: Sequence[str], index: int) -> int | None:
    """Return the index of the last preceding line with less indentation."""
    depth = depth_of(lines[index])
    if not depth:
        return None
    for number in range(index - 1, -1, -1):
        if _quotes(lines[number]) < _quotes(lines[index]):
            return None
        if _text(lines[number]) and depth_of(lines[number]) < depth and _quotes(lines[number]) == _quotes(lines[index]):
            return number
    return None


def depth_of(line: str) -> int:
    """Return the column of a line's text, relative to the quotes around it."""
    _, rest = _without_quotes(line)
    rest = rest.removeprefix(" ") if rest != line else rest  # the space that belongs to the mark of a quote
    content = rest.expandtabs(_TAB)
    return len(content) - len(content.lstrip(" "))


def _text(line: str) -> str:
    return _without_quotes(line)[1].strip()


def _quotes(line: str) -> int:
    return _without_quotes(line)[0]


def _begins_container(line: str) -> bool:
    return bool(_CONTAINER.match(_text(line)))


def _content_column(line: str) -> int:
    mark = _CONTAINER.match(_text(line))
    is_item = mark and mark[0].strip()[-1:] in "-*+.)"
    return depth_of(line) + (len(mark[0].rstrip()) + 1 if mark and is_item else _TAB)


def _without_quotes(line: str) -> tuple[int, str]:
    count = 0
    while match := _QUOTE.match(line):
        line, count = line[match.end() :], count + 1
    return count, line
