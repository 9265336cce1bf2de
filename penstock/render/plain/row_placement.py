"""Positions in a row: as close as possible to the desired ones, in order, and without overlap."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def settle(wanted: Sequence[float], breadths: Sequence[float]) -> list[float]:
    """Return the centres of items in a row, with the least sum of squared distances to the desired ones.

    This is an isotonic regression, by pooling adjacent violators (Barlow, Bartholomew, Bremner and
    Brunk, *Statistical Inference under Order Restrictions*, 1972).

    Args:
        wanted: The desired centre of each item.
        breadths: The breadth of each item.
    """
    ends = list(accumulate(breadths))
    offsets = [end - breadth / 2 for end, breadth in zip(ends, breadths, strict=True)]
    pools: list[tuple[float, int]] = []  # the sum of the positions of a pool, and its size
    for place, offset in zip(wanted, offsets, strict=True):
        total, count = place - offset, 1
        while pools and pools[-1][0] * count >= total * pools[-1][1]:
            before, more = pools.pop()
            total, count = total + before, count + more
        pools.append((total, count))
    starts = [total / count for total, count in pools for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
