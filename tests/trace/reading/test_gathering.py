"""Gathering what files have of a run."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from penstock.config.log_fields import FieldNames
from penstock.errors import ConfigError, EvidenceError, UnknownRunError
from penstock.trace.reading import log_files
from penstock.trace.trace_run import trace_run
from traced import DAY, FLOWS, RUN, SPANS, log_line, step_span, trace_lines

OTHER = "0" * 31 + "7"


def trace(*files: Path, run_id: str = RUN):
    """Return the run in some files."""
    return trace_run(run_id, files, FLOWS, names=FieldNames())


def test_files_of_all_kinds_together(tmp_path):
    """Logs and spans, compressed or not, one a service, give one run; the lines read are counted."""
    (tmp_path / "a.jsonl").write_text(f"{log_line('one', 5)}\n\n{log_line('other', 5, flow_id=OTHER)}\n")
    (tmp_path / "b.log").write_bytes(gzip.compress(f"noise\n2026-11-18 11:06:40 {RUN} two\n".encode()))
    (tmp_path / "c.json").write_bytes(gzip.compress("\n".join(SPANS).encode()))
    run = trace(*(tmp_path / name for name in ("a.jsonl", "b.log", "c.json")))
    assert (2, 6, [3, 2, 6]) == (run.line_count, run.spans, [file.lines for file in run.files])


def jaeger(indent=None):
    """Return a run as Jaeger exports it."""
    tags = [
        {"key": "penstock.step", "value": "pay"},
        {"key": "penstock.flow", "value": "orders"},
        {"key": "error", "value": True},
    ]
    event = {
        "fields": [
            {"key": "event", "value": "exception"},
            {"key": "exception.type", "value": "ValueError"},
            {"key": "exception.message", "value": "no"},
        ]
    }
    span = {
        "traceID": RUN,
        "spanID": "a1",
        "startTime": DAY // 1000,
        "duration": 5000,
        "processID": "p1",
        "tags": tags,
        "logs": [event],
    }
    return json.dumps(
        {"data": [{"traceID": RUN, "spans": [span], "processes": {"p1": {"serviceName": "bank"}}}]}, indent=indent
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_jaeger(tmp_path, indent):
    """A download of Jaeger, on one line or on many, has steps, services, times and errors."""
    (tmp_path / "trace.json").write_text(jaeger(indent))
    [step] = trace(tmp_path / "trace.json").steps
    assert ("pay", "bank", DAY, 5_000_000, "ValueError: no") == (
        step.step,
        step.service,
        step.start,
        step.duration,
        step.error,
    )


def test_log_records_of_opentelemetry(tmp_path):
    """The Collector writes log records as well."""
    record = {
        "timeUnixNano": str(DAY),
        "severityText": "INFO",
        "body": {"stringValue": "paid"},
        "traceId": RUN,
        "spanId": "a1",
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "bank"}}]}
    run = trace_lines(
        tmp_path, json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]})
    )
    assert [("paid", "bank", DAY)] == [(line.message, line.service, line.time) for line in run.lines]


def test_spans_of_other_traces_with_the_id(tmp_path):
    """A run whose ID came from outside has spans of a trace with another ID, whose other spans and lines are its own as well."""
    lines = (
        step_span("receive", 0, 9, trace=OTHER, penstock_flow_id="order-1", penstock_entrypoint=True),
        step_span("check", 1, 5, "receive", trace=OTHER),
        log_line("by trace", 3, flow_id=None, trace_id=OTHER),
        step_span("pay", 1, 5, trace=OTHER, penstock_flow_id="order-2"),
    )
    run = trace_lines(tmp_path, *lines, run_id="order-1")
    assert (["receive", "check"], 1) == ([step.step for step in run.steps], run.line_count)


def test_the_trace_id_finds_the_run(tmp_path):
    """The ID of a trace finds its spans, and a note names the correlation ID that they carry."""
    run = trace_lines(tmp_path, step_span("receive", 0, 9, penstock_flow_id="order-1"))
    assert any(note.endswith("penstock trace order-1") for note in run.notes)


def test_a_traceparent_is_an_id(tmp_path):
    """The header of a request can be given as it is."""
    assert RUN == trace_lines(tmp_path, log_line("in", 1), run_id=f"00-{RUN}-00f067aa0ba902b7-01").id


def test_damaged_lines_are_counted(tmp_path):
    """A line that is cut off, and a span without a time, are counted, and the rest is read."""
    broken = SPANS[1].replace("startTimeUnixNano", "start")
    run = trace_lines(tmp_path, SPANS[0], SPANS[2][:-9], broken, log_line("in", 1))
    assert ["receive"] == [step.step for step in run.steps]
    assert any(note.startswith("Skipped 2 malformed lines or spans") for note in run.notes)


def test_a_cut_compressed_file(tmp_path):
    """What a compressed file has before its end is read, and its damage is said."""
    lines = "".join(f"{log_line(str(number), 1)}\n" for number in range(2000)).encode()
    (tmp_path / "x.gz").write_bytes(gzip.compress(lines)[:-20])
    run = trace(tmp_path / "x.gz")
    assert run.line_count > 1000
    assert any("cut off or damaged" in note for note in run.notes)


@pytest.mark.parametrize("text", ["{\n oh no {RUN}\n}\n", "[\n{RUN} x\n"])
def test_what_only_begins_like_a_document(tmp_path, text):
    """A plain log whose first line is a bracket is read line by line."""
    (tmp_path / "x.log").write_text(text.replace("{RUN}", RUN))
    assert 1 == trace(tmp_path / "x.log").line_count


def test_lines_over_the_ends_of_blocks(tmp_path, monkeypatch):
    """Files are read in blocks; a line that goes over their ends is whole, and has its number."""
    monkeypatch.setattr(log_files, "CHUNK", 100)
    (tmp_path / "x.log").write_text(
        "".join(f"{number} {RUN if number % 7 == 0 else 'x' * number}\n" for number in range(1, 99))
    )
    assert [*range(7, 99, 7)] == [line.number for line in trace(tmp_path / "x.log").lines]


def test_lines_that_are_too_long(tmp_path, monkeypatch):
    """A line that is too long for the memory is left out and counted; the lines behind it have their numbers."""
    monkeypatch.setattr(log_files, "CHUNK", 10)
    monkeypatch.setattr(log_files, "MAX_SIZE", 100)
    (tmp_path / "x.log").write_text(f"a {RUN}\n{'x' * 300}{RUN}\nb {RUN}\n\n{RUN} {'x' * 200}")
    run = trace(tmp_path / "x.log")
    assert ([1, 3], [5]) == ([line.number for line in run.lines], [file.lines for file in run.files])
    assert "Skipped 2 malformed lines or spans" in run.notes[-1]


def test_too_many_lines(tmp_path, monkeypatch):
    """Of a run with too many lines, the first are kept, and a note counts the rest."""
    monkeypatch.setattr("penstock.trace.reading.gathering.MAX_LINES", 3)
    run = trace_lines(tmp_path, *(log_line(str(number), number) for number in range(5)))
    assert (3, "Left out, because there are too many: 2 log lines. So no way is called undeclared.") == (
        run.line_count,
        run.notes[0],
    )


def test_standard_input(monkeypatch):
    """A dash is standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(log_line("in", 1).encode()))))
    assert 1 == trace(Path("-")).line_count


def test_an_unknown_run_names_what_was_read(tmp_path):
    """An ID that no file has is an error, which says which files and how many lines were read."""
    (tmp_path / "x.log").write_text("a\nb\n{not json " + RUN[:9])
    with pytest.raises(UnknownRunError, match=r"no run '4bf.*' in .*x\.log \(3 lines\)\. Is it the whole ID"):
        trace(tmp_path / "x.log")


@pytest.mark.parametrize(("content", "message"), [(b"\x28\xb5\x2f\xfd....", "Zstandard"), (None, "No such file")])
def test_files_that_cannot_be_read(tmp_path, content, message):
    """A file that cannot be read at all is an error."""
    if content:
        (tmp_path / "x").write_bytes(content)
    with pytest.raises(EvidenceError, match=message):
        trace(tmp_path / "x")


@pytest.mark.parametrize("run_id", ["", "a b", "é", "a\x1b[31m", 'a"'])
def test_ids_that_are_none(tmp_path, run_id):
    """What no ID looks like is an error, not a search."""
    with pytest.raises(ConfigError, match="is no correlation ID"):
        trace(tmp_path / "x", run_id=run_id)


ODD = [None, True, -1, 1e400, "", RUN, [], {}, [RUN], {"id": RUN}, "\ud800", "a\x00b", 10**30]
"""Values that no program should write there."""


def iter_places(content):
    """Yield every mapping and list in some content, each with each of its keys."""
    for key, value in [*content.items()] if isinstance(content, dict) else [*enumerate(content)]:
        yield content, key
        if isinstance(value, dict | list):
            yield from iter_places(value)


@pytest.mark.parametrize(
    "line", [SPANS[2], log_line("x", 3, step="pay", service="shop"), jaeger()], ids=["otlp", "log", "jaeger"]
)
def test_odd_values_anywhere(tmp_path, line):
    """Whatever stands where in a document, it is read or counted as damaged; nothing fails."""
    for place in range(len([*iter_places(json.loads(line))])):
        content = json.loads(line)
        owner, key = [*iter_places(content)][place]
        owner[key] = ODD[place % len(ODD)]
        run = trace_lines(tmp_path, json.dumps(content), log_line("always", 1))
        assert run.line_count >= 1
