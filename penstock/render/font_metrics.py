"""Measures text in Helvetica, whose metrics Arial, Liberation Sans and Arimo share.

The widths are those of Adobe's font metrics (AFM), in thousandths of the font's size.
"""

from __future__ import annotations

import re
import unicodedata

from penstock._util.display_text import columns

# fmt: off
_REGULAR = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611,
    611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)
_ALIKE = {
    "\xa0": 278, "\u2013": 556, "\u2014": 1000, "\u2026": 1000, "\u2192": 1000, "\u2190": 1000, "\u20ac": 556, "\u2022": 350,
    "§": 556, "°": 400, "·": 278, "\u00d7": 584, "±": 584, "µ": 556, "ß": 611, "Æ": 1000, "æ": 889, "Ø": 778, "ø": 611, "\u0131": 278,
}
# fmt: on
"""Other characters, equally wide in bold and regular letters."""

_TABLES = tuple({**dict(zip(map(chr, range(32, 127)), widths, strict=True)), **_ALIKE} for widths in (_REGULAR, _BOLD))


MOST_GUESSED = 0.15
"""Maximum share of a line's width that may be a guess, if the line is to be squeezed into that width."""

_ACCENTED_I = re.compile("i(?=[\u0300-\u036f])")
"""Accented letters are as wide as the base letter, except i, which is as wide as the dotless one."""


def width(text: str, size: float, *, bold: bool = False) -> tuple[float, bool]:
    """Return the width of a line of text in pixels, and whether it is reliable: for most scripts it is a guess."""
    table = _TABLES[bold]
    try:
        return sum(map(table.__getitem__, text)) * size / 1000, True
    except KeyError:
        parts = _ACCENTED_I.sub("\u0131", unicodedata.normalize("NFKD", text))  # a ligature is as wide as its letters
    known_width = sum(table[char] for char in parts if char in table)
    guessed_width = sum(_guess(char) for char in parts if char not in table)
    return (known_width + guessed_width) * size / 1000, guessed_width <= (known_width + guessed_width) * MOST_GUESSED


def _guess(char: str) -> int:
    room = columns(char)
    if room == 2:
        return (
            1300 if unicodedata.category(char) == "So" else 1000
        )  # pictures, such as emoji, are wider than ideographs
    return 650 * room
