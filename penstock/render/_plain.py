"""Names and titles as one line of text that shows what it holds and nothing else."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but spelling: Persian words and many emoji are written with them."""

_ALIEN = "\ufffd"


def plain(text: str) -> str:
    """Return the text on one line, without control, bidirectional and other invisible characters."""
    return " ".join("".join(map(_shown, text)).split())


def plain_name(name: str) -> str:
    """Return the name as :func:`plain` text, or its escapes where nothing of it would be seen."""
    return plain(name).strip(_JOINERS) or ascii(name)


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if category == "Cs" or _is_noncharacter(ord(char)):
        return _ALIEN
    return char if category not in {"Cc", "Cf"} or char in _JOINERS else ""


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # Unicode Standard, section 23.7
