"""How a mistake in a declaration is told: at its place, with the value as it was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.model import Problem

if TYPE_CHECKING:
    from penstock._marks import Mark


def problem_at(mark: Mark, code: str, message: str) -> Problem:
    """Return a problem at the place of a declaration."""
    file, line = mark.declared
    return Problem(code=code, message=message, file=file, line=line, step=mark.step_name)


def shown_value(value: object) -> str:
    """Return the value as in source code, without an address in memory, which would change with each run."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
