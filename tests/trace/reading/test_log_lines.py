"""Log lines of many kinds."""

from __future__ import annotations

import json

import pytest

from penstock.config.log_fields import FieldNames
from penstock.trace.reading.log_lines import LineReader

RUN = "4bf92f3577b34da6a3ce929d0e0e4736"
SECOND = 10**9
AT = 1_795_000_000


def read(record, run_id=RUN, **names):
    """Return a JSON record as a line."""
    return LineReader([run_id], FieldNames(**names)).read_record(record, "f", 1)


def plain(text, run_id=RUN, **names):
    """Return a plain line."""
    return LineReader([run_id], FieldNames(**names)).read_plain(text, "f", 1)


@pytest.mark.parametrize(
    "record",
    [
        {"event": "paid", "level": "info", "timestamp": "2026-11-18T11:06:40.000000Z", "flow_id": RUN, "step": "pay"},
        {"message": "paid", "levelname": "INFO", "asctime": "2026-11-18 11:06:40,000", "flow_id": RUN, "step": "pay"},
        {"msg": "paid", "level": "INFO", "ts": AT, "trace_id": RUN, "step": "pay"},
        {"msg": "paid", "level": "info", "time": AT * 1000, "correlation_id": RUN, "step": "pay"},
        {"message": "paid", "log.level": "INFO", "@timestamp": str(AT * SECOND), "trace": {"id": RUN}, "step": "pay"},
        {
            "log": json.dumps({"event": "paid", "level": "info", "flow_id": RUN, "step": "pay"}),
            "stream": "stdout",
            "time": "2026-11-18T11:06:40Z",
        },
        {
            "text": "…",
            "record": {
                "message": "paid",
                "level": {"name": "INFO"},
                "time": {"timestamp": float(AT)},
                "extra": {"flow_id": RUN, "step": "pay"},
            },
        },
    ],
    ids=["structlog", "logging", "zap", "pino", "ecs", "docker", "loguru"],
)
def test_records_of_usual_programs(record):
    """The usual names of fields are known."""
    line = read(record)
    assert ("paid", "INFO", AT * SECOND, "pay") == (line.message, line.level, line.time, line.step)


def test_own_names_of_fields():
    """Names can be given."""
    line = read(
        {"what": "paid", "order_flow": RUN, "stage": "pay"}, id=("order_flow",), step=("stage",), message=("what",)
    )
    assert ("paid", "pay") == (line.message, line.step)


@pytest.mark.parametrize("flow_id", ["other", f"{RUN}0"])
def test_records_of_other_runs(flow_id):
    """A record with another ID is of another run, though it mentions this one."""
    assert None is read({"event": f"retry of {RUN}", "flow_id": flow_id})


def test_records_without_an_id_field():
    """A record that has no field for the ID belongs to the run whose ID it mentions."""
    assert f"retry of {RUN}" == read({"event": f"retry of {RUN}"}).message


def test_other_fields_never_travel():
    """Of all other fields, only those that are asked for are kept."""
    line = read({"event": "paid", "flow_id": RUN, "card": "4111", "shard": 7, "exc_info": "secret"}, show=("shard",))
    assert (("shard", "7"),) == line.fields
    assert "4111" not in repr(line)
    assert "secret" not in repr(line)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"2026-11-18 11:06:40,000 {RUN} INFO shop.orders order A-1 paid", "shop.orders order A-1 paid"),
        (f"2026-11-18T11:06:40Z [info     ] paid   card=4111 flow_id={RUN}", "paid card=…"),
        (f"timestamp=2026-11-18T11:06:40Z level=info event=paid card='41 11' flow_id={RUN}", "paid"),
        (f"\x1b[2m2026-11-18T11:06:40Z\x1b[0m [\x1b[32minfo\x1b[0m] paid flow_id={RUN}", "paid"),
        (f'web_1 | {{"event": "paid", "level": "info", "ts": {AT}, "flow_id": "{RUN}", "card": "4111"}}', "paid"),
        (f'2026-11-18T11:06:40Z INFO answered {{"card": "4111", "flow_id": "{RUN}"}}', "answered {…}"),
        (
            f"2026-11-18T11:06:40Z INFO sent traceparent 00-{RUN}-00f067aa0ba902b7-01",
            "sent traceparent 00- -00f067aa0ba902b7-01",
        ),
    ],
)
def test_plain_lines(text, message):
    """Of a plain line, its time and level are found, and values of fields are hidden."""
    line = plain(text)
    assert (message, "INFO", AT * SECOND) == (line.message, line.level, line.time)


@pytest.mark.parametrize(
    ("text", "belongs"),
    [
        ("order-1: paid", True),
        ("run order-1.", True),
        ("order-17: paid", False),
        ("x-order-1 paid", False),
        ("order-1.2 paid", False),
    ],
)
def test_longer_ids_are_others(text, belongs):
    """An ID that is a part of a longer one is not that of the run."""
    assert belongs is (plain(text, "order-1") is not None)


def test_inner_records_do_not_travel():
    """A record in the place of a text is not printed; a name with a dot finds the text in it."""
    line = read({"event": {"card": "4111"}, "msg": "paid", "service": {"name": "shop", "token": "t0p"}, "flow_id": RUN})
    assert ("paid", "shop") == (line.message, line.service)
    assert ("", "") == (
        read({"event": ["4111"], "flow_id": RUN}).message,
        read({"service": {"a": 1}, "flow_id": RUN}).service,
    )


def test_a_dash_is_no_step():
    """What a log format writes in place of nothing is nothing."""
    assert "" == read({"event": "x", "flow_id": RUN, "step": "-"}).step


@pytest.mark.parametrize("value", [True, -5, 1e300, float("nan"), "yesterday", [], {"a": 1}, None, "9" * 400])
def test_times_that_are_none(value):
    """What is no time is left out."""
    assert None is read({"event": "x", "flow_id": RUN, "time": value}).time


def test_times_without_a_zone_are_known_to_be():
    """A time that names no zone is read as UTC, and marked."""
    line = read({"event": "x", "flow_id": RUN, "time": "2026-11-18 11:06:40"})
    assert (AT * SECOND, False) == (line.time, line.has_zone)
