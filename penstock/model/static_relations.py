"""What static analysis says of the steps of a flow: their relations, and the places at which it gave up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CallKind = Literal["call", "order", "data"]

UNREAD = "to read further would take too long"
"""The reason of a :class:`Blind` which marks that the time limit expired before all code of the flow was analysed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A relation of two steps of a flow, found by static analysis.

    Attributes:
        source (str): The name of the step that comes first.
        target (str): The name of the step that follows.
        kind (CallKind): ``call`` if the source's code calls the target, directly or through functions that are not
            steps; ``order`` if a function calls first the source and then the target; ``data`` if, in addition, the
            source's result reaches an argument of the target.
        file (str): The file of the call, relative to the project in a manifest.
        line (int): The line of the call, counted from 1.
    """

    source: str
    target: str
    kind: CallKind
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A place at which static analysis gave up.

    Attributes:
        step (str): The step from which the place was reached.
        reason (str): Why, in words.
        file (str): The file, relative to the project in a manifest.
        line (int): The line, counted from 1.
    """

    step: str
    reason: str
    file: str = ""
    line: int = 0
