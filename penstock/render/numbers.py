"""Numbers of steps and edges in words: how often they ran, how often they failed, how long they took."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from penstock._util.display_text import plain
from penstock.errors import UnknownNameError
from penstock.model.numbers import NumbersAmount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step

AMOUNTS: tuple[NumbersAmount, ...] = get_args(NumbersAmount)

MIN_WIDTH, MAX_WIDTH = 1.0, 4.0
"""Pixels: the widths of edges that no run and all runs of their source took."""

SMALLEST_SHARE, LARGEST_SHARE = 0.001, 0.999
"""The shares beyond which one is only said to be smaller, or larger."""

ONE_DIGIT = 0.1
"""The share below which a percentage has a digit after the point."""

TWO_DIGITS = 10
"""The value from which on a duration has no digit after the point."""

NOT_KNOWN = "–"  # noqa: RUF001 - a dash is meant
"""The cell of a number that is not known."""

_UNITS = ((60.0, 60.0, "min"), (1.0, 1.0, "s"), (1e-3, 1e-3, "ms"), (0.0, 1e-6, "µs"))
"""From how many seconds on a unit is used, its seconds, and its name."""


class UnknownAmountError(UnknownNameError):
    """An amount of numbers other than off, counts and all."""

    what = "amount of numbers"
    whats = "amounts"


def check_amount(amount: str) -> NumbersAmount:
    """Return an amount of numbers.

    Raises:
        UnknownAmountError: There is no such amount.
    """
    for candidate in AMOUNTS:
        if amount == candidate:
            return candidate
    raise UnknownAmountError(amount, AMOUNTS)


def limit_numbers(flow: Flow, amount: str) -> Flow:
    """Return a flow without the numbers that are not to be shown; the same if nothing is left out."""
    if amount == "all" or not (flow.numbers or _has_numbers(flow)):
        return flow
    steps = tuple(replace(step, numbers=_limit(step.numbers, amount)) for step in flow.steps)
    edges = tuple(replace(edge, numbers=_limit(edge.numbers, amount)) for edge in flow.edges)
    return replace(flow, steps=steps, edges=edges, numbers=None if amount == "off" else flow.numbers)


def _has_numbers(flow: Flow) -> bool:
    return any(step.numbers for step in flow.steps) or any(edge.numbers for edge in flow.edges)


def _limit(numbers: Numbers | None, amount: str) -> Numbers | None:
    return None if numbers is None or amount == "off" else replace(numbers, p50=None, p95=None)


def describe_step(step: Step) -> tuple[str, ...]:
    """Return the numbers of a step as the lines below its name: counts, then times; none without numbers."""
    numbers = step.numbers
    if numbers is None:
        return ()
    counts = f"{numbers.runs:,} run{'' if numbers.runs == 1 else 's'}"
    if numbers.errors:
        counts += f" · {format_error_rate(numbers)} errors"
    times = [f"{name} {format_seconds(value)}" for name, value in _percentiles(numbers) if value is not None]
    return tuple(filter(None, (counts, " · ".join(times))))


def _percentiles(numbers: Numbers) -> tuple[tuple[str, float | None], ...]:
    return ("p50", numbers.p50), ("p95", numbers.p95)


def describe_edge(edge: Edge) -> str:
    """Return the numbers of an edge: the times it was taken, and its share; empty without numbers."""
    numbers = edge.numbers
    if numbers is None:
        return ""
    return f"{numbers.runs:,}" if numbers.share is None else f"{numbers.runs:,} · {format_share(numbers.share)}"


def describe_origin(origin: NumbersOrigin) -> str:
    """Return the runs that numbers come from, in words, such as ``31 runs of tests``."""
    noun = f"run{'' if origin.runs == 1 else 's'}"
    if origin.source == "tests":
        return f"{origin.runs:,} {noun} of tests"
    if not origin.source:
        return f"{origin.runs:,} recorded {noun}"
    return f"{origin.runs:,} {noun} in production{format_period(origin)}"


def format_period(origin: NumbersOrigin) -> str:
    """Return the days of a recording with a comma before them, or an empty string where they are not known."""
    days = dict.fromkeys(filter(None, map(plain, (origin.first, origin.last))))
    return f", {' to '.join(days)}" if days else ""


def format_share(share: float) -> str:
    """Return a share as a percentage; one that is close to nothing or to all is not rounded to it."""
    if 0 < share < SMALLEST_SHARE:
        return f"< {SMALLEST_SHARE * 100:g} %"
    if LARGEST_SHARE < share < 1:
        return f"> {LARGEST_SHARE * 100:g} %"
    is_fine = share < ONE_DIGIT or share > 1 - ONE_DIGIT / 10
    return f"{share * 100:.{1 if is_fine else 0}f} %".replace(".0 ", " ")


def format_error_rate(numbers: Numbers) -> str:
    """Return the share of runs that failed, or an empty string where it is not known."""
    if numbers.errors is None:
        return ""
    return format_share(min(numbers.errors / numbers.runs, 1.0) if numbers.runs else 0.0)


def format_seconds(seconds: float | None) -> str:
    """Return a duration in the unit that suits it, with two or three digits; empty if it is not known."""
    if seconds is None:
        return ""
    size, unit = next((size, unit) for least, size, unit in _UNITS if seconds >= least)
    value = seconds / size
    digits = f"{value:.0f}" if value >= TWO_DIGITS else f"{value:.1f}".removesuffix(".0")
    return f"{digits} {unit}"


def tabulate(rows: Sequence[Numbers]) -> dict[str, list[str]]:
    """Return the columns of a table in which something is known, by their titles: a cell for each row."""
    columns = {
        "Runs": [f"{numbers.runs:,}" for numbers in rows],
        "Share": ["" if numbers.share is None else format_share(numbers.share) for numbers in rows],
        "Errors": [_format_errors(numbers) for numbers in rows],
        "p50": [format_seconds(numbers.p50) for numbers in rows],
        "p95": [format_seconds(numbers.p95) for numbers in rows],
    }
    known = {title: cells for title, cells in columns.items() if any(cells)}
    return {title: [cell or NOT_KNOWN for cell in cells] for title, cells in known.items()}


def _format_errors(numbers: Numbers) -> str:
    if not numbers.errors:
        return "" if numbers.errors is None else "0"
    return f"{numbers.errors:,} ({format_error_rate(numbers)})"


def choose_width(edge: Edge) -> float | None:
    """Return the width of an edge's line in pixels by its share, or ``None`` where that is not known."""
    if edge.numbers is None or edge.numbers.share is None:
        return None
    return round(MIN_WIDTH + (MAX_WIDTH - MIN_WIDTH) * edge.numbers.share, 2)
