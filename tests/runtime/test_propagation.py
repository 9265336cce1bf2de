"""Correlation IDs are written into headers of every kind, and only IDs are read from them."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import wsgiref.headers
from email.message import Message

import httpx
import pytest
from requests.structures import CaseInsensitiveDict
from starlette.datastructures import MutableHeaders
from werkzeug.datastructures import Headers

from penstock import carry, errors, extract, flow_context, inject, set_value
from penstock.contrib.environment import flow_environment
from penstock.propagation import RemoteContext, outgoing, read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"

HOSTILE = [
    "-" * 100_000,
    "a" * 65,
    "a" * 60_000,
    "",
    "a\n",
    "\na",
    "a\r\nSet-Cookie: b",
    "a\0",
    "a\x1b[31m",
    "a b",
    " a",
    "\u0661\u0662\u0663",
    "\uff11",
    "a,b",
    b"\xff\xfe",
    b"a\n",
    b"-" * 100_000,
    "{jndi:ldap://x}",
    None,
    17,
    ["a", "b"],
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_hostile_ids_are_dropped(value):
    """What is no correlation ID counts as missing, whatever it is."""
    assert extract({"X-Correlation-ID": value}) is None


@pytest.mark.parametrize("value", ["a", "A-1._", "9" * 64, TRACE, b"order-17"])
def test_ids_are_read(value):
    """1 to 64 ASCII letters, digits, dots, underscores and dashes are an ID."""
    assert (value if isinstance(value, str) else value.decode()) == extract({"x-correlation-id": value})


@pytest.mark.parametrize("other", [("a",), (), None, 17, {"name": "a"}, "x"], ids=repr)
def test_what_is_no_pair_is_dropped(other):
    """A message may have anything in place of a pair, and it counts as missing; the other pairs are read."""
    assert extract([other]) is None
    assert "order-17" == extract([other, ("X-Correlation-ID", "order-17")])


def test_what_is_no_pair_stays():
    """What is no pair is left alone where an ID is written or replaced."""
    headers = [("a",), (), ("X-Correlation-ID", "old")]
    with flow_context("new"):
        assert [("a",), (), ("X-Correlation-ID", "new")] == inject(headers)


@pytest.mark.parametrize("headers", [17, "X-Correlation-ID: a", b"a"], ids=repr)
def test_extract_says_what_it_takes(headers):
    """What can have no headers, such as the message itself, is an error that says so."""
    with pytest.raises(TypeError, match=r"extract\(\) reads a mapping or an iterable of pairs, not"):
        extract(headers)


def test_doubled_headers_are_dropped():
    """Where a header is there twice, nobody can say which is meant."""
    assert extract([("X-Correlation-ID", "a"), ("x-correlation-id", "a")]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", TRACE),
        (f"00-{TRACE}-{SPAN}-00", TRACE),
        (f"cc-{TRACE}-{SPAN}-01", TRACE),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", TRACE),
        (f"cc-{TRACE}-{SPAN}-01.x", None),
        (f"00-{TRACE}-{SPAN}-01-x", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-{SPAN}-1", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        (f" 00-{TRACE}-{SPAN}-01", None),
        (f"cc-{TRACE}-{SPAN}-01-{'x' * 600}", None),
    ],
)
def test_traceparent_is_strict(value, expected):
    """A traceparent is read as W3C Trace Context has it, and not otherwise."""
    assert expected == extract({"traceparent": value})


def test_caller_is_known_where_the_id_goes():
    """What was extracted brings the caller's span into the run that gets it, each time."""
    context = flow_context(extract({"traceparent": f"00-{TRACE}-{SPAN}-01"}), flow="orders")
    for _ in range(2):
        with context as run:
            assert (TRACE, "orders", (SPAN, 1)) == (run.id, run.flow, run.remote)
    with flow_context(TRACE) as run:
        assert (TRACE, None) == (run.id, run.remote)


RECEIVED = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


def test_headers_are_read_as_a_record():
    """All that headers say of a run is one record; the extracted ID has it as an attribute."""
    context = RemoteContext(id=TRACE, span=(SPAN, 1))
    assert [context, context] == [read(RECEIVED), extract(RECEIVED).context]
    assert read({}) is None


@pytest.mark.parametrize(
    "change", [lambda value: value, copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
@pytest.mark.parametrize("make", [read, extract])
def test_a_run_gets_the_whole_context(make, change):
    """A record, an extracted ID, and copies of both bring the caller's span into the run."""
    with flow_context(change(make(RECEIVED))):
        assert [("X-Correlation-ID", TRACE), ("traceparent", RECEIVED["traceparent"])] == outgoing()


@pytest.mark.parametrize("flow_id", ["a b", "", "a" * 65])
def test_flow_context_checks_the_id_of_a_record(flow_id):
    """A record of one's own needs a valid ID, too."""
    with pytest.raises(errors.FlowIdError):
        flow_context(RemoteContext(flow_id))


def test_a_fresh_id_is_random():
    """The traceparent of a fresh ID says that it is sampled, and random (W3C Trace Context, Level 2)."""
    with flow_context():
        assert inject({})["traceparent"].endswith("-03")
    with flow_context():
        set_value("tenant", "acme")
        assert inject({})["traceparent"].endswith("-03")
        inner = pickle.loads(pickle.dumps(carry(inject)))
    assert inner({})["traceparent"].endswith("-03")


@pytest.mark.parametrize("headers", [{"X-Correlation-ID": TRACE}, {"Traceparent": f"00-{TRACE}-{SPAN}-01"}], ids=str)
def test_an_id_from_outside_is_not_said_to_be_random(headers):
    """Nothing is known of how the sender has made an ID, unless its flags say so."""
    with flow_context(extract(headers)):
        assert inject({})["traceparent"].endswith("-01")
    with flow_context(TRACE):
        assert inject({})["traceparent"].endswith("-01")


@pytest.mark.parametrize(
    ("version", "flags", "expected"),
    [
        ("00", "00", "00"),
        ("00", "01", "01"),
        ("00", "02", "02"),
        ("00", "03", "03"),
        ("00", "ff", "03"),
        ("00", "fc", "00"),
        ("01", "07", "03"),
        ("fe", "08", "00"),
    ],
)
def test_flags_are_passed_on_as_far_as_they_are_known(version, flags, expected):
    """The flags of a caller are passed on unchanged, those that no specification knows as zero."""
    with flow_context(extract({"traceparent": f"{version}-{TRACE}-{SPAN}-{flags}"})):
        assert f"00-{TRACE}-{SPAN}-{expected}" == inject({})["traceparent"]


def test_correlation_id_is_preferred():
    """A valid correlation ID wins over a traceparent; an invalid one does not hide it."""
    parent = f"00-{TRACE}-{SPAN}-01"

    assert "a" == extract({"X-Correlation-ID": "a", "traceparent": parent})
    assert TRACE == extract({"X-Correlation-ID": "no id", "traceparent": parent})
    assert extract({"traceparent": parent}, traceparent=False) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CORRELATION-ID": "old"},
        [],
        [("x-correlation-id", "old"), ("a", "b")],
        [(b"a", b"b")],
        [("a", b"b")],
        Message(),
        httpx.Headers({"x-correlation-id": "old"}),
        CaseInsensitiveDict({"x-correlation-id": "old"}),
        MutableHeaders({"x-correlation-id": "old"}),
        Headers({"x-correlation-id": "old"}),
        wsgiref.headers.Headers([("x-correlation-id", "old")]),
    ],
    ids=lambda headers: type(headers).__name__,
)
def test_headers_of_every_kind(headers):
    """What is written into headers is read from them, and an older ID is replaced."""
    with flow_context() as run:
        assert headers is inject(headers)
    assert run.id == extract(headers)
    assert run.id == extract(headers, header="X-Other")  # the traceparent tells it, too


def test_bytes_stay_bytes():
    """Names and values are written as those that are there."""
    with flow_context("a"):
        assert [(b"b", b"c"), (b"x-correlation-id", b"a")] == inject([(b"b", b"c")])
        assert [("b", b"c"), ("X-Correlation-ID", b"a")] == inject([("b", b"c")])


def test_an_id_that_is_no_trace_id_has_no_traceparent():
    """Only a trace-id can be told in a traceparent."""
    with flow_context("order-17"):
        assert {"X-Correlation-ID": "order-17"} == inject({})
    with flow_context(TRACE):
        assert ["X-Correlation-ID", "traceparent"] == list(inject({}))
        assert ["X-Correlation-ID"] == list(inject({}, traceparent=False))
        assert ["X-Request-ID"] == list(inject({}, header="X-Request-ID", traceparent=False))


def test_a_traceparent_of_others_is_left_alone():
    """Whoever makes the spans has the word on the traceparent."""
    headers = {"Traceparent": f"00-{TRACE}-{SPAN}-00"}
    with flow_context() as run:
        inject(headers)
    assert {"Traceparent": f"00-{TRACE}-{SPAN}-00", "X-Correlation-ID": run.id} == headers


def test_nothing_is_written_outside_a_run():
    """Outside every run headers stay as they are."""
    assert {"a": "b"} == inject({"a": "b"})


@pytest.mark.parametrize("headers", [(), "text", None, 17])
def test_inject_says_what_it_takes(headers):
    """What cannot be written into is an error that says what can."""
    with flow_context(), pytest.raises(TypeError, match="mutable mapping or a list of pairs"):
        inject(headers)


@pytest.mark.parametrize(
    "flow_id", [value for value in HOSTILE if value is not None], ids=lambda value: ascii(value)[:20]
)
def test_flow_context_checks_the_id(flow_id):
    """A text that is no ID is refused by flow_context, and not repeated."""
    with pytest.raises(errors.FlowIdError) as caught:
        flow_context(flow_id)
    assert "flow_context: flow_id must be 1 to 64 ASCII letters, digits, dots, underscores and dashes" == str(
        caught.value
    )


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TRACEPARENT": f"00-{TRACE}-{SPAN}-01"}, TRACE),
        ({"X_CORRELATION_ID": "order-17", "TRACEPARENT": f"00-{TRACE}-{SPAN}-01"}, "order-17"),
        ({"X_CORRELATION_ID": "no id", "TRACEPARENT": "none either"}, None),
        ({"CORRELATION_ID": "order-17", "HTTP_X_CORRELATION_ID": "order-17"}, None),
        ({"X_CORRELATION_ID": "order-17", "X-Correlation-ID": "order-18"}, None),
    ],
)
def test_the_environment_is_read(environment, expected):
    """The environment of a process tells an ID under the names of the headers, in upper case and with underscores."""
    assert expected == extract(environment)


def test_other_names_of_headers_in_the_environment():
    """A header of the application's own is read from the environment, too."""
    assert "a" == extract({"X_REQUEST_ID": "a"}, header="X-Request-ID")
    assert "a" == extract({"x_request_id": "a"}, header="X_Request_ID")


def test_a_process_is_in_the_run_that_starts_it():
    """What is written into the environment of a process is the run that the process reads from it."""
    code = "import os, penstock\nwith penstock.flow_context(penstock.extract(os.environ)) as run: print(run.id, run.remote)"
    with flow_context() as run:
        environment = flow_environment()
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert (run.id, run.id) == (environment["X_CORRELATION_ID"], environment["TRACEPARENT"].split("-")[1])
    assert f"{run.id} ('{environment['TRACEPARENT'].split('-')[2]}', 3)" == done.stdout.strip()


OLD = {"PATH": "/bin", "TRACEPARENT": f"00-{TRACE}-{SPAN}-01", "TRACESTATE": "a=b", "BAGGAGE": "c=d"}


def test_an_environment_outside_every_run():
    """Outside every run a process gets what this one was started with."""
    assert OLD == flow_environment(OLD)
    assert dict(os.environ) == flow_environment()


def test_an_older_trace_in_the_environment_is_replaced():
    """What started this process is not what starts the next one; the state of its trace goes with it, baggage stays."""
    with flow_context() as run:
        environment = flow_environment(OLD)
    assert ({"PATH", "TRACEPARENT", "BAGGAGE", "X_CORRELATION_ID"}, run.id) == ({*environment}, extract(environment))
    assert OLD["TRACEPARENT"] not in environment.values()


def test_the_state_of_the_same_trace_stays():
    """A process in the run of its environment passes the state of the trace on; so does one whose ID is no trace."""
    with flow_context(extract(OLD)):
        assert OLD | {"X_CORRELATION_ID": TRACE} == flow_environment(OLD)
    with flow_context("order-17"):
        assert OLD | {"X_CORRELATION_ID": "order-17"} == flow_environment(OLD)


def lower(headers):
    """Return headers as a mapping of text, in lower case."""
    pairs = headers.items() if hasattr(headers, "items") else headers
    texts = [[part.decode() if isinstance(part, bytes) else part for part in pair] for pair in pairs]
    return {name.lower(): value for name, value in texts}


OLDER = [("X-CORRELATION-ID", TRACE), ("TraceParent", f"00-{TRACE}-{SPAN}-01"), ("x-penstock-evidence", "older")]

KINDS = [
    dict,
    list,
    lambda pairs: [(name.lower().encode(), value.encode()) for name, value in pairs],
    httpx.Headers,
    CaseInsensitiveDict,
    lambda pairs: MutableHeaders(dict(pairs)),
    Headers,
    wsgiref.headers.Headers,
]
NAMES = ["dict", "list", "bytes", "httpx", "requests", "starlette", "werkzeug", "wsgiref"]


@pytest.mark.parametrize("make", KINDS, ids=NAMES)
def test_an_older_pair_is_replaced(make):
    """A correlation ID and the traceparent that tells the same are another run's: both are replaced, in any capitals."""
    headers = make(OLDER)
    with flow_context() as run:
        inject(headers)
    told = lower(headers)

    assert ["traceparent", "x-correlation-id"] == sorted(told)
    assert (run.id, run.id) == (told["x-correlation-id"], told["traceparent"][3:35])
    assert 2 == len([*(headers.items() if hasattr(headers, "items") else headers)])


@pytest.mark.parametrize("make", KINDS, ids=NAMES)
def test_an_older_pair_is_removed_for_an_id_that_is_no_trace_id(make):
    """Where the run has no traceparent, the older one does not stay."""
    headers = make(OLDER)
    with flow_context("order-17"):
        inject(headers)

    assert {"x-correlation-id": "order-17"} == lower(headers)


@pytest.mark.parametrize("make", KINDS, ids=NAMES)
def test_nothing_stays_outside_a_run(make):
    """Outside every run, headers that were used in one are left without what that has written."""
    headers = make([*OLDER, ("Accept", "*")])
    inject(headers)

    assert {"accept": "*"} == lower(headers)


def test_an_older_id_alone_does_not_stay_outside_a_run():
    """An ID that is no trace-id is removed, too."""
    headers = {}
    with flow_context("order-17"):
        inject(headers)

    assert {} == inject(headers)


def test_a_traceparent_of_the_run_stays():
    """A traceparent that tells the current run may be a span's, and is left alone."""
    with flow_context(TRACE):
        headers = inject({"traceparent": f"00-{TRACE}-{SPAN}-00", "X-Correlation-ID": TRACE})

    assert f"00-{TRACE}-{SPAN}-00" == headers["traceparent"]


def test_a_traceparent_of_others_stays_outside_a_run():
    """A traceparent that was not written together with the ID is the application's."""
    parent = f"00-{TRACE}-{SPAN}-00"

    assert {"traceparent": parent} == inject({"traceparent": parent, "X-Correlation-ID": "order-17"})
