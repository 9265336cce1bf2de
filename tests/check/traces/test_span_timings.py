"""Errors and durations from traces: in the rows in which a recorder has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from otlp import GO, SECOND, request, span, told
from penstock.check.evidence import DurationSketch, Fact, Orphan, Period, Seen, Timing
from penstock.check.traces.jaeger import JAEGER
from penstock.check.traces.reader import Damage, read

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.check.evidence import Evidence

GO_STEP, A = Seen("go"), Seen("a")
RUN, FACT = ("f", GO_STEP), Fact("f", A, GO_STEP)
FAILED = {"status": {"code": 2, "message": "ValueError"}}


def timing(*nanoseconds: int, errors: int = 0) -> Timing:
    """Return the timing of calls with these durations."""
    return Timing(errors, DurationSketch.of(nanoseconds))


def timings(evidence: Evidence) -> dict[Any, Timing]:
    """Return what was measured in production."""
    return dict(evidence.measurements["production"])


@pytest.mark.parametrize("status", [{"code": 2}, {"code": "STATUS_CODE_ERROR"}], ids=["number", "name"])
def test_durations_are_those_of_spans(status: dict[str, Any], file: Path) -> None:
    """A step is measured from the beginning of its span to the end, and has failed if its status is an error."""
    found = told(file, request(span("a", 10, 30, "go") | {"status": status}, span("a", 40, 90, "go", number="2"), GO))
    assert {RUN: timing(100), FACT: timing(20, 50, errors=1)} == {
        row if row == RUN else FACT: value for row, value in timings(found).items()
    }


def test_other_statuses_are_no_errors(file: Path) -> None:
    """Unset and ok are the rule; null is what some exporters write."""
    spans = [
        span("a", 10, 30, "go", number=str(number)) | {"status": status}
        for number, status in enumerate(({}, {"code": 1}, {"code": 0}, None))
    ]
    found = told(file, request(*spans, GO))
    assert {0} == {value.errors for value in timings(found).values()}


def test_steps_that_began_alone_are_measured(file: Path) -> None:
    """A step without a run has its own row, and so has one whose parent is missing."""
    lone = span("a", 500, 520, trace="2") | FAILED
    cut = span("b", 500, 530, "gone", trace="3")
    beside = span("a", 10, 40, trace="4")
    found = told(file, request(GO, lone, cut, beside))
    assert {
        RUN: timing(100),
        Orphan("f", A, concurrent=False): timing(20, errors=1),
        Orphan("f", A, concurrent=True): timing(30),
        Orphan("f", Seen("b"), concurrent=True): timing(30),
    } == timings(found)


def test_an_entrypoint_that_begins_a_run_is_measured_once(file: Path) -> None:
    """It is in the row of its run, although a step is around it."""
    inner = span("again", 10, 30, "go", penstock_entrypoint=True, penstock_begins=True)
    assert {RUN: timing(100), ("f", Seen("again")): timing(20)} == timings(told(file, request(inner, GO)))


@pytest.mark.parametrize("end", [5, -SECOND], ids=["a little", "a second"])
def test_a_clock_that_goes_backwards_measures_nothing(end: int, file: Path) -> None:
    """The step counts as ever, without a duration that cannot be."""
    found = told(file, request(span("a", 10, end, "go"), span("a", 10, end, trace="2"), GO))
    assert (1, {RUN: timing(100)}) == (sum(found.facts.values()), timings(found))


def test_the_longest_span_is_kept_in_bounds(file: Path) -> None:
    """A span from the epoch to the end of time counts as the longest duration."""
    lone = span("a", 0, 0) | {"startTimeUnixNano": "0", "endTimeUnixNano": str(2**63 - 1)}
    found = told(file, request(lone))
    assert {Orphan("f", A, concurrent=False): timing(2**63)} == timings(found)
    assert {"production": Period("1970-01-01", "2262-04-11")} == found.periods


def test_the_period_is_that_of_all_steps(file: Path) -> None:
    """It goes from the day of the first step to the day of the last one; other spans do not count."""
    day = 86_400 * SECOND
    later = span("a", 2 * day, 2 * day + 1, trace="2")
    other = span("x.y", 9 * day, 9 * day, trace="3")
    found = told(file, request(GO, later, other))
    assert {"production": Period("2026-11-18", "2026-11-20")} == found.periods


@pytest.mark.parametrize(
    ("tag", "errors"),
    [
        ({"key": "error", "type": "bool", "value": True}, 1),
        ({"key": "otel.status_code", "type": "string", "value": "ERROR"}, 1),
        ({"key": "error", "type": "bool", "value": False}, 0),
        ({"key": "otel.status_code", "type": "string", "value": "OK"}, 0),
    ],
)
def test_jaeger_marks_errors_by_tags(tag: dict[str, Any], errors: int, file: Path) -> None:
    """Jaeger has microseconds, and a tag for an error: its own, or that of OpenTelemetry."""
    tags = [{"key": f"penstock.{key}", "value": value} for key, value in (("step", "go"), ("flow", "f"))]
    tags += [{"key": "penstock.entrypoint", "value": True}, tag]
    go = {"traceID": "1", "spanID": "1", "startTime": 1_795_132_800_000_001, "duration": 5, "tags": tags}
    file.write_text(json.dumps({"data": [{"traceID": "1", "processes": {}, "spans": [go]}]}))
    assert {RUN: timing(5000, errors=errors)} == timings(read([file], JAEGER, Damage()))
