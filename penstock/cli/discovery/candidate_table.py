"""The table of candidates: functions at which a flow may begin."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from penstock._util.display_text import columns
from penstock.check.findings.reports import hang_indent
from penstock.cli.terminal import apply_style, fold_width, pluralize
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.discover.proposal import Candidate

_MOST_IN_PIPE = 20
_LINES_AROUND = 6
_MIN_ROWS = 6
_MOST_TARGETS = 3
_GAP = 2


def print_candidates(candidates: Sequence[Candidate], flows: Mapping[str, str]) -> int:
    """Print a table of candidates, as many as fit the screen, and return their number.

    Each has one line, or two where the terminal is too narrow for one.

    Args:
        candidates: The candidates, the likeliest first.
        flows: The declared flow of each entrypoint, by address.
    """
    rows = [(visible(candidate.function.address), _describe(candidate, flows)) for candidate in candidates]
    number_size, limit = len(str(len(rows))), fold_width()
    name_size = max(columns(name) for name, _ in rows)
    indent = number_size + _GAP
    is_narrow = bool(limit) and max(columns(text) for _, text in rows) + indent + name_size + _GAP > limit
    count = _count_rows(2 if is_narrow else 1)
    for number, (name, text) in enumerate(rows[:count], 1):
        head = f"{number:>{number_size}}{' ' * _GAP}{apply_style(name, '1')}"
        if is_narrow:
            print(head)
            print(hang_indent(" " * indent + text, limit))
        else:
            print(f"{head}{' ' * (name_size - columns(name) + _GAP)}{text}")
    if len(rows) > count:
        print(f"… and {len(rows) - count:,} more. To see fewer, name a package: -m PACKAGE")
    return min(count, len(rows))


def _count_rows(lines: int) -> int:
    """Return the number of rows that fit the screen, each with that many lines."""
    if not sys.stdout.isatty():
        return _MOST_IN_PIPE
    return max((shutil.get_terminal_size().lines - _LINES_AROUND) // lines, _MIN_ROWS)


def _describe(candidate: Candidate, flows: Mapping[str, str]) -> str:
    counts = f"{pluralize(candidate.runs, 'run')}, {pluralize(candidate.below, 'function')} inside"
    flow = flows.get(candidate.function.address)
    trigger = _shorten(candidate.triggers, 1)
    writes = _shorten(candidate.writes, _MOST_TARGETS)
    parts = [counts, f"begins the flow {flow}" if flow else "", f"⇐ {trigger}" if trigger else ""]
    return "  ".join(visible(part) for part in (*parts, f"⇒ {writes}" if writes else "") if part)


def _shorten(names: Sequence[str], most: int) -> str:
    """Return the first names, and the number of the others."""
    rest = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
