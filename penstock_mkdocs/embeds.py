"""Embeds found in the text of a page, and put where the parser can hand them out.

An embed is a line ``::: penstock-… NAME`` with its options indented below, or a fence of that name. Each is taken
out of the text before anything else reads it, and a word is left in its place. Where the parser meets the word as
a block of its own, at any depth of lists, quotes, tabs and admonitions, the embed is rendered. Anywhere else, as in an
example inside a code block, the original text comes back.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from markdown.blockprocessors import BlockProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from penstock_mkdocs.options import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from penstock_mkdocs.options import Line

BEFORE_SNIPPETS = 35
"""Line numbers are those of the page only before ``pymdownx.snippets`` (32) puts other files in."""

AFTER_SNIPPETS = 28
"""Before the fences (25) are read, so that a fence of ours never reaches them."""

ABOVE_MKDOCSTRINGS = 78
"""Below code blocks (80), above mkdocstrings (75), in whatever order the two extensions are listed."""

AFTER_RAW_HTML = 5

NAMELESS = frozenset({"penstock-flows", "penstock-map"})
"""Embeds that are of no single flow: the first line in a fence is no name."""

_BLOCK = re.compile(r"(?P<indent>[ \t]*):::[ \t]*(?P<kind>penstock-[\w-]*)(?:[ \t]+(?P<name>\S.*?))?[ \t]*")
_FENCE = re.compile(r"[ \t]*(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)")
_QUOTE = re.compile(r"[ \t]*>(?:[ ]{0,3}>)*[ ]?")
_OPTION = re.compile(r"(?P<name>[a-z_-]+):(\s|$)")
_INFO = re.compile(r"(?P<kind>penstock-[\w-]*)(?:\s+(?P<name>\S.*?))?\s*")


@dataclass(frozen=True)
class Embed:
    """One embed as written.

    Attributes:
        kind: What is embedded, such as ``penstock-flow``.
        name: The flow's name, or an empty string.
        options: The lines of its options.
        line: The line at which it begins, counted from 1 in the text that was given to Markdown; 0 if unknown.
        source: The lines as they were, without the indentation of the first.
        depth: The columns of white space before the first line.
        quote: What makes its first line one of a quote, such as ``> ``.
        name_line: The line of the name, where it is not that of the embed; 0 otherwise.
        fault: Why it cannot be shown, with the line to mend.
    """

    kind: str
    name: str
    options: tuple[Line, ...]
    line: int
    source: tuple[str, ...]
    depth: int = 0
    quote: str = ""
    name_line: int = 0
    fault: Line | None = None

    def without_lines(self) -> Embed:
        """Return the embed without line numbers, for text that is not the page's own."""
        fault = (0, self.fault[1]) if self.fault else None
        return replace(self, options=tuple((0, text) for _, text in self.options), line=0, name_line=0, fault=fault)


@dataclass
class Found:
    """What was found on a page.

    Attributes:
        embeds: The embeds, in the order in which they were found.
        text: The page's text as it was given to Markdown.
        mark: What the words begin with; nobody can write it before it is made, and no page shows it.
    """

    embeds: list[Embed] = field(default_factory=list)
    text: str = ""
    mark: str = field(default_factory=lambda: f"penstock{secrets.token_hex(4)}x")

    @property
    def next_word(self) -> str:
        """The word for the next embed."""
        return f"{self.mark}{len(self.embeds)}x"

    @cached_property
    def alone(self) -> re.Pattern[str]:
        """A word on a line of its own."""
        return re.compile(rf"^[ ]{{0,3}}{self.mark}(\d+)x[ ]*$", re.MULTILINE)

    @cached_property
    def anywhere(self) -> re.Pattern[str]:
        """A word, with its line up to it."""
        return re.compile(rf"^([ \t]*)(.*?){self.mark}(\d+)x", re.MULTILINE)

    def clear(self) -> None:
        """Forget the page."""
        self.embeds.clear()
        self.text = ""


def in_text(text: str) -> Iterator[Embed]:
    """Yield the embeds in a text that is not being converted, those that can be shown."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        at, embed = _read(lines, at)
        if embed and not embed.fault:
            yield embed


class FindEmbeds(Preprocessor):
    """Takes embeds out of the text."""

    def __init__(self, md: Markdown, found: Found, *, first: bool) -> None:
        super().__init__(md)
        self.found = found
        self.first = first

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines with a word in place of each embed."""
        if self.first:
            self.found.text = "\n".join(lines)
        result: list[str] = []
        at = 0
        while at < len(lines):
            end, embed = _read(lines, at)
            if embed:
                result += _apart(embed, self.found.next_word, lines[max(at - 1, 0) : at], lines[end : end + 1])
                self.found.embeds.append(embed if self.first else embed.without_lines())
            else:
                result += lines[at:end]
            at = end
        return result


class EmbedBlocks(BlockProcessor):
    """Hands an embed out where its word stands as a block of its own."""

    def __init__(self, md: Markdown, found: Found, render: Callable[[Element, Embed], None]) -> None:
        super().__init__(md.parser)
        self.found = found
        self.render = render

    def test(self, parent: Element, block: str) -> bool:  # noqa: ARG002 - the signature is Markdown's
        """Tell whether the block holds the word of an embed."""
        return self.found.alone.search(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        """Render the embed, and leave what stands before and behind it to the other processors."""
        before, number, after = self.found.alone.split(blocks.pop(0), maxsplit=1)
        if before.strip():
            self.parser.parseBlocks(parent, [before.rstrip("\n")])
        self.render(parent, self.found.embeds[int(number)])
        if after.strip():
            blocks.insert(0, after.lstrip("\n"))


class RestoreText(Postprocessor):
    """Gives the original text back where an embed was not one, as in a code block."""

    def __init__(self, md: Markdown, found: Found) -> None:
        super().__init__(md)
        self.found = found

    def run(self, text: str) -> str:
        """Return the text without words of ours."""
        return self.found.anywhere.sub(self._original, text) if self.found.mark in text else text

    def _original(self, match: re.Match[str]) -> str:
        indent, before, number = match.groups()
        embed = self.found.embeds[int(number)]
        quotes = (escape(embed.quote.lstrip()), embed.quote.lstrip())
        quote = next((each for each in quotes if before.endswith(each)), "")
        source = f"\n{indent}{quote}".join(escape(line, quote=False) for line in embed.source)
        return f"{indent}{before}{source}"


def _read(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    """Return where the thing that begins at a line ends, and the embed if it is one, in a quote or not."""
    quote = _QUOTE.match(lines[at])
    if not quote:
        return _outside_quotes(lines, at)
    first = lines[at][quote.end() :]
    if not (_BLOCK.match(first) or _FENCE.match(first)):
        return at + 1, None
    end, embed = _outside_quotes([*lines[:at], *_unquoted(lines, at, quote[0].count(">"))], at)
    return end, replace(embed, quote=quote[0]) if embed else None


def _unquoted(lines: Sequence[str], at: int, depth: int) -> Iterator[str]:
    """Yield the lines of a quote from one on, as they are without the marks."""
    marks = re.compile(rf"[ \t]*>(?:[ ]{{0,3}}>){{{depth - 1}}}[ ]?")
    for line in lines[at:]:
        if not (found := marks.match(line)):
            return
        yield line[found.end() :]


def _outside_quotes(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    if block := _BLOCK.fullmatch(lines[at].rstrip("\r")):
        return _block(lines, at, block)
    fence = _FENCE.fullmatch(lines[at].rstrip("\r"))
    if not fence:
        return at + 1, None
    info = _INFO.fullmatch(fence["info"])
    end = _closing(lines, at, fence["ticks"])
    if end is None:
        return at + 1, _unclosed(lines, at, fence["ticks"], info) if info else None
    return end + 1, _fenced(lines[at : end + 1], at, info) if info else None


def _block(lines: Sequence[str], at: int, match: re.Match[str]) -> tuple[int, Embed]:
    depth = _depth(match["indent"])
    end = at + 1
    while end < len(lines) and lines[end].strip() and _is_option(lines[end], depth):
        end += 1
    options, source = tuple(enumerate(lines[at + 1 : end], at + 2)), _dedented(lines[at:end], depth)
    fault = _left_behind(lines, end, depth)
    return end, Embed(match["kind"], match["name"] or "", options, at + 1, source, depth, fault=fault)


def _left_behind(lines: Sequence[str], end: int, depth: int) -> Line | None:
    """Return what is wrong with an option below an empty line, which a page would show as a block of code."""
    at = next((at for at in range(end, len(lines)) if lines[at].strip()), end)
    found = _OPTION.match(lines[at].strip()) if at > end else None
    if not found or found["name"] not in NAMES or _depth(lines[at]) <= depth:
        return None
    return at + 1, f"the option {found['name']!r} is not read: take the empty line above it away"


def _is_option(line: str, depth: int) -> bool:
    """Tell whether a line belongs to the embed above: indented as Markdown wants it, or at all and with a name."""
    deeper = _depth(line) - depth
    return deeper >= 4 or (deeper > 0 and _OPTION.match(line.strip()) is not None)


def _fenced(lines: Sequence[str], at: int, match: re.Match[str]) -> Embed:
    inner = list(enumerate(lines[1:-1], at + 2))
    name, name_line = match["name"] or "", 0
    if not name and match["kind"] not in NAMELESS:
        inner = [(number, line) for number, line in inner if line.strip()]
        (name_line, name), inner = (inner[0], inner[1:]) if inner else ((0, ""), [])
    depth = _depth(lines[0])
    source = _dedented(lines, depth)
    return Embed(match["kind"], name.strip(), tuple(inner), at + 1, source, depth, name_line=name_line)


def _unclosed(lines: Sequence[str], at: int, ticks: str, match: re.Match[str]) -> Embed:
    depth = _depth(lines[at])
    fault = at + 1, f"this fence has no end: close it by a line of {ticks}"
    return Embed(match["kind"], match["name"] or "", (), at + 1, _dedented([lines[at]], depth), depth, fault=fault)


def _apart(embed: Embed, word: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield a word with empty lines around it where it belongs to a list's item but would read as the item's text."""
    empty = embed.quote.rstrip()
    if before and _is_outside(before[-1], embed):
        yield empty
    yield f"{embed.quote}{' ' * embed.depth}{word}"
    if after and _is_outside(after[0], embed):
        yield empty


def _is_outside(line: str, embed: Embed) -> bool:
    """Tell whether a line next to an embed has text that begins further left."""
    text = _QUOTE.sub("", line, count=1) if embed.quote else line
    return bool(text.strip()) and _depth(text) < embed.depth


def _closing(lines: Sequence[str], at: int, ticks: str) -> int | None:
    closing = re.compile(rf"[ \t]*{ticks}{ticks[0]}*[ \t\r]*")
    return next((end for end in range(at + 1, len(lines)) if closing.fullmatch(lines[end])), None)


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


def _dedented(lines: Sequence[str], depth: int) -> tuple[str, ...]:
    return tuple(line.expandtabs(4).rstrip("\r")[min(depth, _depth(line)) :] for line in lines)
