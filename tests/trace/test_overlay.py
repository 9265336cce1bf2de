"""Laying a run over the declared flows."""

from __future__ import annotations

import pytest

from otlp import DAY
from penstock.model import Edge
from traced import FLOWS, MS, ORDERS, SPANS, list_messages, log_line, span_id, step_span, trace_lines


def outline(trace):
    """Return the steps, indented."""
    return [f"{'  ' * run.depth}{run.step}" for run in trace.steps]


def test_steps_are_below_those_around_them(tmp_path):
    """Steps follow the parents of their spans, siblings their clock, whatever the order in the file."""
    trace = trace_lines(tmp_path, *reversed(SPANS))
    assert ["receive", "  check", "  pay", "  confirm", "collect", "  plan"] == outline(trace)


def test_times_are_those_of_the_spans(tmp_path):
    """A step's time, duration and service are those of its span."""
    pay = trace_lines(tmp_path, *SPANS).steps[2]
    assert (DAY + 20 * MS, 40 * MS, "shop", "span") == (pay.start, pay.duration, pay.service, pay.witness)


def test_declared_arrows_that_the_run_took(tmp_path):
    """Spans show which declared arrows the run took, and which steps did not run."""
    orders, parcels = trace_lines(tmp_path, *SPANS).flows
    assert {("receive", "check"), ("check", "pay"), ("pay", "confirm")} == orders.ways
    assert (("reject",), True) == (orders.silent, orders.is_exact)
    assert {("collect", "plan")} == parcels.ways


def test_flows_are_joined_by_their_channels(tmp_path):
    """An effect of one step joins it with the entrypoint that has it as its trigger, in whatever words."""
    trace = trace_lines(tmp_path, *SPANS)
    [join] = trace.joins
    ends = trace.steps[join.source].step, trace.steps[join.target].step
    assert ("kafka:parcels", "confirm", "collect") == (join.channel, *ends)


def test_first_undeclared_way(tmp_path):
    """Of the ways that no arrow declares, the first one in time is named."""
    way = trace_lines(
        tmp_path, SPANS[0], step_span("pay", 5, 9, "receive"), step_span("reject", 6, 7, "pay")
    ).undeclared
    assert ("orders", "receive", "pay") == (way.flow, way.source, way.target)


def test_declared_ways_are_not_accused(tmp_path):
    """A run that only took declared arrows has no undeclared way."""
    assert trace_lines(tmp_path, *SPANS).undeclared is None


def test_a_predecessor_in_a_log_line_excuses(tmp_path):
    """A step whose declared predecessor is known from log lines alone is not accused: where that ran is not known."""
    lines = SPANS[0], step_span("pay", 20, 60, "receive"), log_line("checked", 5, step="check")
    assert trace_lines(tmp_path, *lines).undeclared is None


def test_damaged_input_excuses(tmp_path):
    """Where a line cannot be read, no way is called undeclared: the missing part could explain it."""
    cut = SPANS[1][:-40]
    trace = trace_lines(tmp_path, SPANS[0], step_span("pay", 20, 60, "receive"), cut)
    assert trace.undeclared is None
    assert any("no way is called undeclared" in note for note in trace.notes)
    assert not trace.flows[0].is_exact


def test_edges_only_seen_are_no_declarations(tmp_path):
    """An arrow that a check has added to the flow declares nothing."""
    seen = Edge(source="receive", target="pay", origin="seen", state="undeclared")
    flow = ORDERS.__class__(name="orders", steps=ORDERS.steps, edges=(*ORDERS.edges, seen))
    trace = trace_lines(tmp_path, SPANS[0], SPANS[2], flows=(flow,))
    assert "pay" == trace.undeclared.target


def test_lines_belong_to_the_step_of_their_span(tmp_path):
    """A line with a span's ID is in its step, whatever its time."""
    trace = trace_lines(tmp_path, *SPANS, log_line("late", 500, span_id=span_id("pay")))
    assert ["late"] == list_messages(trace, "pay")


def test_lines_belong_to_the_step_that_they_name(tmp_path):
    """A line that names its step is in it."""
    trace = trace_lines(tmp_path, *SPANS, log_line("paid", 60.5, step="pay", service="shop"))
    assert ["paid"] == list_messages(trace, "pay")


def test_lines_belong_to_the_innermost_step_at_their_time(tmp_path):
    """A line that names no step is in the innermost one of its service at that time."""
    lines = (
        log_line("deep", 5, service="shop"),
        log_line("between", 15, service="shop"),
        log_line("far", 500, service="shop"),
    )
    trace = trace_lines(tmp_path, *SPANS, *lines)
    assert ["deep"] == list_messages(trace, "check")
    assert ["between"] == list_messages(trace, "receive")
    assert ["far"] == [line.message for line in trace.lines]


def test_lines_of_no_known_service_are_not_guessed(tmp_path):
    """Where spans are of several services, a line without one is in no step."""
    trace = trace_lines(tmp_path, *SPANS, log_line("who", 5))
    assert ["who"] == [line.message for line in trace.lines]


def test_lines_between_parallel_steps_are_in_the_one_around(tmp_path):
    """Where two steps ran at the same time, a line is in the step around both."""
    spans = SPANS[0], step_span("check", 1, 50, "receive"), step_span("pay", 20, 60, "receive")
    trace = trace_lines(tmp_path, *spans, log_line("which", 30, service="shop"))
    assert ["which"] == list_messages(trace, "receive")


def test_steps_of_log_lines_alone(tmp_path):
    """A step that only log lines name ran; nothing is said of its duration, of what called it, or of what did not run."""
    trace = trace_lines(tmp_path, log_line("in", 0, step="receive"), log_line("ok", 9, step="check"))
    assert [("receive", "log", None), ("check", "log", None)] == [
        (run.step, run.witness, run.duration) for run in trace.steps
    ]
    assert (frozenset(), False) == (trace.flows[0].ways, trace.flows[0].is_exact)
    assert "only log lines show" in trace.notes[0]


def test_a_step_of_several_flows_needs_the_flow(tmp_path):
    """Where two flows have a step of the name, and nothing says which one ran, none is named."""
    flows = *FLOWS, ORDERS.__class__(name="returns", steps=(ORDERS.steps[1],))
    assert () == trace_lines(tmp_path, log_line("ok", 9, step="check"), flows=flows).steps[0].flows
    assert ("returns",) == trace_lines(tmp_path, log_line("ok", 9, step="check", flow="returns"), flows=flows).steps[
        0
    ].flows


def test_the_error_is_where_it_began(tmp_path):
    """An error that passes through several steps is named once, with the innermost one."""
    spans = (
        step_span("receive", 0, 100, error="ValueError: no", penstock_entrypoint=True),
        step_span("pay", 20, 60, "receive", error="ValueError: no"),
    )
    trace = trace_lines(tmp_path, *spans)
    assert [("pay", "ValueError: no")] == [(trace.steps[fault.number].step, fault.words) for fault in trace.failures]


def test_an_error_in_a_log_line(tmp_path):
    """A log line of an error's level is one, in its step."""
    [failure] = trace_lines(tmp_path, *SPANS, log_line("refused", 30, level="error", service="shop")).failures
    assert ("refused", "log", 2) == (failure.words, failure.witness, failure.number)


@pytest.mark.parametrize("early", [-30, 90])
def test_clocks_that_disagree(tmp_path, early):
    """A step that began before the one that started it is behind it all the same, and a note names both services."""
    late = step_span("collect", early - 20, early + 10, flow="parcels", service="carrier", penstock_entrypoint=True)
    trace = trace_lines(tmp_path, *SPANS[:4], late)
    assert ["receive", "  check", "  pay", "  confirm", "collect"] == outline(trace)
    assert (early < 50) is any("clocks of shop and carrier disagree" in note for note in trace.notes)


def test_undeclared_steps_are_said_to_be(tmp_path):
    """A step or a flow that nothing declares is shown as such."""
    trace = trace_lines(tmp_path, *SPANS, step_span("spy", 2, 3, "receive"), step_span("x", 4, 5, flow="unknown"))
    assert {"spy", "x"} == {run.step for run in trace.steps if not run.declared}
    assert None is next(flow.flow for flow in trace.flows if flow.name == "unknown")


def test_spans_around_each_other(tmp_path):
    """Spans that are around each other, as only damaged ones are, still give a trace."""
    trace = trace_lines(tmp_path, step_span("pay", 0, 9, "check"), step_span("check", 0, 9, "pay"))
    assert {"pay", "check"} == {run.step for run in trace.steps}


def test_flows_of_two_services_with_one_name(tmp_path):
    """Where two services have a flow of the name, that of the span's service ran; without one, none is chosen."""
    shop, other = (
        ORDERS.__class__(name="orders", service=name, steps=ORDERS.steps, edges=ORDERS.edges)
        for name in ("shop", "bank")
    )
    assert "shop/orders" == trace_lines(tmp_path, *SPANS[:4], flows=(shop, other)).flows[0].name
    trace = trace_lines(tmp_path, step_span("receive", 0, 9, service="x"), flows=(shop, other))
    assert (None, True) == (trace.flows[0].flow, "Several services have a flow 'orders'" in trace.notes[0])
