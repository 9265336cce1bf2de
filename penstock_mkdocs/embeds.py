"""Embeds found in the text of a page, and put where the parser can hand them out.

An embed is a line ``::: penstock-… NAME`` with its options indented below, or a fence of that name. Each is taken
out of the text before anything else reads it, and a word is left in its place. Where the parser meets the word as
a block of its own, at any depth of lists, tabs and admonitions, the embed is rendered. Anywhere else, as in an
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
_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)")
_OPTION = re.compile(r"[a-z_-]+:(\s|$)")
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
    """

    kind: str
    name: str
    options: tuple[Line, ...]
    line: int
    source: tuple[str, ...]
    depth: int = 0

    def without_lines(self) -> Embed:
        """Return the embed without line numbers, for text that is not the page's own."""
        return replace(self, options=tuple((0, text) for _, text in self.options), line=0)


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
    """Yield the embeds in a text that is not being converted."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        at, embed = _read(lines, at)
        if embed:
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
                indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
                result += _apart(f"{indent}{self.found.next_word}", lines[max(at - 1, 0) : at], lines[end : end + 1])
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
        source = f"\n{indent}".join(self.found.embeds[int(number)].source)
        return f"{indent}{before}{escape(source, quote=False)}"


def _read(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    """Return where the thing that begins at a line ends, and the embed if it is one."""
    if block := _BLOCK.fullmatch(lines[at].rstrip("\r")):
        return _block(lines, at, block)
    fence = _FENCE.fullmatch(lines[at].rstrip("\r"))
    end = _closing(lines, at, fence["ticks"]) if fence else None
    if not fence or end is None:
        return at + 1, None
    info = _INFO.fullmatch(fence["info"])
    if not info or ">" in fence["indent"]:
        return end + 1, None
    return end + 1, _fenced(lines[at : end + 1], at, info)


def _block(lines: Sequence[str], at: int, match: re.Match[str]) -> tuple[int, Embed]:
    depth = _depth(match["indent"])
    end = at + 1
    while end < len(lines) and lines[end].strip() and _is_option(lines[end], depth):
        end += 1
    options = tuple(enumerate(lines[at + 1 : end], at + 2))
    return end, Embed(match["kind"], match["name"] or "", options, at + 1, _dedented(lines[at:end], depth), depth)


def _is_option(line: str, depth: int) -> bool:
    """Tell whether a line belongs to the embed above: indented as Markdown wants it, or at all and with a name."""
    deeper = _depth(line) - depth
    return deeper >= 4 or (deeper > 0 and _OPTION.match(line.strip()) is not None)


def _fenced(lines: Sequence[str], at: int, match: re.Match[str]) -> Embed:
    inner = list(enumerate(lines[1:-1], at + 2))
    name = match["name"] or ""
    if not name and match["kind"] not in NAMELESS:
        inner = [(number, line) for number, line in inner if line.strip()]
        name, inner = (inner[0][1].strip(), inner[1:]) if inner else ("", [])
    depth = _depth(lines[0])
    return Embed(match["kind"], name, tuple(inner), at + 1, _dedented(lines, depth), depth)


def _apart(line: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield a line with empty ones around it where it belongs to a list's item but would read as the item's text."""
    if before and before[-1].strip() and _depth(before[-1]) < _depth(line):
        yield ""
    yield line
    if after and after[0].strip() and _depth(after[0]) < _depth(line):
        yield ""


def _closing(lines: Sequence[str], at: int, ticks: str) -> int | None:
    closing = re.compile(rf"[ \t>]*{ticks}{ticks[0]}*[ \t\r]*")
    return next((end for end in range(at + 1, len(lines)) if closing.fullmatch(lines[end])), None)


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


def _dedented(lines: Sequence[str], depth: int) -> tuple[str, ...]:
    return tuple(line.expandtabs(4).rstrip("\r")[min(depth, _depth(line)) :] for line in lines)
