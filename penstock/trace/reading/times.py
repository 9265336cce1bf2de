"""Times of log records, in nanoseconds since 1970, and how times and durations are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**63 - 1
STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?")
"""A time as log lines have it."""

_UNITS = ((10**11, SECOND), (10**14, 10**6), (10**17, 10**3))
"""Numbers below which a time is in seconds, milliseconds or microseconds, each with its nanoseconds: all from 1973 to 5138."""


def read_time(value: object) -> tuple[int | None, bool]:
    """Return a time in nanoseconds, or ``None`` if it is none, and whether it says its zone; without one, it is taken as UTC."""
    if isinstance(value, bool):
        return None, True
    if isinstance(value, int | float):
        return _read_number(value), True
    if isinstance(value, str):
        return _read_text(value.strip())
    return None, True


def _read_number(value: float) -> int | None:
    if not 0 < value <= _LATEST:  # neither is what is no number
        return None
    factor = next((factor for limit, factor in _UNITS if value < limit), 1)
    nanoseconds = round(value * factor)
    return nanoseconds if nanoseconds <= _LATEST else None


def _read_text(text: str) -> tuple[int | None, bool]:
    try:
        return _read_number(int(text) if text.isdecimal() else float(text)), True
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.removesuffix("UTC").rstrip() + ("Z" if text.endswith("UTC") else ""))
    except ValueError:
        return None, True
    has_zone = moment.tzinfo is not None
    since = (moment if has_zone else moment.replace(tzinfo=UTC)) - _EPOCH
    nanoseconds = since // timedelta(microseconds=1) * 1000
    return (nanoseconds if 0 <= nanoseconds <= _LATEST else None), has_zone


def format_moment(nanoseconds: int) -> str:
    """Return a time as ``2026-11-20 09:12:03.201 UTC``."""
    moment = _EPOCH + timedelta(milliseconds=nanoseconds // 10**6)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC"


def format_duration(nanoseconds: int) -> str:
    """Return a duration in the unit that fits, such as ``80 ms``, ``1.24 s`` or ``3 min 20 s``."""
    if nanoseconds < 0:
        return f"-{format_duration(-nanoseconds)}"
    if nanoseconds < 995 * 10**6:
        digits = 2 if 0 < nanoseconds < 10 * 10**6 else 0
        return f"{nanoseconds / 10**6:.{digits}f} ms"
    if nanoseconds < 59.95 * SECOND:
        digits = 2 if nanoseconds < 9.995 * SECOND else 1
        return f"{nanoseconds / SECOND:.{digits}f} s"
    seconds = round(nanoseconds / SECOND)
    minutes = f"{seconds // 60} min {seconds % 60} s"
    return minutes if seconds < 3600 else f"{seconds // 3600} h {seconds % 3600 // 60} min"
