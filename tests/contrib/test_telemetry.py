"""Spans of OpenTelemetry, and the correlation IDs in them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
import weakref

import pytest

from penstock import carry, current_flow_id, extract, flow, flow_context, inject, observing

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from penstock.contrib.wsgi import FlowMiddleware
from penstock.observers.otel import OpenTelemetryObserver


def declared():
    """Declare a flow with steps of several kinds."""
    orders = flow("orders")

    @orders.step(after="handle")
    def charge():
        return current_span()

    @orders.step(after="handle")
    async def reserve():
        await asyncio.sleep(0.001)
        return current_span()

    @orders.step(after="handle")
    def items():
        for _ in range(2):
            yield current_span()

    @orders.step(after="handle")
    def fail():
        raise ValueError("on purpose")

    @orders.entrypoint(name="handle")
    def handle(call):
        return call()

    return charge, reserve, items, fail, handle


def current_span():
    return trace.get_current_span().get_span_context().span_id


@pytest.fixture
def spans():
    """What is exported while the observer is there."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with observing(OpenTelemetryObserver(provider)):
        yield lambda: {span.name: span for span in exporter.get_finished_spans()}
    provider.shutdown()


def test_spans_nest_and_share_the_id(spans):
    """Steps are spans inside their callers', and the trace has the run's ID."""
    charge, *_, handle = declared()

    assert handle(lambda: (charge(), current_flow_id()))[1] == f"{spans()['handle'].context.trace_id:032x}"
    assert spans()["handle"].context.span_id == spans()["charge"].parent.span_id
    assert {
        "penstock.step": "charge",
        "penstock.flow": "orders",
        "penstock.flow_id": f"{spans()['handle'].context.trace_id:032x}",
        "penstock.inside": "handle",
        "code.function.name": f"{__name__}.declared.<locals>.charge",
        "code.file.path": __file__,
        "code.line.number": declared.__code__.co_firstlineno + 4,
    } == dict(spans()["charge"].attributes)
    assert 0 == current_span()


def test_errors_are_recorded(spans):
    """What a step raises is in its span."""
    *_, fail, handle = declared()
    with pytest.raises(ValueError, match="on purpose"):
        handle(fail)

    assert "ValueError: on purpose" == spans()["fail"].status.description
    assert ["exception"] == [event.name for event in spans()["fail"].events]


def test_an_error_that_cannot_be_told(spans):
    """A step whose error fails when it is told ends its span all the same, and leaves none behind."""

    class Speechless(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def fail():
        raise Speechless

    *_, handle = declared()
    with pytest.raises(Speechless):
        handle(fail)

    assert 0 == current_span()
    assert "Speechless" == spans()["handle"].status.description


def test_what_a_step_leaves_attached(spans):
    """A context that a step attaches and forgets is gone with the step, as with any other span."""
    charge, *_, handle = declared()
    handle(lambda: context.attach(baggage.set_baggage("tenant", "acme")))

    assert 0 == current_span()
    charge()
    assert spans()["charge"].parent is None


def test_generators_do_not_leak(spans):
    """The consumer of a generator is in its own span, and the generator in its own."""
    _, _, items, _, handle = declared()

    def consume():
        outer = current_span()
        inner = []
        for span in items():
            inner.append(span)
            assert outer == current_span()
        return inner

    inner = handle(consume)

    assert [spans()["items"].context.span_id] * 2 == inner


def test_threads_and_tasks(spans, caplog):
    """Spans in carried threads and in tasks are inside the span that started them."""
    charge, reserve, _, _, handle = declared()

    def start():
        thread = threading.Thread(target=carry(charge))
        thread.start()
        thread.join()

    handle(start)
    assert spans()["handle"].context.span_id == spans()["charge"].parent.span_id

    async def gather():
        return await asyncio.gather(reserve(), reserve())

    first, second = handle(lambda: asyncio.run(gather()))
    assert first != second
    assert "" == caplog.text


def test_a_thread_that_begins_after_its_step_has_ended(spans):
    """Spans in a carried thread are inside the span of the step that started it, also when that has ended before."""
    charge, reserve, _, _, handle = declared()
    ended = threading.Event()

    def work():
        ended.wait()
        charge()
        asyncio.run(reserve())

    def start():
        thread = threading.Thread(target=carry(work))
        thread.start()
        return thread

    thread = handle(start)
    ended.set()
    thread.join()

    around = spans()["handle"].context
    assert [around] * 2 == [spans()[name].parent for name in ("charge", "reserve")]


def test_a_span_that_has_ended_is_not_kept(spans):
    """What still knows a step whose span has ended, such as a carried function, holds only the IDs of that span."""
    *_, handle = declared()
    carried = handle(lambda: (carry(current_span), weakref.ref(trace.get_current_span())))
    gc.collect()

    assert carried[1]() is None


def test_a_run_from_outside_becomes_the_trace(spans):
    """A run whose ID is a trace-id is that trace; another ID is an attribute only."""
    charge, *_, handle = declared()
    with flow_context("4bf92f3577b34da6a3ce929d0e0e4736"):
        headers = handle(lambda: inject({}))
    told = spans()["handle"]

    assert 0x4BF92F3577B34DA6A3CE929D0E0E4736 == told.context.trace_id
    assert f"00-4bf92f3577b34da6a3ce929d0e0e4736-{told.context.span_id:016x}-01" == headers["traceparent"]
    with flow_context("order-17"):
        charge()
    assert "order-17" == spans()["charge"].attributes["penstock.flow_id"]


def test_flags_agree_with_the_spans(spans):
    """The flags that are sent are those of the trace: before a span is made, in it, and after it has ended."""
    charge, *_, handle = declared()
    with flow_context():
        before = inject({})["traceparent"]
        inside = handle(lambda: inject({}))["traceparent"]
    assert (["03"] * 2, 3) == ([each[-2:] for each in (before, inside)], spans()["handle"].context.trace_flags)
    with flow_context():
        charge()
        assert f"{spans()['charge'].context.trace_id:032x}-" == inject({})["traceparent"][3:36]
        assert inject({})["traceparent"].endswith("-03")


@pytest.mark.parametrize("flags", ["01", "03"])
def test_flags_of_the_caller_reach_the_spans(spans, flags):
    """A caller's flags are those of the spans, and of what they send."""
    *_, handle = declared()
    with flow_context(extract({"traceparent": f"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}"})):
        sent = handle(lambda: inject({}))["traceparent"]
    assert (flags, int(flags)) == (sent[-2:], spans()["handle"].context.trace_flags)


def test_the_trace_around_gives_the_id(spans):
    """A run inside a span of somebody else takes that trace's ID."""
    *_, handle = declared()
    with trace.use_span(
        trace.NonRecordingSpan(trace.SpanContext(17, 18, is_remote=False, trace_flags=trace.TraceFlags(1)))
    ):
        assert f"{17:032x}" == handle(current_flow_id)


def test_without_a_provider():
    """Without a provider nothing is traced, and runs have IDs of their own."""
    *_, handle = declared()
    with observing(OpenTelemetryObserver()):
        ids = {handle(current_flow_id) for _ in range(2)}

    assert (2, {32}) == (len(ids), {len(each) for each in ids})
    assert "0" * 32 not in ids


LATE = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from penstock import add_observer, entrypoint, flow
from penstock.observers.otel import OpenTelemetryObserver

add_observer(OpenTelemetryObserver())

@flow("orders")
@entrypoint
def handle(): ...

handle()
exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
handle()
print([span.name for span in exporter.get_finished_spans()])
"""


def test_a_late_provider():
    """A provider that is configured after everything was imported and added gets the spans from then on."""
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=600)

    assert "['handle']" == done.stdout.strip()


def test_a_coroutine_that_is_closed_elsewhere(spans, caplog):
    """A coroutine that is closed in another context ends its span, and nothing is logged about it."""
    never = flow("orders").entrypoint(name="never")(lambda: None)

    @flow("orders").step(after=never, name="pending")
    async def pending():
        await asyncio.Event().wait()

    running = pending()

    async def begin():
        running.send(None)

    asyncio.run(begin())
    running.close()

    assert ["pending"] == list(spans())
    assert "" == caplog.text


@pytest.fixture
def server_span():
    """What an instrumentation makes current around a request: a span of the SDK's."""
    provider = TracerProvider(shutdown_on_exit=False)
    return lambda: provider.get_tracer("server").start_as_current_span("GET /")


def trace_id():
    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


@pytest.mark.parametrize("observer", [False, True])
def test_an_id_that_is_asked_for_early_is_the_traces(server_span, observer):
    """A run that is asked for its ID inside a span, before any step, has the trace's; also without the observer."""
    *_, handle = declared()
    with observing(OpenTelemetryObserver(TracerProvider(shutdown_on_exit=False)) if observer else lambda event: None):
        for start in (handle, in_a_request, in_a_block):
            with server_span():
                assert start(lambda: (current_flow_id(), handle(current_flow_id))) == (trace_id(),) * 2


def in_a_block(call):
    with flow_context():
        return call()


def in_a_request(call):
    """Call in a request that our middleware of WSGI serves."""
    results = []
    FlowMiddleware(lambda environ, start: [results.append(call())])({}, print)
    return results[0]


@pytest.mark.parametrize("observer", [False, True])
def test_a_run_inside_a_run_has_an_id_of_its_own(server_span, observer):
    """Where one run begins inside another, only the outer one has the trace's ID."""
    *_, handle = declared()
    apart = flow("orders").entrypoint(name="apart", inherit=False)(current_flow_id)
    with observing(OpenTelemetryObserver(TracerProvider(shutdown_on_exit=False)) if observer else lambda event: None):
        for start in (apart, lambda: in_a_block(current_flow_id), lambda: in_a_request(current_flow_id)):
            with server_span():
                inner, outer = handle(lambda start=start: (start(), current_flow_id()))
                assert outer == trace_id() != inner


def test_a_request_of_an_unasked_run_is_the_traces(server_span):
    """A thread that a request starts, where no span is current, knows the trace's ID."""
    seen = []

    def work():
        thread = threading.Thread(target=carry(lambda: seen.append(current_flow_id())))
        thread.start()
        thread.join()

    with server_span():
        in_a_request(work)
        assert [trace_id()] == seen


def test_a_trusted_id_wins(server_span):
    """An ID that a trusted caller has sent is the request's, whatever the trace."""
    seen = []
    app = FlowMiddleware(lambda environ, start: [seen.append(current_flow_id())], trust=True)
    with server_span():
        app({"HTTP_X_CORRELATION_ID": "order-17"}, print)

    assert ["order-17"] == seen


def outlive(span):
    """Return a context that has outlived a span."""
    with span():
        return contextvars.copy_context()


def test_a_span_that_has_ended_gives_no_id(server_span):
    """A context that has outlived a span, as a server's may, tells nothing of the runs that begin in it."""
    *_, handle = declared()

    ids = {outlive(server_span).run(handle, lambda: (current_flow_id(), trace_id())) for _ in range(2)}

    assert 2 == len(ids)
    assert all(flow_id != ended for flow_id, ended in ids)


def test_a_span_that_has_ended_is_no_parent(server_span, spans):
    """A step of another run does not belong to a span that has ended."""
    *_, handle = declared()
    flow_id = outlive(server_span).run(handle, current_flow_id)

    assert spans()["handle"].parent is None
    assert f"{spans()['handle'].context.trace_id:032x}" == flow_id


def test_a_span_that_has_ended_is_the_parent_in_its_own_run(spans):
    """A step that a task goes on with after the run belongs to the span that started it."""
    charge, *_, handle = declared()
    handle(contextvars.copy_context).run(charge)

    assert spans()["handle"].context == spans()["charge"].parent


def test_the_caller_is_the_current_span(server_span):
    """A message names the span that is current, also without the observer."""
    *_, handle = declared()
    with server_span() as span:
        parent = handle(lambda: inject({}))["traceparent"]

    assert f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}" == parent[:52]
