"""Converts names and titles to one line of visible text, and measures its width."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling: Persian words and many emoji contain them."""

_TURNING = {"R", "AL", "AN"}
"""Classes of letters: Hebrew and the like, Arabic and the like, Arabic numbers (UAX #9, table 4)."""

_COMMAND = re.compile(r"^:(?=:)|#(?=#\w*\[)")
_ALIEN = "\ufffd"


@lru_cache(maxsize=10_000)  # called several times for every text
def plain(text: str) -> str:
    """Return the text on one line, without control, bidirectional and other invisible characters."""
    if text.isascii() and text.isprintable():  # the usual case
        return " ".join(text.split())
    return " ".join("".join(map(_display_char, text)).split())


def escape_line(text: str) -> str:
    """Return a text of others as one line of a log or a terminal: what would steer these is shown as an escape.

    A build server reads commands in logs: GitHub ``::error::`` at the beginning of a line, Azure and TeamCity ``##vso[``.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        line = "".join(map(_escape, line))
    return _COMMAND.sub(lambda mark: f"{mark[0]} ", line)


def plain_name(name: str) -> str:
    """Return the name as :func:`plain` text, or as escapes if nothing of it would be visible."""
    text = plain(name)
    return text if text.strip(_JOINERS) else ascii(name)


def is_bidirectional(text: str) -> bool:
    """Return whether the text has letters or numbers in it that run from right to left, or turn what stands beside them."""
    return not text.isascii() and any(unicodedata.bidirectional(char) in _TURNING for char in text)


def isolate(text: str) -> str:
    """Return the text so that a sentence around it keeps its order, for where no markup can say so (UAX #9, section 2.4)."""
    return f"\u2068{text}\u2069" if is_bidirectional(text) else text


def columns(text: str) -> int:
    """Return the number of terminal columns of a text: East Asian wide characters take two, combining ones none."""
    return sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """Return the text, its end replaced by an ellipsis if it takes more than ``width`` columns."""
    if columns(text) <= width:
        return text
    head = ""
    for char in text:
        if columns(head + char) >= width:
            break
        head += char
    return f"{head.rstrip()}…"


def _escape(char: str) -> str:
    is_seen = char.isprintable() or char.isspace() or char in _JOINERS or unicodedata.category(char) in {"Co", "Cn"}
    return char if is_seen and not _is_noncharacter(ord(char)) else ascii(char)[1:-1]


def _display_char(char: str) -> str:
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if category == "Cs" or _is_noncharacter(ord(char)):
        return _ALIEN
    return char if category not in {"Cc", "Cf"} or char in _JOINERS else ""


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # Unicode Standard, section 23.7


def _columns(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"} or "\u1160" <= char <= "\u11ff":  # Hangul vowels and finals
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
