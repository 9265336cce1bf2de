"""Durations in a sketch of bounded size: quantiles have a relative error below 1 %, and sketches merge exactly.

The sketch is DDSketch (Masson, Rim, Lee: DDSketch, a fast and fully-mergeable quantile sketch with relative-error
guarantees, PVLDB 12, 2019) with linear interpolation between powers of two: the number of a bucket is computed from a
duration's binary digits. The logarithm of the paper's first mapping would be rounded differently by different
mathematical libraries, and a database would count other buckets than Python.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from penstock._util.versioned_json import check_natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PRECISION = 6
"""Binary digits of a duration that tell buckets apart, after the first one."""

BUCKETS_AN_OCTAVE = 1 << PRECISION
"""Buckets between two powers of two, all of the same width."""

RELATIVE_ERROR = 1 / (2 * BUCKETS_AN_OCTAVE + 1)
"""The largest relative error of a quantile: 0.78 %."""

MAX_NANOSECONDS = 1 << 53
"""The longest duration, 104 days; databases compute whole numbers up to this one exactly, even as floats."""

_NANOSECOND = 1e-9


def find_bucket(nanoseconds: int) -> int:
    """Return the number of the bucket that a duration belongs to.

    It is the same in each engine that has whole numbers of 64 bits: with ``e`` as the number of binary digits minus one,
    it is ``e * 64 + floor(nanoseconds * 64 / 2**e) - 64``.

    Args:
        nanoseconds: The duration; it counts as at least 1 and at most :data:`MAX_NANOSECONDS`.
    """
    nanoseconds = min(max(nanoseconds, 1), MAX_NANOSECONDS)
    octave = nanoseconds.bit_length() - 1
    return (octave << PRECISION) + (nanoseconds << PRECISION >> octave) - BUCKETS_AN_OCTAVE


def find_buckets(durations: Sequence[int]) -> list[int]:
    """Return the bucket of each duration: the same as :func:`find_bucket`, in a third of the time.

    Args:
        durations: Nanoseconds, one at least.
    """
    if min(durations) < 1 or max(durations) > MAX_NANOSECONDS:
        return [find_bucket(nanoseconds) for nanoseconds in durations]
    return [
        ((digits := nanoseconds.bit_length()) << PRECISION)
        + (nanoseconds << PRECISION + 1 >> digits)
        - 2 * BUCKETS_AN_OCTAVE
        for nanoseconds in durations
    ]


MAX_BUCKET = find_bucket(MAX_NANOSECONDS)


def find_nanoseconds(bucket: int) -> float:
    """Return the duration that has the smallest relative error for all durations of a bucket."""
    octave, position = divmod(bucket, BUCKETS_AN_OCTAVE)
    low = BUCKETS_AN_OCTAVE + position
    unit: float = 2.0 ** (octave - PRECISION)
    return 2 * low * (low + 1) / (2 * low + 1) * unit


@dataclass(frozen=True, slots=True)
class DurationSketch:
    """Durations, counted in buckets.

    A bucket holds durations that differ by 1.6 % at most. There are no more than 3,393 of them, so a sketch has a limited
    size, and merging loses nothing: it is associative and commutative.

    Attributes:
        buckets (Mapping[int, int]): How many durations each bucket has, by its number.
    """

    buckets: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, nanoseconds: Iterable[int]) -> DurationSketch:
        """Return the sketch of durations.

        Args:
            nanoseconds: The durations, in any order.
        """
        durations = list(nanoseconds)
        return cls(dict(Counter(find_buckets(durations))) if durations else {})

    @property
    def count(self) -> int:
        """The number of durations."""
        return sum(self.buckets.values())

    def quantile(self, q: float) -> float:
        """Return a quantile in seconds, with a relative error below 1 %.

        Args:
            q: Its rank from 0 to 1: 0.5 for the median, 0.95 for the 95th percentile. It is the lower one of two
                neighbours.

        Raises:
            ValueError: There are no durations, or there is no such rank.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile's rank is from 0 to 1, not {q!r:.40}")
        if not self.buckets:
            raise ValueError("a sketch without durations has no quantiles")
        numbers = sorted(self.buckets)
        sums = list(accumulate(self.buckets[number] for number in numbers))
        rank = int(q * (sums[-1] - 1))
        bucket = next(number for number, total in zip(numbers, sums, strict=True) if total > rank)
        return find_nanoseconds(bucket) * _NANOSECOND

    def merge(self, other: DurationSketch) -> DurationSketch:
        """Return the sketch of the durations of both."""
        return DurationSketch(dict(Counter(self.buckets) + Counter(other.buckets)))


def encode_buckets(sketch: DurationSketch) -> list[list[int]]:
    """Return the buckets of a sketch as JSON values: each number with its count, in the order of durations."""
    return [[bucket, count] for bucket, count in sorted(sketch.buckets.items())]


def decode_buckets(rows: Iterable[tuple[Any, Any]]) -> DurationSketch:
    """Return the sketch that JSON values describe.

    Raises:
        TypeError: They are malformed.
        ValueError: The same, or a bucket is empty, stands twice, or cannot exist.
    """
    buckets: dict[int, int] = {}
    for bucket, count in rows:
        if check_natural(bucket) > MAX_BUCKET or bucket in buckets or not check_natural(count):
            raise ValueError(f"{bucket!r:.40} is no bucket, or is empty")
        buckets[bucket] = count
    return DurationSketch(buckets)
