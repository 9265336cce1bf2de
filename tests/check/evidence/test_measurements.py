"""Errors and durations in evidence: merged, stored, and read with suspicion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from penstock.check.evidence import (
    DurationSketch,
    Evidence,
    Fact,
    Orphan,
    Period,
    Seen,
    Timing,
    dumps,
    load,
    loads,
    merge,
    save,
)
from penstock.check.evidence.checksum import compute_checksum
from penstock.check.evidence.circumstances import Circumstances
from penstock.cli.main import main
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

GO, CHECK = Seen("go", "1"), Seen("check")
FACT = Fact("f", CHECK, GO)
RUN = ("f", GO)


def timing(*nanoseconds: int, errors: int = 0) -> Timing:
    """Return the timing of calls with these durations."""
    return Timing(errors, DurationSketch.of(nanoseconds))


EVIDENCE = Evidence(
    {FACT: 2},
    runs={RUN: 2},
    measurements={"production": {RUN: timing(9, 70, errors=1), FACT: timing(3)}, "tests": {RUN: timing(5)}},
    periods={"production": Period("2026-11-20", "2026-11-27")},
)


def test_sources_stay_apart() -> None:
    """Calls of tests and of production are merged each for themselves."""
    merged = merge([EVIDENCE, EVIDENCE])
    assert timing(9, 70, 9, 70, errors=2) == merged.measurements["production"][RUN]
    assert timing(5, 5) == merged.measurements["tests"][RUN]


def test_the_command_merges_measurements(tmp_path: Path) -> None:
    """Files of tests and of production become one, each source for itself."""
    production, output = tmp_path / "production.json", tmp_path / "all.json"
    save(EVIDENCE, production)
    save(Evidence(measurements={"tests": {RUN: timing(6)}}), tmp_path / "tests.json")
    main(["evidence", "merge", str(production), str(tmp_path / "tests.json"), "-o", str(output)])
    merged = load(output)
    assert {**EVIDENCE.measurements, "tests": {RUN: timing(5, 6)}} == merged.measurements
    assert EVIDENCE.periods == merged.periods


def test_a_period_goes_from_the_first_day_to_the_last() -> None:
    """The period of merged evidence encloses those of its parts."""
    days = [Period("2026-11-22", "2026-11-30"), Period("2026-11-20", "2026-11-21")]
    merged = merge(Evidence(periods={"production": period}) for period in days)
    assert {"production": Period("2026-11-20", "2026-11-30")} == merged.periods


def test_circumstances_do_not_divide_a_row() -> None:
    """Facts that differ in circumstances alone are measured as one."""
    doubtful = Fact("f", CHECK, GO, circumstances=Circumstances(lost=frozenset("x")))
    evidence = Evidence(measurements={"tests": {FACT: timing(3), doubtful: timing(4)}})
    assert {"tests": {FACT: timing(3, 4)}} == loads(dumps(evidence)).measurements == merge([evidence]).measurements


def test_a_flow_has_its_own_measurements() -> None:
    """The evidence of one flow has its rows, and the periods of all."""
    other = ("g", GO)
    evidence = merge([EVIDENCE, Evidence(measurements={"production": {other: timing(1)}})])
    assert {"production": {other: timing(1)}} == evidence.of("g").measurements
    assert EVIDENCE.measurements == evidence.of("f").measurements
    assert EVIDENCE.periods == evidence.of("none").periods


def test_rows_are_sorted_in_the_file() -> None:
    """A row has its source, its kind, its context, the errors, and the buckets in the order of durations."""
    alone = Orphan("f", CHECK, concurrent=False)
    top = Orphan("f", CHECK, concurrent=True, done=frozenset({GO}))
    evidence = merge([EVIDENCE, Evidence(measurements={"tests": {alone: timing(1), top: timing(2)}})])
    content = json.loads(dumps(evidence))
    assert [
        ["production", "fact", "f", 0, 1, [], [], [], 0, [[96, 1]]],
        ["production", "run", "f", 1, 1, [[200, 1], [390, 1]]],
        ["tests", "orphan", "f", 0, False, [], 0, [[0, 1]]],
        ["tests", "orphan", "f", 0, True, [[1]], 0, [[64, 1]]],
        ["tests", "run", "f", 1, 0, [[144, 1]]],
    ] == content["measurements"]
    assert [["production", "2026-11-20", "2026-11-27"]] == content["periods"]


ROW = ["tests", "run", "f", 1, 0, [[144, 1]]]


@pytest.mark.parametrize(
    "rows",
    [
        {"measurements": [["staging", *ROW[1:]]]},
        {"measurements": [["tests", "guess", *ROW[2:]]]},
        {"measurements": [[*ROW[:3], 99, *ROW[4:]]]},
        {"measurements": [[*ROW[:4], 2, [[144, 1]]]]},
        {"measurements": [[*ROW[:5], [[144, 0]]]]},
        {"measurements": [[*ROW[:5], [[144, 1], [144, 1]]]]},
        {"measurements": [[*ROW[:5], [[99_999, 1]]]]},
        {"measurements": [[*ROW[:5], [[1.5, 1]]]]},
        {"measurements": [ROW, ROW]},
        {"measurements": [["tests", "run", "f", 1, "more", 0, []]]},
        {"periods": [["staging", "2026-11-20", "2026-11-20"]]},
        {"periods": [["tests", 3, 4]]},
        {"periods": 3},
    ],
)
def test_damaged_measurements_are_an_error(rows: dict[str, Any]) -> None:
    """Rows that cannot be are an error, as everywhere in the file."""
    content = {**json.loads(dumps(EVIDENCE)), **rows}
    content["checksum"] = compute_checksum(content)
    with pytest.raises(EvidenceError, match="the evidence is damaged"):
        loads(json.dumps(content))
