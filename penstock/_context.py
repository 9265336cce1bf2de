"""The run that the current code belongs to, held in a context variable."""

from __future__ import annotations

import copyreg
import os
from contextvars import ContextVar
from types import MappingProxyType

from penstock._spans import span_around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token
    from typing import Any, TypeVar

    from penstock.observers import StepEvent

    T = TypeVar("T")

KEEP: Any = object()
"""In place of a run or an event: do not bind one."""


class Arrived:
    """What another process told of the steps around: its text, and what an observer has made of it."""

    frames: dict[str, Any] | None = None

    def __init__(self, text: str) -> None:
        self.text = text

    def settle(self, frames: dict[str, Any]) -> dict[str, Any]:
        """Keep what was made of the text, unless another thread was first; return what is kept."""
        kept: dict[str, Any] = self.__dict__.setdefault("frames", frames)
        return kept


class Run:
    """One run of a flow, from its entrypoint to its end.

    Attributes:
        flow: The flow's name; ``None`` until an entrypoint is called, in a run that something else has started.
        values: What travels with the run; never changed, only replaced together with the run.
        remote: Span ID and trace flags of the caller in another process, where it has told them.
        arrived: What the caller told of the steps around, while evidence is recorded.
        random: Whether the ID is known to be made of random bits.
        notes: What observers keep with the run, each under a key of its own; made on first asking.
        joinable: Whether an entrypoint joins the run just so: ``False`` where one has to name the flow first, ``None``
            once the entrypoint that started it has returned. One attribute, so that joining reads no more than this.
        closed: Whether the request that the run is has been served; what goes on after it still belongs to it.
        outer: The run that this one began inside, whose ID it does not take, though the trace around is the same.
    """

    id: str
    """The correlation ID: 32 lower-case hex digits, a valid trace-id of W3C Trace Context, or what came in."""

    values: Mapping[str, Any] = MappingProxyType({})
    remote: tuple[str, int] | None = None
    arrived: Arrived | None = None
    random: bool = False
    notes: dict[object, Any]
    joinable: bool | None = True
    closed: bool = False
    outer: Run | None = None

    def __init__(self, flow: str | None) -> None:
        self.flow = flow
        if flow is None:
            self.joinable = False

    def __getattr__(self, name: str) -> Any:
        # The ID is made on first asking; setdefault is atomic, so threads that ask at once agree on one.
        if name == "id":
            trace_id = self.trace_id()
            own = trace_id or new_id()
            self.random = (self.identify(own) == own and trace_id is None) or self.random
            return self.id
        if name == "notes":
            return self.__dict__.setdefault("notes", {})
        raise AttributeError(name)

    def identify(self, flow_id: str) -> str:
        """Give the run this ID unless it has one; return the one it has now."""
        value: str = self.__dict__.setdefault("id", flow_id)
        return value

    def settle(self) -> None:
        """Make the ID now, which is that of the trace around."""
        if not self.identified:
            self.identify(self.id)

    def trace_id(self) -> str | None:
        """Return the ID that the run has from the trace around; ``None`` if there is none, or it is the outer run's."""
        span = span_around()
        return None if span is None or span.ended or self.is_apart_from(span.trace_id) else span.trace_id

    def is_apart_from(self, trace_id: str) -> bool:
        """Return whether a trace has given its ID to the outer run."""
        return self.outer is not None and self.outer.id == trace_id

    @property
    def identified(self) -> bool:
        """Tell whether the ID is made already."""
        return "id" in self.__dict__

    @property
    def over(self) -> bool:
        """Tell whether what the run is has come to its end; tasks that it started may still go on."""
        return self.closed or self.joinable is None

    def with_value(self, name: str, value: object) -> Run:
        """Return the same run, by its ID, with one more value."""
        run = Variant(self)
        run.values = MappingProxyType({**self.values, name: value})
        return run

    def reopen(self) -> Run:
        """Return the run for code that was bound to it on purpose: itself, or one that can still be joined."""
        if self.joinable is not None:
            return self
        run = Run(self.flow)
        _copy(self, run)
        return run


class Variant(Run):
    """A run with a value more; it comes to its end together with the one that it was made of."""

    def __init__(self, origin: Run) -> None:
        self.flow = origin.flow
        self._origin: Run = getattr(origin, "_origin", origin)
        _copy(origin, self)

    @property
    def joinable(self) -> bool | None:
        """As a run has it."""
        return None if self._origin.joinable is None else self.flow is not None

    @joinable.setter
    def joinable(self, value: bool | None) -> None:
        if value is None:
            self._origin.joinable = None

    @property
    def closed(self) -> bool:
        """As a run has it."""
        return self._origin.closed

    @closed.setter
    def closed(self, value: bool) -> None:
        self._origin.closed = value


def _copy(origin: Run, run: Run) -> None:
    """Give a run the ID of another one, and what travels with it."""
    run.identify(origin.id)
    run.values, run.remote, run.arrived = origin.values, origin.remote, origin.arrived
    run.random, run.notes = origin.random, origin.notes


def new_id() -> str:
    """Return 32 random lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    while True:
        value = os.urandom(16).hex()
        if value.strip("0"):
            return value


current_run: ContextVar[Run | None] = ContextVar("penstock_run", default=None)
current_event: ContextVar[StepEvent | None] = ContextVar("penstock_step", default=None)


def _reduced(variable: ContextVar[Any]) -> Any:
    """Send our variables as themselves: functions of notebooks, which hold them, are pickled with all that they hold."""
    return (_variable, (variable is current_run,)) if variable in (current_run, current_event) else _otherwise(variable)


def _variable(of_runs: bool) -> ContextVar[Any]:
    return current_run if of_runs else current_event


_otherwise: Any = copyreg.dispatch_table.get(ContextVar, ContextVar.__reduce__)
copyreg.pickle(ContextVar, _reduced)


def current_flow_id() -> str | None:
    """Return the correlation ID of the run that this code belongs to.

    Returns:
        32 lower-case hex digits, a valid W3C trace-id, or the ID that came from another process; ``None`` outside
        every run.
    """
    run = current_run.get()
    return None if run is None else run.id


def outer_run() -> Run | None:
    """Return the run that a new one begins inside: the current one, if it goes on."""
    run = current_run.get()
    return None if run is None or run.over else run


def restore(variable: ContextVar[T], token: Token[T]) -> None:
    """Give the variable the value that it had before ``token`` was handed out.

    A coroutine or generator may be closed or collected in another context than the one that it ran in. There
    the token is foreign and nothing was changed, so there is nothing to restore.
    """
    try:
        variable.reset(token)
    except (ValueError, RuntimeError) as error:  # RuntimeError: an interrupt came just when the token was used
        ignore_foreign(error)


def ignore_foreign(error: Exception) -> None:
    """Ignore that a token is another context's, but not what a signal handler has raised just then.

    Raises:
        Exception: The error, if it comes out of another function.
    """
    trace = error.__traceback__
    if trace is not None and trace.tb_next is not None:
        raise error


class Binding:
    """Makes a run and an event the current ones; both may be :data:`KEEP`.

    A signal handler may raise between any two lines, such as a time limit. Whoever calls :meth:`begin`, :meth:`resume`
    and :meth:`suspend` sees to it that the outer run and event come back, by one call of a C function in ``finally``.
    As a context manager, or with :meth:`bind` and :meth:`unbind`, it does that itself.
    """

    __slots__ = ("_event_token", "_run_token", "event", "run")

    def __init__(self, run: Run | None, event: StepEvent | None = KEEP) -> None:
        self.run = run
        self.event = event
        self._run_token: Token[Run | None] | None = None
        self._event_token: Token[StepEvent | None] | None = None

    @property
    def has_run(self) -> bool:
        """Return whether the outer run is to come back."""
        return self.run is not KEEP

    @property
    def has_event(self) -> bool:
        """Return whether the outer event is to come back."""
        return self.event is not KEEP

    def begin(self) -> None:
        """Make the run and the event the current ones."""
        self.resume()

    def resume(self) -> None:
        """Come back to a generator."""
        if self.run is not KEEP:
            current_run.set(self.run)
        if self.event is not KEEP:
            current_event.set(self.event)

    def suspend(self) -> None:
        """Leave a generator at its ``yield``, and keep what the body has made of the run."""
        if self.run is not KEEP:
            self.run = current_run.get()

    def end(self, error: BaseException | None = None) -> None:
        """Tell those who want to know that this is the very end."""

    def bind(self) -> None:
        """Make the run and the event the current ones, and remember the outer ones."""
        run, event = current_run.get(), current_event.get()
        try:
            if self.run is not KEEP:
                self._run_token = current_run.set(self.run)
            if self.event is not KEEP:
                self._event_token = current_event.set(self.event)
        except BaseException:  # an interrupt
            try:
                current_event.set(event)
            finally:
                current_run.set(run)
            raise

    def unbind(self) -> None:
        """Give the outer run and event back, and keep what the body has made of the run."""
        token, self._event_token = self._event_token, None
        if token is not None:
            restore(current_event, token)
        run_token, self._run_token = self._run_token, None
        if run_token is not None:
            self.run = current_run.get()
            restore(current_run, run_token)

    def __enter__(self) -> Run | None:
        self.bind()
        return current_run.get()

    def __exit__(self, *error: object) -> None:
        self.unbind()


def _settle() -> None:
    """Make the ID before the process forks, so that parent and child agree on it."""
    current_flow_id()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_settle)
