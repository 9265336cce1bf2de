"""Finds embeds in the text of a page, and hands them to the block parser.

Each is taken out of the text before anything else reads it, and a placeholder is left in its place. Where the parser
meets it as a block of its own, at any depth of lists, quotes, tabs and admonitions, the embed is rendered.
Elsewhere the original text comes back: it is an example if it stands in code or a comment, and a fault otherwise.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from markdown.blockprocessors import BlockProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from penstock_mkdocs.embed_syntax.parser import depth_of, read, without_quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from penstock_mkdocs.embed_syntax.parser import Embed

BEFORE_SNIPPETS = 35
"""Line numbers are those of the page only before ``pymdownx.snippets`` (32) puts other files in."""

AFTER_SNIPPETS = 31.5
"""Before the fences (25, or 31.05 where tabs in them are kept) are read, so that a fence of ours never reaches them."""

ABOVE_MKDOCSTRINGS = 78
"""Below code blocks (80), above mkdocstrings (75), whichever order the two extensions are listed in."""

AFTER_RAW_HTML = 5

_CODE = re.compile(r"<!--.*?-->|<(pre|code|script|style|textarea)\b.*?</\1>", re.DOTALL)
"""Where an embed is an example, or invisible."""


@dataclass
class PageSource:
    """The text of a page, and the embeds in it.

    Attributes:
        embeds: The embeds, in order of appearance.
        text: The page's text as passed to Markdown.
        mark: The prefix of the placeholders; it is random, so no page contains it.
    """

    embeds: list[Embed] = field(default_factory=list)
    text: str = ""
    mark: str = field(default_factory=lambda: f"penstock{secrets.token_hex(4)}x")

    @property
    def next_word(self) -> str:
        """The placeholder for the next embed."""
        return f"{self.mark}{len(self.embeds)}x"

    @cached_property
    def alone(self) -> re.Pattern[str]:
        """A placeholder on a line of its own."""
        return re.compile(rf"^[ ]{{0,3}}{self.mark}(\d+)x[ ]*$", re.MULTILINE)

    @cached_property
    def anywhere(self) -> re.Pattern[str]:
        """A placeholder, with its line up to it."""
        return re.compile(rf"^([ \t]*)(.*?){self.mark}(\d+)x", re.MULTILINE)

    def clear(self) -> None:
        """Forget the page."""
        self.embeds.clear()
        self.text = ""


class FindEmbeds(Preprocessor):
    """Replaces embeds in the text by placeholders.

    Args:
        md: The Markdown object that converts the page.
        source: Collects them.
        begin: Called before the first look at a page, because not every caller resets Markdown between pages.
    """

    def __init__(self, md: Markdown, source: PageSource, begin: Callable[[], None] | None = None) -> None:
        super().__init__(md)
        self.source = source
        self.begin = begin

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines with a placeholder for each embed."""
        if self.begin:
            self.begin()
            self.source.text = "\n".join(lines)
        result: list[str] = []
        at = 0
        while at < len(lines):
            end, embed = read(lines, at)
            if embed:
                result += _apart(embed, self.source.next_word, lines[max(at - 1, 0) : at], lines[end : end + 1])
                self.source.embeds.append(embed if self.begin else embed.without_lines())
            else:
                result += lines[at:end]
            at = end
        return result


class EmbedBlocks(BlockProcessor):
    """Renders an embed where its placeholder is a block of its own."""

    def __init__(self, md: Markdown, source: PageSource, render: Callable[[Element, Embed], None]) -> None:
        super().__init__(md.parser)
        self.source = source
        self.render = render

    def test(self, parent: Element, block: str) -> bool:  # noqa: ARG002 - the signature is Markdown's
        """Return whether the block contains the placeholder of an embed."""
        return self.source.alone.search(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        """Render the embed, and leave the text before and after it to the other processors."""
        before, number, after = self.source.alone.split(blocks.pop(0), maxsplit=1)
        if before.strip():
            self.parser.parseBlocks(parent, [before.rstrip("\n")])
        self.render(parent, self.source.embeds[int(number)])
        if after.strip():
            blocks.insert(0, after.lstrip("\n"))


class RestoreText(Postprocessor):
    """Restores the original text where an embed was not one: in code, or where it cannot be shown."""

    def __init__(
        self, md: Markdown, source: PageSource, lost: Callable[[Embed], None], note_code: Callable[[Embed], None]
    ) -> None:
        super().__init__(md)
        self.source = source
        self.report_lost = lost
        self.note_code = note_code

    def run(self, text: str) -> str:
        """Return the text without placeholders, and report the embeds that are lost in it."""
        if self.source.mark not in text:
            return text
        for match in self.source.anywhere.finditer(_CODE.sub("", text)):
            self.report_lost(self.source.embeds[int(match[3])])
        for match in self.source.anywhere.finditer(text):
            embed = self.source.embeds[int(match[3])]
            if embed.is_indented_code:
                self.note_code(embed)
        return self.source.anywhere.sub(self._original, text)

    def _original(self, match: re.Match[str]) -> str:
        indent, before, number = match.groups()
        embed = self.source.embeds[int(number)]
        quotes = (escape(embed.quote.lstrip()), embed.quote.lstrip())
        marks = before.removesuffix(embed.lead.lstrip())
        quote = next((candidate for candidate in quotes if marks.endswith(candidate)), "")
        source = f"\n{indent}{quote}".join(escape(line, quote=False) for line in embed.source)
        return f"{indent}{before}{source}"


def _apart(embed: Embed, word: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield a placeholder, with empty lines around it where it would otherwise read as the text of a list item."""
    if embed.lead:
        yield f"{embed.quote}{embed.lead}{word}"
        return
    empty = embed.quote.rstrip()
    if before and _is_outside(before[-1], embed):
        yield empty
    yield f"{embed.quote}{' ' * embed.depth}{word}"
    if after and _is_outside(after[0], embed):
        yield empty


def _is_outside(line: str, embed: Embed) -> bool:
    """Return whether a line next to an embed has text that begins further left."""
    text = without_quote(line) if embed.quote else line
    return bool(text.strip()) and depth_of(text) < embed.depth
