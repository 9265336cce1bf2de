"""Problems of declarations: at their location, with the value as written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from penstock.model import Problem

if TYPE_CHECKING:
    from penstock._declare.marks import StepMark
    from penstock.model.problem_codes import ProblemCode


def problem_at(mark: StepMark, code: ProblemCode, sentence: str, advice: str = "", *, missing: str = "") -> Problem:
    """Return a problem located at a declaration: what is wrong, and what to do."""
    file, line = mark.declared
    message = f"{sentence} {advice}".rstrip()
    return Problem(
        code=code, message=message, file=file, line=line, step=mark.step_name, advice=advice, missing=missing
    )


def shown_value(value: object) -> str:
    """Return a text or a number as in source code; of other values only the type, because they may hold a secret."""
    if value is None or isinstance(value, (str, int, float)):
        return repr(value)
    kind = type(value)
    if kind in (list, tuple) and value and all(isinstance(item, str) for item in cast("Any", value)):
        return repr(value)
    return f"<{kind.__name__} object>"
