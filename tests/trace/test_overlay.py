"""Laying a run over the declared flows."""

from __future__ import annotations

import json
from dataclasses import replace

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


def test_the_run_without_an_explanation_is_named(tmp_path):
    """Where a step ran twice, and only the second run follows no declared step, that one is named."""
    again = step_span("receive", 200, 300, penstock_entrypoint=True).replace(span_id("receive"), "a" * 16)
    pay = (
        step_span("pay", 220, 260)
        .replace(span_id("pay"), "b" * 16)
        .replace('"parentSpanId": ""', f'"parentSpanId": "{"a" * 16}"')
    )
    trace = trace_lines(tmp_path, *SPANS[:3], again, pay)
    assert ("pay", DAY + 220 * MS) == (trace.undeclared.target, trace.steps[trace.undeclared.number].start)


def test_what_a_span_says_excuses(tmp_path):
    """A span that names what had finished before it excuses its step, where the other span is missing."""
    trace = trace_lines(
        tmp_path, SPANS[0], step_span("pay", 20, 60, "receive", penstock_inside="receive", penstock_done="check,other")
    )
    assert trace.undeclared is None


def test_spans_of_other_instrumentation_excuse(tmp_path):
    """Where spans are only made for some functions, no step is said not to have run, and no way to be undeclared."""
    steps = (replace(ORDERS.steps[0], qualname="receive"), *ORDERS.steps[1:2], replace(ORDERS.steps[2], qualname="pay"))
    flow = replace(ORDERS, steps=steps, edges=ORDERS.edges[:2])
    spans = [
        json.dumps(without_step(json.loads(span)))
        for span in (
            step_span("receive", 0, 100, code_function="receive"),
            step_span("pay", 20, 60, "receive", code_function="pay"),
        )
    ]
    trace = trace_lines(
        tmp_path,
        *(
            span.replace('"code.function"', '"code.function.name"')
            .replace('"receive"', '"shop.orders.receive"')
            .replace('"pay"', '"shop.bank.pay"')
            for span in spans
        ),
        flows=(flow,),
    )
    assert (["receive", "  pay"], None, False) == (outline(trace), trace.undeclared, trace.flows[0].is_exact)
    assert "only name a function" in trace.notes[0]


def without_step(content):
    """Return a request whose span has no attributes of penstock."""
    span = content["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["attributes"] = [item for item in span["attributes"] if not item["key"].startswith("penstock")]
    return content


def test_edges_only_seen_are_no_declarations(tmp_path):
    """An arrow that a check has added to the flow declares nothing."""
    seen = Edge(source="receive", target="pay", origin="seen", state="undeclared")
    flow = replace(ORDERS, edges=(*ORDERS.edges, seen))
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


@pytest.mark.parametrize("early", [-50, 70])
def test_channels_against_the_clock(tmp_path, early):
    """A flow that began before the step whose channel starts it is behind it all the same, and a note says so."""
    late = step_span("collect", early, early + 30, flow="parcels", service="carrier", penstock_entrypoint=True)
    trace = trace_lines(tmp_path, *SPANS[:4], late)
    assert ["receive", "  check", "  pay", "  confirm", "collect"] == outline(trace)
    note = "A flow in carrier began 120 ms before the step in shop that its channel joins it with"
    assert (early < 0) is any(text.startswith(note) for text in trace.notes)


def test_clocks_that_disagree(tmp_path):
    """Where a service began a step before another service called it, a note says by how much the clocks disagree."""
    trace = trace_lines(tmp_path, SPANS[0], step_span("check", -12, 10, "receive", service="bank"))
    assert ["receive", "  check"] == outline(trace)
    assert "The clocks of shop and bank disagree by at least 12 ms" in trace.notes[0]


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
