"""What all commands say in a terminal, and how."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from penstock.check.report import folded
from penstock.render._plain import columns
from penstock.render.describe import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

_GAP = "  "
_LEAST = 20
"""Columns that a text needs beside others; with less, it stands below."""

_NARROWEST = 40
"""Columns that are taken for granted."""

CLEAN, FINDINGS, BROKEN, INTERRUPTED = 0, 1, 2, 130
"""The exit codes: all is well; done, but something does not agree; not done; ended by Ctrl-C (128 and the signal)."""


def open_streams() -> None:
    """Prepare the standard streams, also those that the caller closed, which Python has not at all.

    To write to closed standard output fails as for other programs, but only if something is written.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")  # also where PYTHONIOENCODING says otherwise
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without box characters still shows the names


def leave_unread(stream: TextIO) -> None:
    """Write no more to a stream that cannot be written: its reader, such as `head`, has gone, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell(what: str, message: str, code: str = "33") -> None:
    """Print a message to standard error, if somebody can read it there: that nobody can is no failure.

    Args:
        what: What kind of message it is; may be empty.
        message: Its lines.
        code: The style of ``what``.
    """
    shown = "\n".join(map(escape_line, message.split("\n")))
    try:
        sys.stderr.write(f"{styled(what, code, sys.stderr)}: {shown}\n" if what else f"{shown}\n")
    except OSError:
        leave_unread(sys.stderr)


DIFF_COLOURS = {"+++": "1", "---": "1", "@@": "36", "+": "32", "-": "31"}


def print_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, without what a terminal would obey."""
    for line in lines:
        code = next((colour for start, colour in DIFF_COLOURS.items() if line.startswith(start)), "")
        shown = "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line)
        sys.stdout.write(f"{styled(shown, code) if code else shown}\n")


def width() -> int:
    """Return the columns of the terminal, else those that ``COLUMNS`` names; 0 where there is neither."""
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, _NARROWEST)
    except (OSError, ValueError):
        given = os.environ.get("COLUMNS", "").strip()
        return max(int(given), _NARROWEST) if given.isdecimal() and int(given) else 0


def fold_width() -> int:
    """Return where lines of a list have to end on a terminal; a program that reads a pipe wants one line each."""
    return width() if sys.stdout.isatty() else 0


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table: short texts, the first of them bold, and a longer one at the end, which gives way.

    In a terminal, the last column is folded. Where no room is left for it, it stands below the others, and where
    they need more columns than there are, each stands below the one before.
    """
    limit = fold_width()
    sizes = [max(map(columns, cells)) for cells in zip(*(row[:-1] for row in rows), strict=True)]
    taken = sum(size + len(_GAP) for size in sizes)
    room = limit - taken
    beside = not limit or room >= min(_LEAST, max((columns(row[-1]) for row in rows), default=0))
    for row in rows:
        if beside:
            last = folded(row[-1], room if limit else 0).replace("\n", "\n" + " " * taken)
            yield f"{_padded(row, sizes)}{last}".rstrip()
        else:
            several = (
                [_padded(row, sizes).rstrip(), row[-1]] if taken - len(_GAP) <= limit else [_bold(row[0]), *row[1:]]
            )
            yield several[0]
            yield from (folded(f"  {cell}", limit) for cell in several[1:] if cell)


def _padded(row: tuple[str, ...], sizes: Sequence[int]) -> str:
    """Return all cells but the last, each as wide as its column."""
    name, *others = row[:-1]
    shown = [_bold(name), *others]
    spaces = (" " * (size - columns(cell)) for cell, size in zip(row, sizes, strict=False))
    return "".join(f"{cell}{space}{_GAP}" for cell, space in zip(shown, spaces, strict=True))


def _bold(text: str) -> str:
    return styled(text, "1")


def coloured(stream: object) -> bool:
    """Colour only what a person looks at (see no-color.org)."""
    is_terminal = getattr(stream, "isatty", bool)()
    return bool(is_terminal) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(shown: str, code: str, stream: object = None) -> str:
    """Return a text in a style of the terminal, if there is one."""
    return f"\x1b[{code}m{shown}\x1b[0m" if coloured(stream or sys.stdout) else shown


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
