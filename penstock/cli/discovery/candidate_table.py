"""The table of candidates: functions at which a flow may begin."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from penstock.cli.terminal import pluralize, table
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.discover.proposal import Candidate

_MOST_IN_PIPE = 40
_LINES_AROUND = 8
_MIN_ROWS = 8


def print_candidates(candidates: Sequence[Candidate], flows: Mapping[str, str]) -> int:
    """Print a table of candidates, as many as fit the screen, and return their number.

    Args:
        candidates: The candidates, the likeliest first.
        flows: The declared flow of each entrypoint, by address.
    """
    most = max(shutil.get_terminal_size().lines - _LINES_AROUND, _MIN_ROWS) if sys.stdout.isatty() else _MOST_IN_PIPE
    shown = candidates[:most]
    rows = [(str(number), *_format_row(candidate, flows)) for number, candidate in enumerate(shown, 1)]
    for line in table(rows):
        print(line)
    if len(candidates) > len(shown):
        print(f"… and {len(candidates) - len(shown):,} more. To see fewer, name a package: -m PACKAGE")
    return len(shown)


def _format_row(candidate: Candidate, flows: Mapping[str, str]) -> tuple[str, str, str]:
    function = candidate.function
    counts = f"{pluralize(candidate.runs, 'run')}, {candidate.below:,} below"
    details = [_first_and_rest(candidate.triggers), _after("⇒", _first_and_rest(candidate.writes, most=_MOST_WRITES))]
    if function.address in flows:
        details.insert(0, f"begins the flow {flows[function.address]}")
    return visible(function.address), counts, visible("  ".join(filter(None, details)))


_MOST_WRITES = 3


def _first_and_rest(names: Sequence[str], most: int = 1) -> str:
    """Return the first names, and the number of the others."""
    rest = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _after(sign: str, text: str) -> str:
    return f"{sign} {text}" if text else ""
