"""Traces follow the recorder: what a trace shows holds for that trace."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from penstock import flow
from penstock.check.traces.replay import StepAttributes
from penstock.check.traces.span_store import SpanRecord, Traces
from verdicts import failures, states

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence

WEB = StepAttributes("request", ("web",), entrypoint=True)
PING = StepAttributes("ping", ("web",), entrypoint=True)
BUILD, SEND = StepAttributes("build", ("web",)), StepAttributes("send", ("web",))
NIGHTLY = StepAttributes("nightly", ("batch",), entrypoint=True)

UNDECLARED = {"ping>send": "undeclared"}


class Writer:
    """Writes traces: each step with those that are in it, one after the other, a tick a step."""

    def __init__(self) -> None:
        self.traces = Traces()
        self._numbers = count(1)
        self._clock = count(1)

    def trace(self, *tree: object, parent: str = "") -> None:
        """Write a trace of its own; a missing parent is a span that was lost."""
        self._write(f"{next(self._numbers):032x}", parent, list(tree))

    def _write(self, trace: str, parent: str, tree: list[object]) -> None:
        label, *inner = tree
        span, start = f"{next(self._numbers):016x}", next(self._clock)
        for each in inner:
            self._write(trace, span, each if isinstance(each, list) else [each])
        above = (trace, parent) if parent else None
        assert isinstance(label, StepAttributes)
        self.traces.add(SpanRecord(trace, span, above, label, start, next(self._clock), ""))

    def evidence(self) -> Evidence:
        """Return what all traces tell."""
        with self.traces:
            return self.traces.evidence()


@pytest.fixture(autouse=True)
def _flow() -> None:
    """Declare the flow; only its arrows matter."""
    web = flow("web")
    web.entrypoint(name="request")(lambda: None)
    web.entrypoint(name="ping")(lambda: None)
    web.step(after="request", name="build")(lambda: None)
    web.step(after="build", name="send")(lambda: None)


@pytest.fixture
def writer() -> Writer:
    """What writes traces in which an arrow is not declared."""
    made = Writer()
    made.trace(WEB, BUILD, SEND)
    made.trace(PING, SEND)
    return made


def test_a_trace_of_another_flow(writer: Writer) -> None:
    """A step in a run of another flow is no company."""
    writer.trace(NIGHTLY, BUILD)
    writer.trace(NIGHTLY, [BUILD, SEND])
    assert UNDECLARED == failures("web", writer.evidence())


def test_a_trace_of_another_flow_confirms_nothing() -> None:
    """What only such a trace shows is not exercised."""
    writer = Writer()
    writer.trace(NIGHTLY, [BUILD, SEND])
    assert {"request>build": "unexercised", "build>send": "unexercised"} == states("web", writer.evidence())


def test_an_entrypoint_in_a_step_that_is_in_no_run_of_its_flow(writer: Writer) -> None:
    """It begins the flow there."""
    writer.trace(BUILD, [WEB, BUILD, SEND])
    writer.trace(NIGHTLY, [BUILD, [WEB, BUILD]])
    evidence = writer.evidence()
    assert UNDECLARED == failures("web", evidence)
    assert 3 == sum(number for (_, step), number in evidence.runs.items() if step.step == "request")


def test_a_span_that_is_missing(writer: Writer) -> None:
    """Its trace abstains, and no other one does."""
    writer.trace(BUILD, parent="00000000000000ff")
    assert UNDECLARED == failures("web", writer.evidence())


def test_a_span_that_is_missing_in_the_trace_itself() -> None:
    """A trace from which a span is missing accuses nothing of what may have been in it."""
    writer = Writer()
    trace, span = f"{1:032x}", f"{2:016x}"
    writer.traces.add(SpanRecord(trace, span, None, PING, 0, 100, ""))
    writer.traces.add(SpanRecord(trace, f"{3:016x}", (trace, f"{4:016x}"), BUILD, 10, 20, ""))
    writer.traces.add(SpanRecord(trace, f"{5:016x}", (trace, span), SEND, 30, 40, ""))
    assert {"request>build": "context-lost", "build>send": "context-lost"} == states("web", writer.evidence())


def test_a_step_alone_at_the_time_of_one_run() -> None:
    """It may belong to that run, which is excused; a run at another time is not."""
    writer = Writer()
    writer.traces.add(SpanRecord(f"{1:032x}", f"{2:016x}", None, PING, 0, 100, ""))
    writer.traces.add(SpanRecord(f"{1:032x}", f"{3:016x}", (f"{1:032x}", f"{2:016x}"), SEND, 30, 40, ""))
    writer.traces.add(SpanRecord(f"{9:032x}", f"{9:016x}", None, BUILD, 10, 20, ""))
    writer.traces.add(SpanRecord(f"{8:032x}", f"{8:016x}", None, BUILD, 5000, 6000, ""))
    assert {} == failures("web", writer.evidence())
    for tick in range(40):
        start = 1000 + 100 * tick
        writer.traces = Traces() if tick == 0 else writer.traces
        writer.traces.add(SpanRecord(f"{tick + 20:032x}", f"{2:016x}", None, PING, start, start + 50, ""))
        above = (f"{tick + 20:032x}", f"{2:016x}")
        writer.traces.add(SpanRecord(f"{tick + 20:032x}", f"{3:016x}", above, SEND, start + 30, start + 40, ""))
    writer.traces.add(SpanRecord(f"{9:032x}", f"{9:016x}", None, BUILD, 1010, 1020, ""))
    assert UNDECLARED == failures("web", writer.evidence())


def test_a_generator_that_begins_in_another_trace() -> None:
    """It was pending in none but its own."""
    rows, go, check = (
        StepAttributes("rows", ("g",), lazy=True),
        StepAttributes("go", ("g",), entrypoint=True),
        StepAttributes("check", ("g",)),
    )
    load = StepAttributes("load", ("g",))
    g = flow("g")
    g.entrypoint(name="go")(lambda: None)
    g.step(after="go", name="rows")(lambda: None)
    g.step(after="go", name="load")(lambda: None)
    g.step(after="rows", name="check")(lambda: None)
    writer = Writer()
    writer.trace(go, [load, check, rows])
    writer.trace(go, [load, rows, check])
    pending = writer.evidence()
    assert {} == failures("g", pending)
    other = Writer()
    other.trace(go, check)
    assert {"go>check": "undeclared"} == failures("g", pending, other.evidence())


def test_an_entrypoint_that_begins_a_run_of_its_own() -> None:
    """A span says so, and nothing has to be declared."""
    writer = Writer()
    writer.trace(WEB, [BUILD, [StepAttributes("ping", ("web",), entrypoint=True, begins=True)]])
    evidence = writer.evidence()
    assert {} == failures("web", evidence)
    assert {"request", "ping"} == {step.step for _, step in evidence.runs}
