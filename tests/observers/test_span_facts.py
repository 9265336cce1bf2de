"""The fact of a step on its span: the same as parents and times show."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("opentelemetry.sdk")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from otlp import exported, told
from penstock import extract, flow, flow_context, inject, observing, step
from penstock._runtime.evidence_header import set_evidence_source
from penstock.check.evidence.name_texts import split_names
from penstock.observers.otel import OpenTelemetryObserver
from span_rows import rows_of_evidence, rows_of_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="module")
def _no_recording() -> None:
    """Forget a recorder of other tests: its steps around would take the place of the observer's."""
    set_evidence_source(None)


@pytest.fixture(scope="module")
def exporter() -> Iterator[tuple[InMemorySpanExporter, TracerProvider]]:
    """An exporter, with the provider that sends to it."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter, provider
    provider.shutdown()


@pytest.fixture
def spans(exporter: tuple[InMemorySpanExporter, TracerProvider]) -> Iterator[Callable[[], tuple[Any, ...]]]:
    """The spans so far, while the observer is there."""
    exporter[0].clear()
    with observing(OpenTelemetryObserver(exporter[1])):
        yield exporter[0].get_finished_spans


def facts_of(span: Any) -> dict[str, object]:
    """Return the attributes of a span that are about its fact, without their first word."""
    names = ("inside", "done", "around", "before", "run", "facts")
    return {name: value for name in names if (value := span.attributes.get(f"penstock.{name}")) is not None}


def by_name(spans: tuple[Any, ...]) -> dict[str, Any]:
    """Return the last span of each name."""
    return {span.name: span for span in spans}


def call(*calls: Callable[[], object]) -> None:
    """Call functions, one after the other."""
    for function in calls:
        function()


def test_what_is_around_and_before(spans: Callable[[], tuple[Any, ...]]) -> None:
    """A span names the nearest step around it, what had finished there, and the same further out."""
    orders = flow("orders")
    names = ("check", "charge", "ship", "pack")
    steps = {name: orders.step(after="go", name=name)(call) for name in names}
    orders.entrypoint(name="go")(call)(
        steps["charge"], steps["pack"], lambda: steps["ship"](steps["pack"], steps["check"])
    )
    shown = by_name(spans())
    assert [
        {"inside": ""},
        {"inside": "go", "done": "charge,pack"},
        {"inside": "ship", "done": "pack", "around": "go", "before": "charge"},
    ] == [facts_of(shown[name]) for name in ("go", "ship", "check")]


def test_names_with_commas(spans: Callable[[], tuple[Any, ...]]) -> None:
    """Whatever names contain, a list of them can be read again."""
    orders, names = flow("orders"), {"a,b", "100 %", "%2C", "<script>", "'\"|\n"}
    steps = [orders.step(after="go", name=name)(call) for name in sorted(names)]
    last = orders.step(after="go", name="last")(call)
    orders.entrypoint(name="go")(call)(*steps, last)
    assert names == split_names(by_name(spans())["last"].attributes["penstock.done"])


def test_a_fact_too_long_for_a_store(spans: Callable[[], tuple[Any, ...]]) -> None:
    """A fact that a store would cut is not written at all."""
    orders = flow("orders")
    steps = [orders.step(after="go", name=f"{number:099}")(call) for number in range(30)]
    orders.entrypoint(name="go")(call)(*steps)
    assert [{}, True] == [
        facts_of(by_name(spans())[f"{29:099}"]),
        "penstock.done" in by_name(spans())[f"{9:099}"].attributes,
    ]


def test_a_step_of_several_flows(spans: Callable[[], tuple[Any, ...]]) -> None:
    """The fact in the first flow stands on the span as always, those in the others as JSON beside it."""
    f, g = flow("f"), flow("g")
    shared = g(f(step(after="go", name="shared")(call)))
    f.entrypoint(name="go")(call)(shared)
    assert {"inside": "go", "facts": '[["g","","","","","other"]]'} == facts_of(by_name(spans())["shared"])


def test_another_process(spans: Callable[[], tuple[Any, ...]]) -> None:
    """A message carries the steps around; the receiver's spans say where they are, as if it was one process."""
    orders = flow("orders")
    check, ship, charge = (orders.step(after="go", name=name)(call) for name in ("check", "ship", "charge"))
    headers: dict[str, str] = {}
    orders.entrypoint(name="go")(call)(check, lambda: inject(headers))
    with flow_context(extract(headers)):
        ship(charge)
    shown = by_name(spans())
    assert {"inside": "go", "done": "check"} == facts_of(shown["ship"])
    assert {"inside": "ship", "around": "go", "before": "check"} == facts_of(shown["charge"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"orders":[["go",[]]]}',
        '2{"orders":[["go",[]]]}',
        '1{"orders":3}',
        '1{"orders":[["a\\n",[]]]}',
        "1{" * 900,
    ],
    ids=["none", "no version", "no version, with steps", "another version", "no rows", "hostile", "nested"],
)
def test_a_header_that_is_refused(text: str, spans: Callable[[], tuple[Any, ...]]) -> None:
    """A step whose caller did not say what is around it, or not in a way that can be believed, has no fact."""
    orders = flow("orders")
    check, charge = (orders.step(after="go", name=name)(call) for name in ("check", "charge"))
    orders.entrypoint(name="go")(call)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with flow_context(extract({"traceparent": parent, "X-Penstock-Evidence": text})):
        check(charge)
    assert [{}, {}] == [facts_of(by_name(spans())[name]) for name in ("check", "charge")]


def test_a_sender_without_steps(spans: Callable[[], tuple[Any, ...]]) -> None:
    """A sender that observes its steps and was in none says so."""
    orders, headers = flow("orders"), {}
    check = orders.step(after="go", name="check")(call)
    flow("other").entrypoint(name="begin")(call)(lambda: inject(headers))
    headers["X-Penstock-Evidence"] = "1{}"
    with flow_context(extract(headers)):
        check()
    assert {"inside": "", "run": "none"} == facts_of(by_name(spans())["check"])


def test_messages_do_not_grow_without_end(spans: Callable[[], tuple[Any, ...]]) -> None:
    """Steps whose names would make the header too long are not sent."""
    orders, sent = flow("orders"), []
    steps = [orders.step(after="go", name=f"{number:099}")(call) for number in range(30)]
    orders.entrypoint(name="go")(call)(
        *steps[:10], lambda: sent.append(inject({})), *steps, lambda: sent.append(inject({}))
    )
    assert [True, False] == ["X-Penstock-Evidence" in headers for headers in sent]


def test_steps_that_are_not_carried(exporter: tuple[InMemorySpanExporter, TracerProvider]) -> None:
    """An observer may keep the names of steps to itself."""
    orders, sent = flow("orders"), {}
    observer = OpenTelemetryObserver(exporter[1], carry_steps=False)
    with observing(observer):
        orders.entrypoint(name="go")(call)(lambda: inject(sent))
    assert "X-Penstock-Evidence" not in sent


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ("kafka:orders", SpanKind.CONSUMER),
        ("POST /orders", SpanKind.SERVER),
        ("command:import", SpanKind.INTERNAL),
        (None, SpanKind.INTERNAL),
    ],
)
def test_span_kinds(trigger: str | None, kind: SpanKind, spans: Callable[[], tuple[Any, ...]]) -> None:
    """An entrypoint with no span around has the kind of its trigger; inside another span it is an internal one."""
    handle = flow("orders").entrypoint(name="go", trigger=trigger)(call)
    handle()
    flow("other").entrypoint(name="outer")(call)(handle)
    assert [kind, SpanKind.INTERNAL] == [span.kind for span in spans() if span.name == "go"]


@st.composite
def programs(draw: st.DrawFn, depth: int = 0) -> list[Any]:
    """Draw a program: what is called, with what inside it."""
    kinds = ["f.go", "f.a", "f.b", "f.c", "g.go", "g.a", "g.x", "fg.both", "span", "rows", "task", "fail"]
    inner = programs(depth=depth + 1) if depth < 3 else st.just([])
    return draw(st.lists(st.tuples(st.sampled_from(kinds), inner), max_size=4 if depth else 3))


class Program:
    """Runs drawn programs with real steps."""

    def __init__(self, provider: TracerProvider) -> None:
        f, g = flow("f"), flow("g")
        self._tracer = provider.get_tracer("other")
        self._steps = {
            "f.go": f.entrypoint(name="go")(self.run),
            "g.go": g.entrypoint(name="go")(self.run),
            "fg.both": g(f(step(after="go", name="both")(self.run))),
            **{f"f.{name}": f.step(after="go", name=name)(self.run) for name in "abc"},
            **{f"g.{name}": g.step(after="go", name=name)(self.run) for name in "ax"},
        }
        self._rows = f.step(after="go", name="rows")(self._iterate)
        self._fail = f.step(after="go", name="fail")(self._raise)

    def run(self, program: list[Any]) -> None:
        """Do what a program says."""
        for kind, inner in program:
            if kind == "span":
                with self._tracer.start_as_current_span("other"):
                    self.run(inner)
            elif kind == "rows":
                for _ in self._rows(inner):
                    self.run(inner[:1])
            elif kind == "task":
                self._run_loop(inner)
            elif kind == "fail":
                with contextlib.suppress(ValueError):
                    self._fail(inner)
            else:
                self._steps[kind](inner)

    def _run_loop(self, program: list[Any]) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._run_tasks(program))
        else:
            self.run(program)

    async def _run_tasks(self, program: list[Any]) -> None:
        await asyncio.gather(*(self._run_later(item) for item in program))

    async def _run_later(self, item: Any) -> None:
        await asyncio.sleep(0)
        self.run([item])

    def _iterate(self, program: list[Any]) -> Iterator[int]:
        self.run(program)
        yield 1
        yield 2

    def _raise(self, program: list[Any]) -> None:
        self.run(program)
        raise ValueError("on purpose")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=programs())
def test_any_program(
    program: list[Any],
    spans: Callable[[], tuple[Any, ...]],
    exporter: tuple[InMemorySpanExporter, TracerProvider],
    tmp_path: Path,
) -> None:
    """The facts on spans are those that their parents and times show."""
    exporter[0].clear()
    Program(exporter[1]).run([("f.go", program)])
    found = told(tmp_path / "spans.jsonl", exported(spans()))
    assert rows_of_evidence(found) == rows_of_spans(spans())


def test_a_step_without_a_flow_between(spans: Callable[[], tuple[Any, ...]]) -> None:
    """A step that no flow has taken is looked past."""
    orders = flow("orders")
    check, loose = orders.step(after="go", name="check")(call), step(after="go", name="loose")(call)
    orders.entrypoint(name="go")(call)(lambda: loose(check))
    assert [{}, {"inside": "go"}] == [facts_of(by_name(spans())[name]) for name in ("loose", "check")]
