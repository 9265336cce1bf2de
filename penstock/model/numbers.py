"""Numbers of a flow: how often its steps ran, how often they failed, and how long they took, with their source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NumbersSource = Literal["production", "tests", ""]
"""The kind of runs that were counted; empty where the evidence does not say it."""

NumbersAmount = Literal["off", "counts", "all"]
"""The numbers to show: none, counts without times, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a step, or of an edge.

    Attributes:
        runs (int): How often the step began in runs of the flow; of an edge, how often its target began so that the edge
            explains it.
        errors (int | None): How many of them ended by an exception; ``None`` if that was not recorded, and for an edge.
        p50 (float | None): The median of the durations in seconds, if known.
        p95 (float | None): The duration in seconds that 95 % of the runs did not exceed, if known.
        share (float | None): Of an edge, the share of the runs of its source that went on along it, from 0 to 1; ``None``
            where the evidence does not give it exactly, and for a step.
    """

    runs: int
    errors: int | None = None
    p50: float | None = None
    p95: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersOrigin:
    """The runs that the numbers of a flow come from.

    Attributes:
        source (NumbersSource): ``production``, ``tests``, or an empty string where the evidence does not say it.
        runs (int): The number of runs of the flow.
        first (str): The first day of the recording (ISO 8601, UTC), or an empty string.
        last (str): The last day, or an empty string.
    """

    source: NumbersSource
    runs: int
    first: str = ""
    last: str = ""
