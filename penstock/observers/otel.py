"""An OpenTelemetry span for each step, with one ID for traces and runs."""

from __future__ import annotations

from contextvars import Token
from os import urandom
from typing import TYPE_CHECKING, Any

from penstock._runtime.context import restore
from penstock._runtime.events import is_in_blocks
from penstock._runtime.evidence_header import set_evidence_source
from penstock._runtime.propagation import RANDOM, flags_without_caller, is_trace_id
from penstock._util.optional_imports import needed
from penstock.observers.span_facts import SpanDescriber, is_consumer, is_server
from penstock.observers.step_tracker import StepTracker

with needed("opentelemetry", "penstock[otel]"):
    from opentelemetry import context as contexts
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider
    from opentelemetry.util.types import AttributeValue

    from penstock._runtime.events import StepEvent
    from penstock._runtime.runs import Run
    from penstock.observers.step_tracker import TrackedFrame


class OpenTelemetryObserver:
    """Creates a span for each step: ``add_observer(OpenTelemetryObserver())``.

    A run without a correlation ID takes the trace's. A run whose ID came from outside and is a trace-id becomes
    that trace. Spans have the attributes ``penstock.flow``, ``penstock.step`` and ``penstock.flow_id``; if applicable,
    ``penstock.flows`` names several, and ``penstock.entrypoint`` and ``penstock.lazy`` (a generator) are true. Errors
    of a step are recorded. ``penstock evidence from-otlp`` reads all of these.

    Spans also have the fact that ``penstock evidence from-sql`` counts: ``penstock.inside`` names the nearest step around,
    ``penstock.done`` the steps that had finished in that one before, and ``code.*`` the function.

    Args:
        tracer_provider: The provider of tracers; by default the global one, which may also be set later.
        carry_steps: Whether messages carry the names of the steps around, in the header ``X-Penstock-Evidence``, so that
            the spans of their receivers have the whole fact.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None, *, carry_steps: bool = True) -> None:
        self._tracer = trace.get_tracer("penstock", tracer_provider=tracer_provider)
        self._steps = StepTracker()
        self._describer = SpanDescriber()
        self._is_source = not carry_steps

    def __call__(self, event: StepEvent, /) -> _ActiveSpan:
        """Begin a span; return the object that ends it."""
        if not self._is_source:
            self._is_source = True
            set_evidence_source(self._steps.encode_steps, is_spare=True)
        parent, frame, attributes = self._parent(event), self._steps.begin(event), _attributes(event)
        if frame is not None:
            self._describer.add_fact(attributes, frame)
        if event.mark is not None:
            self._describer.add_code(attributes, event.mark)
        span = self._tracer.start_span(event.step, parent, _find_kind(event, parent), attributes)
        span_context = span.get_span_context()
        if event.run is not None:
            if span_context.is_valid and not event.run.is_apart_from(f"{span_context.trace_id:032x}"):
                _identify(event.run, span_context)
            if span.is_recording():
                span.set_attribute("penstock.flow_id", event.run.id)
        active = _ActiveSpan(span, frame, self._describer)
        if span_context.is_valid:
            event.notes[self] = active
        active.resume()
        return active

    def forget(self, event: StepEvent) -> None:
        """End the span of a step whose beginning was interrupted."""
        active: _ActiveSpan | None = event.notes.get(self)
        if active is not None:
            active(None)

    def _parent(self, event: StepEvent) -> Context | None:
        """Return the parent context of a span, or ``None`` for the current one."""
        current_span = trace.get_current_span()
        if current_span.get_span_context().is_valid and not _is_foreign(current_span, event.run):
            return None
        parent: _ActiveSpan | None = None if event.parent is None else event.parent.notes.get(self)
        if parent is not None:  # in a thread that the run was carried to, perhaps after the outer step has ended
            return parent.context
        run = event.run
        if run is not None and run.identified and is_trace_id(run.id):
            return _remote(run)
        return Context() if current_span.get_span_context().is_valid else None


def _is_foreign(span: Span, run: Run | None) -> bool:
    """Return whether a current span has ended and is not of the run's trace.

    A context may outlive its span: that of a continuing task, in the same trace, and that of a request after
    which a server's next task was created (cpython #140947).
    """
    if getattr(span, "end_time", None) is None:
        return False
    return run is None or not run.identified or run.id != f"{span.get_span_context().trace_id:032x}"


def _attributes(event: StepEvent) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {"penstock.step": event.step}
    if event.flows:
        attributes["penstock.flow"] = event.flows[0]
    if len(event.flows) > 1:
        attributes["penstock.flows"] = event.flows
    if event.entrypoint:
        attributes["penstock.entrypoint"] = True
    if event.lazy:
        attributes["penstock.lazy"] = True
    if _begins_inside(event):
        attributes["penstock.begins"] = True
    return attributes


def _find_kind(event: StepEvent, parent: Context | None) -> SpanKind:
    """Return the kind of a span: of an entrypoint around which this process has no span, by its trigger."""
    trigger = event.mark.trigger if event.entrypoint and event.mark is not None else None
    if not isinstance(trigger, str):
        return SpanKind.INTERNAL
    context = trace.get_current_span(parent).get_span_context()
    if context.is_valid and not context.is_remote:
        return SpanKind.INTERNAL
    if is_consumer(trigger):
        return SpanKind.CONSUMER
    return SpanKind.SERVER if is_server(trigger) else SpanKind.INTERNAL


def _identify(run: Run, context: SpanContext) -> None:
    """Give a run without an ID that of the trace, and record whether it is random."""
    if not run.identified and run.identify(f"{context.trace_id:032x}") == f"{context.trace_id:032x}":
        run.random = bool(context.trace_flags & RANDOM)


def _begins_inside(event: StepEvent) -> bool:
    """Return whether an entrypoint has no calling step: outer steps are of another run or none, or are blocks."""
    parent = event.parent
    if not event.entrypoint or parent is None or event.run is None:
        return False
    return parent.run is None or parent.run.notes is not event.run.notes or is_in_blocks(event)


def _remote(run: Run) -> Context:
    """Return a context whose trace is the run's ID."""
    span_id, flags = run.remote or (None, flags_without_caller(run))
    number = int(span_id, 16) if span_id else int.from_bytes(urandom(8)) or 1
    context = SpanContext(int(run.id, 16), number, is_remote=True, trace_flags=TraceFlags(flags))
    return trace.set_span_in_context(NonRecordingSpan(context))


class _ActiveSpan:
    """A span that is current only while its step runs."""

    def __init__(self, span: Span, frame: TrackedFrame | None, describer: SpanDescriber) -> None:
        self.context = trace.set_span_in_context(span)
        self._span = span
        self._frame = frame
        self._describer = describer
        self._token: Any = None

    def resume(self) -> None:
        """Make the span the current one."""
        self._token = contexts.attach(self.context)

    def suspend(self) -> None:
        """Restore the outer span, regardless of spans attached by the step; in another context, nothing was changed."""
        if isinstance(self._token, Token):
            restore(self._token.var, self._token)  # detach() would log that the coroutine was closed elsewhere
        elif self._token is not None and contexts.get_current() is self.context:
            contexts.detach(self._token)
        self._token = None

    def __call__(self, error: BaseException | None, /) -> None:
        """End the span."""
        try:
            if self._frame is not None:
                self._finish_step(self._frame)
            if error is not None:
                self._span.set_status(Status(StatusCode.ERROR, _describe_error(error)))
                self._span.record_exception(error)
        finally:
            self.suspend()
            self._span.end()
            self._shrink()

    def _finish_step(self, frame: TrackedFrame) -> None:
        """Mark the step as finished; one that has consumed generators knows only now that they went before it."""
        self._frame = None
        if frame.has_pulled():
            attributes: dict[str, AttributeValue] = {}
            self._describer.add_fact(attributes, frame)
            self._span.set_attributes(attributes)
        frame.end()

    def _shrink(self) -> None:
        """Keep only the part of an ended span that spans beginning inside it later need."""
        self._span = NonRecordingSpan(self._span.get_span_context())
        self.context = trace.set_span_in_context(self._span, self.context)


def _describe_error(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an error may even fail to format itself
        return type(error).__name__
