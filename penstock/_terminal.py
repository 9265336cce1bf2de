"""What all commands say in a terminal, and how."""

from __future__ import annotations

import os
import sys

CLEAN, FINDINGS, BROKEN = 0, 1, 2
"""The exit codes: all is well; done, but something does not agree; not done."""


def width() -> int:
    """Return the columns of the terminal, or what fits a log."""
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, 40)
    except (OSError, ValueError):
        return 100


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
