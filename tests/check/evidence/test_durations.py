"""Durations: bounded error, exact merging, and the same buckets everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.check.evidence import DurationSketch
from penstock.check.evidence.durations import (
    BUCKETS_AN_OCTAVE,
    MAX_BUCKET,
    MAX_NANOSECONDS,
    RELATIVE_ERROR,
    find_bucket,
    find_buckets,
    find_nanoseconds,
)

nanoseconds = st.integers(1, MAX_NANOSECONDS)
durations = st.lists(nanoseconds, max_size=20)
sketches = st.builds(DurationSketch.of, durations)


@given(st.lists(nanoseconds, min_size=1, max_size=20), st.floats(0, 1))
def test_each_quantile_is_nearly_exact(lengths: list[int], q: float) -> None:
    """A quantile is within one percent of the duration that has its rank."""
    exact = sorted(lengths)[int(q * (len(lengths) - 1))] / 1e9
    assert pytest.approx(exact, rel=0.01, abs=0) == DurationSketch.of(lengths).quantile(q)
    assert RELATIVE_ERROR < 0.01


@given(nanoseconds)
def test_a_bucket_holds_what_its_border_values_say(length: int) -> None:
    """A bucket's own value is nearer to each of its durations than the promised error."""
    error = abs(find_nanoseconds(find_bucket(length)) - length) / length
    assert error <= RELATIVE_ERROR * (1 + 1e-9)


@given(nanoseconds, nanoseconds)
def test_buckets_are_in_the_order_of_durations(one: int, other: int) -> None:
    """A longer duration is in no bucket before that of a shorter one."""
    short, long = sorted((one, other))
    assert find_bucket(short) <= find_bucket(long)


@pytest.mark.parametrize(
    ("length", "bucket"),
    [(1, 0), (2, 64), (3, 96), (64, 384), (65, 385), (2**40 - 1, 2559), (2**40, 2560), (MAX_NANOSECONDS, MAX_BUCKET)],
)
def test_buckets_have_fixed_numbers(length: int, bucket: int) -> None:
    """Files and databases rely on the number of each bucket."""
    assert bucket == find_bucket(length)


@given(st.lists(st.integers(-5, 2 * MAX_NANOSECONDS) | nanoseconds, min_size=1, max_size=5))
def test_many_buckets_are_found_as_one_is(lengths: list[int]) -> None:
    """The quick way to find the buckets of many durations finds the same ones."""
    assert list(map(find_bucket, lengths)) == find_buckets(lengths)


@given(nanoseconds)
def test_the_number_of_a_bucket_takes_64_bits(length: int) -> None:
    """No intermediate value is larger than a database's whole number."""
    assert length * BUCKETS_AN_OCTAVE < 2**63


@pytest.mark.parametrize(("length", "counted_as"), [(-5, 1), (0, 1), (2**80, MAX_NANOSECONDS)])
def test_durations_out_of_range_count_at_its_ends(length: int, counted_as: int) -> None:
    """A clock that runs backwards, or a span of a year, keeps the number of buckets limited."""
    assert DurationSketch.of([counted_as]) == DurationSketch.of([length])


@given(durations, durations)
def test_a_merge_is_the_sketch_of_all(one: list[int], other: list[int]) -> None:
    """Merging loses nothing, so neither order nor grouping matter."""
    merged = DurationSketch.of(one).merge(DurationSketch.of(other))
    assert DurationSketch.of([*other, *one]) == merged
    assert len(one) + len(other) == merged.count


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_a_rank_is_from_0_to_1(q: float) -> None:
    """Percent instead of a fraction is an error."""
    with pytest.raises(ValueError, match="from 0 to 1"):
        DurationSketch.of([1]).quantile(q)


def test_nothing_has_no_median() -> None:
    """An empty sketch gives no figure at all."""
    with pytest.raises(ValueError, match="no quantiles"):
        DurationSketch().quantile(0.5)
