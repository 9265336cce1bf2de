"""Terminal output shared by all commands."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, get_args

from penstock._util.display_text import columns
from penstock.check.findings.reports import hang_indent
from penstock.model.finding_kinds import FINDING_KINDS
from penstock.model.problem_codes import ProblemCode
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

_GAP = "  "
_LEAST = 20
"""Minimum columns of a text beside others; with fewer, it is printed below them."""

_NARROWEST = 40
"""Default number of columns."""

CLEAN, FINDINGS, BROKEN, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: success; finished with findings; not finished; interrupted by Ctrl-C (128 and the signal's number)."""


def open_streams() -> None:
    """Prepare the standard streams, including those that the caller closed, for which Python has none.

    Writing to closed standard output fails as in other programs, but only if something is written.
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
    """Stop writing to a broken stream: its reader, such as `head`, has ended, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def outlive_reader() -> Iterator[None]:
    """Go on without output if the reader of standard output, such as ``head``, ends while something is printed."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        leave_unread(sys.stdout)


def tell(what: str, message: str, code: str = "33") -> None:
    """Write a message to standard error; a closed or broken stream is ignored.

    Args:
        what: The kind of message; may be empty.
        message: The lines of the message.
        code: The style of ``what``.
    """
    text = "\n".join(map(escape_line, message.split("\n")))
    try:
        sys.stderr.write(f"{apply_style(what, code, sys.stderr)}: {text}\n" if what else f"{text}\n")
    except OSError:
        leave_unread(sys.stderr)


def suggest_explanation(codes: Iterable[str]) -> None:
    """Write the command that explains some codes to standard error; nothing without a known code.

    The codes of a manifest of others may be any text, and the command is there to be copied into a shell.
    """
    known = {*get_args(ProblemCode), *FINDING_KINDS}
    if words := " ".join(code for code in dict.fromkeys(codes) if code in known):
        tell("help", f"penstock explain {words}", "36")


DIFF_COLOURS = {"+++": "1", "---": "1", "@@": "36", "+": "32", "-": "31"}


def print_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, without terminal control characters."""
    for line in lines:
        code = next((colour for start, colour in DIFF_COLOURS.items() if line.startswith(start)), "")
        text = "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line)
        sys.stdout.write(f"{apply_style(text, code) if code else text}\n")


def width() -> int:
    """Return the value of ``COLUMNS``, else the columns of the terminal; 0 without either."""
    value = os.environ.get("COLUMNS", "").strip()
    if value.isdecimal() and int(value):
        return max(int(value), _NARROWEST)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, _NARROWEST)
    except (OSError, ValueError):
        return 0


def fold_width() -> int:
    """Return the width at which lines of a list are folded on a terminal; in a pipe, lines are not folded."""
    return width() if sys.stdout.isatty() else 0


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table: short cells, the first of them bold, and a last cell that takes the remaining width.

    In a terminal, the last column is folded. Without enough room, it is printed below the others, and if those
    exceed the width, each is printed below the previous one.
    """
    limit = fold_width()
    sizes = [max(map(columns, cells)) for cells in zip(*(row[:-1] for row in rows), strict=True)]
    offset = sum(size + len(_GAP) for size in sizes)
    room = limit - offset
    beside = not limit or room >= min(_LEAST, max((columns(row[-1]) for row in rows), default=0))
    for row in rows:
        if beside:
            last = hang_indent(row[-1], room if limit else 0).replace("\n", "\n" + " " * offset)
            yield f"{_pad_cells(row, sizes)}{last}".rstrip()
        else:
            several = (
                [_pad_cells(row, sizes).rstrip(), row[-1]] if offset - len(_GAP) <= limit else [_bold(row[0]), *row[1:]]
            )
            yield several[0]
            yield from (hang_indent(f"  {cell}", limit) for cell in several[1:] if cell)


def _pad_cells(row: tuple[str, ...], sizes: Sequence[int]) -> str:
    """Return all cells but the last, each padded to its column's width."""
    name, *others = row[:-1]
    styled_cells = [_bold(name), *others]
    spaces = (" " * (size - columns(cell)) for cell, size in zip(row, sizes, strict=False))
    return "".join(f"{cell}{space}{_GAP}" for cell, space in zip(styled_cells, spaces, strict=True))


def _bold(text: str) -> str:
    return apply_style(text, "1")


def use_colour(stream: object) -> bool:
    """Return whether to use colours: ``NO_COLOR`` wins over ``FORCE_COLOR``, as in Python; without either, on a terminal.

    Sources: https://no-color.org and https://force-color.org
    """
    if os.environ.get("NO_COLOR"):
        return False
    is_terminal = bool(getattr(stream, "isatty", bool)()) and os.environ.get("TERM") != "dumb"
    return is_terminal or bool(os.environ.get("FORCE_COLOR"))


def apply_style(shown: str, code: str, stream: object = None) -> str:
    """Return a text in a terminal style, if any."""
    return f"\x1b[{code}m{shown}\x1b[0m" if use_colour(stream or sys.stdout) else shown


def pluralize(number: int, what: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
