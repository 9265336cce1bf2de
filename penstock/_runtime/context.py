"""The run that the current code belongs to, held in a context variable."""

from __future__ import annotations

import copyreg
import os
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any, TypeVar

    from penstock._runtime.events import StepEvent
    from penstock._runtime.runs import Run

    T = TypeVar("T")

KEEP: Any = object()
"""Stands for an unchanged run or event: nothing is bound."""


current_run: ContextVar[Run | None] = ContextVar("penstock_run", default=None)
current_event: ContextVar[StepEvent | None] = ContextVar("penstock_step", default=None)


def _reduce_variable(variable: ContextVar[Any]) -> Any:
    """Pickle our variables by reference: functions of notebooks are pickled with the variables that they hold."""
    return (_variable, (variable is current_run,)) if variable in (current_run, current_event) else _otherwise(variable)


def _variable(of_runs: bool) -> ContextVar[Any]:
    return current_run if of_runs else current_event


_otherwise: Any = copyreg.dispatch_table.get(ContextVar, ContextVar.__reduce__)
copyreg.pickle(ContextVar, _reduce_variable)


def current_flow_id() -> str | None:
    """Return the correlation ID of the run that this code belongs to.

    Returns:
        32 lower-case hex digits, a valid W3C trace-id, or the ID received from another process; ``None`` outside
        every run.
    """
    run = current_run.get()
    return None if run is None else run.id


def outer_run() -> Run | None:
    """Return the run that a new one begins inside: the current one unless it has ended."""
    run = current_run.get()
    return None if run is None or run.over else run


def restore(variable: ContextVar[T], token: Token[T]) -> None:
    """Restore the value that the variable had before ``token`` was created.

    A coroutine or generator may be closed or collected in another context than the one that it ran in. There
    the token is foreign and nothing was changed, so there is nothing to restore.
    """
    try:
        variable.reset(token)
    except (ValueError, RuntimeError) as error:  # RuntimeError: an interrupt came just as the token was used
        ignore_foreign(error)


def ignore_foreign(error: Exception) -> None:
    """Ignore a token of another context, but not an exception raised by a signal handler at that moment.

    Raises:
        Exception: The error, if another function raised it.
    """
    trace = error.__traceback__
    if trace is not None and trace.tb_next is not None:
        raise error


class ContextBinding:
    """Makes a run and an event the current ones; both may be :data:`KEEP`.

    A signal handler may raise between any two lines, such as a time limit. The caller of :meth:`begin`, :meth:`resume`
    and :meth:`suspend` must restore the outer run and event by one call of a C function in ``finally``.
    As a context manager, or with :meth:`bind` and :meth:`unbind`, it does so itself.
    """

    __slots__ = ("_event_token", "_run_token", "event", "run")

    def __init__(self, run: Run | None, event: StepEvent | None = KEEP) -> None:
        self.run = run
        self.event = event
        self._run_token: Token[Run | None] | None = None
        self._event_token: Token[StepEvent | None] | None = None

    @property
    def has_run(self) -> bool:
        """Return whether the outer run will be restored."""
        return self.run is not KEEP

    @property
    def has_event(self) -> bool:
        """Return whether the outer event will be restored."""
        return self.event is not KEEP

    def begin(self) -> None:
        """Bind the run and the event."""
        self.resume()

    def resume(self) -> None:
        """Bind again when a generator resumes."""
        if self.run is not KEEP:
            current_run.set(self.run)
        if self.event is not KEEP:
            current_event.set(self.event)

    def suspend(self) -> None:
        """Unbind at a generator's ``yield``, and keep changes that the body made to the run."""
        if self.run is not KEEP:
            self.run = current_run.get()

    def end(self, error: BaseException | None = None) -> None:
        """Notify observers of the final end."""

    def bind(self) -> None:
        """Bind the run and the event, and remember the outer ones."""
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
        """Restore the outer run and event, and keep changes that the body made to the run."""
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
    """Create the ID before the process forks, so that parent and child share it."""
    current_flow_id()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_settle)
