"""Finds blocks in Markdown and reStructuredText for ``penstock inject``: between two comments, the markers.

Markers in code are examples and left alone. An invalid marker is an error, because its block would otherwise
silently stay unwritten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from penstock.cli.inject.verbatim import fenced_lines, is_indented_code, is_rst_literal
from penstock.errors import MarkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_QUOTES = r"(?P<prefix>(?:[ \t]*>)*[ \t]*)"
_NEAR = 0.75
"""Minimum similarity of a word that counts as a misspelled marker."""


class Syntax(NamedTuple):
    """The syntax of comments in a kind of document.

    Attributes:
        name: The kind.
        comment: A comment that is alone on its line, with its text and its prefix.
        begin: The start of a comment with a marker, anywhere on a line; ``None`` if there is none.
        write: Returns a comment with a text.
        is_code: Returns whether the line at an index is code, where a comment has no effect.
    """

    name: str
    comment: re.Pattern[str]
    begin: re.Pattern[str] | None
    write: str
    code: Callable[[Sequence[str]], Callable[[int], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block between two markers.

    Attributes:
        line: The line of the first marker, counted from 1.
        request: The request of the first marker.
        start: The index of the line after it.
        end: The index of the second marker's line.
        prefix: The prefix of the markers: quote marks and spaces.
        newline: The line end of the first marker.
    """

    line: int
    request: str
    start: int
    end: int
    prefix: str
    newline: str


def _markdown_code(lines: Sequence[str]) -> Callable[[int], bool]:
    code_lines = fenced_lines(lines)
    return lambda index: index in code_lines or is_indented_code(lines, index)


def _rst_code(lines: Sequence[str]) -> Callable[[int], bool]:
    return lambda index: is_rst_literal(lines, index)


MARKDOWN = Syntax(
    "Markdown",
    re.compile(rf"{_QUOTES}<!--(?P<text>(?:(?!-->).)*)-->\s*"),
    re.compile(r"<!--\s*(?:penstock\s*:|/\s*penstock\b)"),
    "<!-- {} -->",
    _markdown_code,
)
MDX = Syntax(
    "MDX",
    re.compile(rf"{_QUOTES}\{{/\*(?P<text>(?:(?!\*/).)*)\*/\}}\s*"),
    re.compile(r"\{/\*\s*(?:penstock\s*:|/\s*penstock\b)"),
    "{{/* {} */}}",
    _markdown_code,
)
RST = Syntax(
    "reStructuredText",
    re.compile(r"(?P<prefix>[ \t]*)\.\.[ \t]+(?P<text>[^\r\n]*?)\s*"),
    None,
    ".. {}",
    _rst_code,
)

SYNTAXES = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd", ""), MARKDOWN),
    ".mdx": MDX,
    **dict.fromkeys((".rst", ".rest"), RST),
}
"""The syntax of a file, by its suffix."""


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends, as Markdown defines them."""
    return _LINE.findall(text)


def find_blocks(path: Path, lines: Sequence[str], syntax: Syntax) -> list[Block]:
    """Return the blocks between the markers of a document, in order.

    Args:
        path: The document's file, for messages.
        lines: Its lines with their ends.
        syntax: Its syntax of comments.

    Raises:
        MarkerError: A marker has no counterpart, is inside another pair, or is misspelled.
    """
    blocks: list[Block] = []
    start: tuple[int, str, str] | None = None
    for index, kind, text, prefix in _markers(path, lines, syntax):
        if kind == "close":
            if start is None:
                raise MarkerError(
                    f"{_format_marker(syntax, '/penstock')} ends a block that was never begun", path, index + 1
                )
            blocks.append(_block(lines, index, *start))
            start = None
        elif start is not None:
            raise MarkerError(
                f"the marker of line {start[0] + 1} has no end; write {_format_marker(syntax, '/penstock')} before this one",
                path,
                index + 1,
            )
        else:
            start = index, text, prefix
    if start is not None:
        raise MarkerError(_describe_missing_end(lines, start[0], syntax), path, start[0] + 1)
    return blocks


def _block(lines: Sequence[str], end: int, index: int, text: str, prefix: str) -> Block:
    newline = lines[index][len(lines[index].rstrip("\r\n")) :]
    return Block(line=index + 1, request=text, start=index + 1, end=end, prefix=prefix, newline=newline)


def _markers(path: Path, lines: Sequence[str], syntax: Syntax) -> Iterator[tuple[int, str, str, str]]:
    """Yield index, kind, text and prefix of each marker."""
    if not any("pen" in line.casefold() for line in lines):
        return
    is_code = syntax.code(lines)
    for index, line in enumerate(lines):
        comment = syntax.comment.fullmatch(line.rstrip("\r\n"))
        if comment is None:
            if syntax.begin and syntax.begin.search(_CODE_SPAN.sub("", line)) and not is_code(index):
                raise MarkerError("a marker must be complete, and alone on its line", path, index + 1)
            continue
        text = comment["text"].strip()
        kind, fault = _kind(text, syntax)
        if kind and not is_code(index):
            if fault:
                raise MarkerError(fault, path, index + 1)
            yield index, kind, text.partition(":")[2].strip(), comment["prefix"]


def _kind(text: str, syntax: Syntax) -> tuple[str, str]:
    """Return the kind of marker in a comment's text, or an empty string, and its error."""
    match = re.match(r"(/?)\s*([\w-]+)(\s*:(?!:))?(.*)", text, re.DOTALL)
    if not match:
        return "", ""
    slash, word, colon, rest = match.groups()
    if not (slash or colon):
        return _without_colon(word, rest, syntax)
    if word == "penstock":
        if slash and (colon or rest.strip()):
            return "close", f"a marker that ends is only {_format_marker(syntax, '/penstock')}"
        return "close" if slash else "open", ""
    if not _is_near(word):
        return "", ""
    wrong_marker, right = (f"/{word}", "/penstock") if slash else (f"{word}:", "penstock:")
    return "close" if slash else "open", f"there is no marker {wrong_marker!r}. Did you mean {right!r}?"


def _without_colon(word: str, rest: str, syntax: Syntax) -> tuple[str, str]:
    """Return the kind of a comment without slash and colon: a marker unless it is a sentence."""
    words = rest.split()
    if word == "penstock" and words and (len(words) == 1 or all("=" in option for option in words[1:])):
        return "open", f"a marker has a colon: {_format_marker(syntax, f'penstock: {words[0]}')}"
    return "", ""


def _is_near(word: str) -> bool:
    return SequenceMatcher(None, word.casefold(), "penstock").ratio() >= _NEAR


def _describe_missing_end(lines: Sequence[str], index: int, syntax: Syntax) -> str:
    """Return a message about a marker without an end, which may be in a place where it does not count."""
    message = f"the marker is not ended; write {_format_marker(syntax, '/penstock')} below it"
    for number, line in enumerate(lines[index + 1 :], index + 2):
        comment = syntax.comment.fullmatch(line.rstrip("\r\n"))
        if comment and comment["text"].strip() == "/penstock":
            return f"{message} (that of line {number} stands in code)"
    return message


def _format_marker(syntax: Syntax, text: str) -> str:
    return syntax.write.format(text)
