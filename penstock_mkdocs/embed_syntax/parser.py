"""Parses embeds from the lines of a page.

An embed is a line ``::: penstock-… NAME`` with its options indented below, or a fence of that name. It may stand in a
quote, and directly after the mark of a list item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock_mkdocs.embed_syntax.options import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock_mkdocs.embed_syntax.options import Line

NAMELESS = frozenset({"penstock-flows", "penstock-map", "penstock-channels"})
"""Embeds without a flow name: the first line in a fence is not a name."""

_KIND = r"(?P<kind>penstock-\S*|penstock_\w+(?=\s+\S)|\{\s*\.?penstock-[\w-]*\s*\})"
"""The name of an embed, and common misspellings to report: an underscore, braces."""

_BLOCK = re.compile(rf"(?P<indent>[ \t]*):::[ \t]*{_KIND}(?:\s+(?P<name>\S.*?))?\s*")
_FENCE = re.compile(r"[ \t]*(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)")
_INFO = re.compile(rf"{_KIND}(?:\s+(?P<name>\S.*?))?\s*")
_QUOTE = re.compile(r"[ \t]*>(?:[ ]{0,3}>)*[ ]?")
_LEAD = re.compile(
    r"[ \t]*(?:(?:[-*+:>]|(?:\w{1,3}|#)[.)]|\[\^[^\]]+\]:|\[[ xX]\])[ \t]+)*(?P<heading>#{1,6}[ \t]*)?(?=(?::::|`{3,}|~{3,})[ \t]*\{?[ .]*penstock)"
)
"""Text that may precede an embed in its line: marks of lists, terms and footnotes, a checkbox."""

_OPTION = re.compile(r"(?P<name>[a-z_-]+):(\s|$)")
_BARE_OPTION = re.compile(r":?(?P<name>[a-z_-]+):(\s|$)")
"""An option without its indentation, also in the syntax of Sphinx."""

_CONTAINER = re.compile(r"(?:[-*+:]|(?:\w{1,3}|#)[.)]|\[\^[^\]]+\]:|!!!|\?\?\?\+?|===[!+]*)(?:\s|$)")
"""The beginning of a line whose deeper lines are not a code block."""


_UNSEEN = (("<!--", "-->"), ("<pre", "</pre"))


@dataclass(frozen=True)
class Embed:
    """One embed as written.

    Attributes:
        kind: The kind of embed, such as ``penstock-flow``.
        name: The flow's name, or an empty string.
        options: The lines of its options.
        line: Its first line, counted from 1 in the text passed to Markdown; 0 if unknown.
        source: The original lines, without the indentation of the first.
        depth: The columns of white space before the first line.
        quote: The mark of a quote before its first line, such as ``> ``.
        lead: The mark of a list item before its first line, such as ``- ``, with preceding white space.
        name_line: The line of the name, if it is not the first line; 0 otherwise.
        fault: Why it cannot be shown, with the line to correct.
        example: Whether it is in a code block or a comment, judged by the lines above it.
        unseen: Whether that is a comment, or a block of code in HTML.
    """

    kind: str
    name: str
    options: tuple[Line, ...]
    line: int
    source: tuple[str, ...]
    depth: int = 0
    quote: str = ""
    lead: str = ""
    name_line: int = 0
    fault: Line | None = None
    example: bool = False
    unseen: bool = False

    @property
    def is_indented_code(self) -> bool:
        """Whether nothing but its depth makes it a block of code."""
        return self.example and self.depth >= 4 and not self.unseen

    def without_lines(self) -> Embed:
        """Return the embed without line numbers, for text that is not the page's own."""
        fault = (0, self.fault[1]) if self.fault else None
        return replace(self, options=tuple((0, text) for _, text in self.options), line=0, name_line=0, fault=fault)


def in_text(text: str) -> Iterator[Embed]:
    """Yield the embeds in a text that is not being converted, without faulty ones and examples."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        at, embed = read(lines, at)
        if embed and not embed.fault and not embed.example:
            yield embed


def outside_fences(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a text outside code blocks and embeds."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        begin, (at, embed) = at, read(lines, at)
        if at == begin + 1 and not embed:
            yield at, lines[begin]


def read(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    """Return the end of the construct that begins at a line, and the embed if it is one."""
    end, embed = _anywhere(lines, at)
    if not embed:
        return end, None
    unseen = _is_unseen(lines, at)
    return end, replace(embed, example=unseen or _is_code(lines, at), unseen=unseen)


def depth_of(line: str) -> int:
    """Return the columns of white space before a line."""
    expanded_line = line.expandtabs(4)
    return len(expanded_line) - len(expanded_line.lstrip(" "))


def without_quote(line: str) -> str:
    """Return a line without the mark of a quote."""
    return _QUOTE.sub("", line, count=1)


def _anywhere(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    quote = _QUOTE.match(lines[at])
    if not quote:
        return _outside_quotes(lines, at)
    first = lines[at][quote.end() :]
    if not (_LEAD.match(first) or _FENCE.match(first)):
        return at + 1, None
    end, embed = _outside_quotes([*lines[:at], *_strip_quote_marks(lines, at, quote[0].count(">"))], at)
    return end, replace(embed, quote=quote[0]) if embed else None


def _strip_quote_marks(lines: Sequence[str], at: int, depth: int) -> Iterator[str]:
    """Yield the lines of a quote from line ``at`` on, without the marks."""
    marks = re.compile(rf"[ \t]*>(?:[ ]{{0,3}}>){{{depth - 1}}}[ ]?")
    for line in lines[at:]:
        if not (match := marks.match(line)):
            return
        yield line[match.end() :]


def _outside_quotes(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    if block := _BLOCK.fullmatch(lines[at].rstrip("\r")):
        return _block(lines, at, block)
    fence = _FENCE.fullmatch(lines[at].rstrip("\r"))
    if not fence:
        return _behind_lead(lines, at)
    info = _INFO.fullmatch(fence["info"])
    end = _closing(lines, at, fence["ticks"])
    if not info and end is not None and not _is_fence(lines[at : end + 1]):
        return at + 1, None
    if end is None:
        return at + 1, _make_unclosed_embed(lines, at, fence["ticks"], info) if info else None
    return end + 1, _parse_fence(lines[at : end + 1], at, info) if info else None


def _behind_lead(lines: Sequence[str], at: int) -> tuple[int, Embed | None]:
    """Return the end of an embed that follows a list mark, parsed as if white space preceded it."""
    lead = _LEAD.match(lines[at])
    if not lead or not lead[0].strip():
        return at + 1, None
    first = " " * len(lead[0].expandtabs(4)) + lines[at][lead.end() :]
    end, embed = _outside_quotes([*lines[:at], first, *lines[at + 1 :]], at)
    if not embed:
        return at + 1, None
    depth, heading = depth_of(lines[at]), lead["heading"] or ""
    source = (f"{heading}{embed.source[0]}", *_dedent_lines(lines[at + 1 : end], depth))
    embed = replace(embed, source=source, depth=depth, lead=lead[0].removesuffix(heading))
    if heading:
        return end, replace(embed, fault=(at + 1, f"an embed is not a heading: remove {heading.strip()} away"))
    if ">" in embed.lead:
        return end, replace(embed, fault=(at + 1, "begin the quote on a line below the item"))
    return end, embed


def _block(lines: Sequence[str], at: int, match: re.Match[str]) -> tuple[int, Embed]:
    depth = depth_of(match["indent"])
    end = at + 1
    while end < len(lines) and lines[end].strip() and _is_option(lines[end], depth):
        end += 1
    options, source = tuple(enumerate(lines[at + 1 : end], at + 2)), _dedent_lines(lines[at:end], depth)
    fault = _left_behind(lines, end, depth)
    return end, Embed(match["kind"], match["name"] or "", options, at + 1, source, depth, fault=fault)


def _left_behind(lines: Sequence[str], end: int, depth: int) -> Line | None:
    """Return the fault of an option that is below an empty line, or not indented: a page would show it as text."""
    if end < len(lines) and depth_of(lines[end]) <= depth:
        bare = _BARE_OPTION.match(lines[end].strip())
        if bare and bare["name"] in NAMES:
            return end + 1, f"the option {bare['name']!r} is not indented: write four spaces before it"
    at = next((at for at in range(end, len(lines)) if lines[at].strip()), end)
    match = _OPTION.match(lines[at].strip()) if at > end else None
    if not match or match["name"] not in NAMES or depth_of(lines[at]) <= depth:
        return None
    return at + 1, f"the option {match['name']!r} is not read: remove the empty line above it"


def _is_option(line: str, depth: int) -> bool:
    """Return whether a line belongs to the embed above: indented by four columns, or by fewer if it names an option."""
    deeper = depth_of(line) - depth
    return deeper >= 4 or (deeper > 0 and _OPTION.match(line.strip()) is not None)


def _parse_fence(lines: Sequence[str], at: int, match: re.Match[str]) -> Embed:
    inner = list(enumerate(lines[1:-1], at + 2))
    name, name_line = match["name"] or "", 0
    if not name and match["kind"] not in NAMELESS:
        inner = [(number, line) for number, line in inner if line.strip()]
        (name_line, name), inner = (inner[0], inner[1:]) if inner else ((0, ""), [])
    depth = depth_of(lines[0])
    source = _dedent_lines(lines, depth)
    return Embed(match["kind"], name.strip(), tuple(inner), at + 1, source, depth, name_line=name_line)


def _make_unclosed_embed(lines: Sequence[str], at: int, ticks: str, match: re.Match[str]) -> Embed:
    depth = depth_of(lines[at])
    fault = at + 1, f"this fence has no end: close it with a line of {ticks}"
    return Embed(match["kind"], match["name"] or "", (), at + 1, _dedent_lines([lines[at]], depth), depth, fault=fault)


def _is_unseen(lines: Sequence[str], at: int) -> bool:
    """Return whether a line stands in a comment, or in a block of code in HTML."""
    above = "\n".join(lines[:at])
    return any(above.rfind(begin) > above.rfind(end) for begin, end in _UNSEEN)


def _is_code(lines: Sequence[str], at: int) -> bool:
    """Return whether a line stands in a block of code because it is deeper than what holds it allows."""
    depth = least = depth_of(lines[at])
    for line in reversed(lines[:at]) if depth >= 4 else ():
        if line.strip() and depth_of(line) < least:
            least = depth_of(line)
            if _CONTAINER.match(line.strip()):
                return depth - least >= 8
    return depth >= 4


def _closing(lines: Sequence[str], at: int, ticks: str) -> int | None:
    closing = re.compile(rf"[ \t]*{ticks}{ticks[0]}*[ \t\r]*")
    return next((end for end in range(at + 1, len(lines)) if closing.fullmatch(lines[end])), None)


def _is_fence(lines: Sequence[str]) -> bool:
    """Return whether Markdown, too, reads the lines as a fence: ends equally indented, no line less indented."""
    depths = [depth_of(line) for line in lines if line.strip()]
    return depths[0] == depths[-1] == min(depths)


def _dedent_lines(lines: Sequence[str], depth: int) -> tuple[str, ...]:
    return tuple(line.expandtabs(4).rstrip("\r")[min(depth, depth_of(line)) :] for line in lines)
