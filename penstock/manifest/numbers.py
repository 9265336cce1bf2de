"""Decodes the numbers of steps, edges and flows from JSON values; impossible ones are errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from penstock._util.versioned_json import check_natural, check_text
from penstock.model.numbers import Numbers, NumbersOrigin, NumbersSource

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_COUNT = 2**53
"""Maximum of a number that every reader of JSON has exactly (RFC 8259, section 6)."""


def numbers_of(content: Mapping[str, Any] | None) -> Numbers | None:
    """Decode the numbers of a step or an edge.

    Raises:
        KeyError: The number of runs is missing.
        TypeError: A value has the wrong type.
        ValueError: A value is impossible.
    """
    if content is None:
        return None
    errors, share = content.get("errors"), _fraction(content.get("share"))
    if share is not None and share > 1:
        raise ValueError(f"a share is at most 1, not {share}")
    return Numbers(
        runs=_count(content["runs"]),
        errors=None if errors is None else _count(errors),
        p50=_fraction(content.get("p50")),
        p95=_fraction(content.get("p95")),
        share=share,
    )


def origin_of(content: Mapping[str, Any] | None) -> NumbersOrigin | None:
    """Decode the origin of a flow's numbers; a source that only a newer version knows is not known here.

    Raises:
        KeyError: The number of runs is missing.
        TypeError: A value has the wrong type.
        ValueError: A value is impossible.
    """
    if content is None:
        return None
    source = check_text(content.get("source", ""))
    return NumbersOrigin(
        source=cast("NumbersSource", source) if source in get_args(NumbersSource) else "",
        runs=_count(content["runs"]),
        first=check_text(content.get("first", "")),
        last=check_text(content.get("last", "")),
    )


def _fraction(value: Any) -> float | None:
    """Return a number that is finite and not negative, or ``None``."""
    if value is None:
        return None
    if type(value) not in (int, float):
        raise TypeError(f"{value!r:.40} is no number")
    if not 0 <= value <= MAX_COUNT:  # NaN is not, either
        raise ValueError(f"{value!r:.40} is no duration and no share")
    return float(value)


def _count(value: Any) -> int:
    if check_natural(value) > MAX_COUNT:
        raise ValueError(f"{value!r:.40} is no number of runs")
    return int(value)
