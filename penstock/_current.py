"""What the current code may ask of its run, and runs that no function starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock._context import current_event, current_run, ignore_foreign
from penstock._tracebacks import add_frame
from penstock.errors import FlowIdError
from penstock.propagation import is_flow_id, received_with, run_from

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextvars import Token

    from penstock._runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentFlow:
    """The run that some code belongs to, as it was when it was asked for.

    Attributes:
        id: The correlation ID.
        flow: The name of the flow; ``None`` before the first entrypoint, in a run that a request or a plain task has
            started.
        step: The name of the step; known only while somebody observes, such as
            :func:`penstock.observers.track_steps`, for it costs something on every call; else ``None``.
        values: What :func:`set_value` has put in; read-only.
    """

    id: str
    flow: str | None
    step: str | None
    values: Mapping[str, Any]


def current_flow() -> CurrentFlow | None:
    """Return what is known of the run that this code belongs to; ``None`` outside every run."""
    run = current_run.get()
    if run is None:
        return None
    event = current_event.get()
    return CurrentFlow(id=run.id, flow=run.flow, step=event.step if event else None, values=run.values)


def set_value(name: str, value: object) -> None:
    """Let a value travel with the run, into everything that is called, started or carried from here on.

    Tasks and threads that are under way already, and those beside them, keep their own values. When the run ends,
    they are gone. Outside every run, nothing is kept: a step that is called alone just runs.
    """
    run = current_run.get()
    if run is not None:
        current_run.set(run.with_value(name, value))


def get_value(name: str, default: object = None) -> Any:
    """Return a value that travels with the run, or ``default`` if there is none or no run."""
    run = current_run.get()
    return default if run is None else run.values.get(name, default)


class _Exit:
    """The ``__exit__`` of a block, as ``with`` looks it up before it enters.

    A signal handler may raise before the first line of any Python function, so one could be left without having done
    anything. What is called instead is C, until a generator that was waiting in ``yield from`` goes on: there, Python
    runs no handlers before the next call.
    """

    def __get__(self, block: flow_context | None, owner: type) -> Callable[..., None]:
        if block is None:  # contextlib.ExitStack binds it later
            return lambda block, *error: block.__exit__(*error)
        generator = _leave(block)
        next(generator)
        return partial(max, None, key=generator.send)  # called with three things, it sends four, and returns the first


def _leave(context: flow_context) -> Generator[bool | None, Any]:
    """Leave a block when it is resumed for the first time; it is sent nothing, then what ``__exit__`` is called with."""
    yield from (None,)
    run = None
    for block in context._blocks[::-1]:  # tasks and threads may be in the same object's blocks at once
        try:
            current_run.reset(block[0])
        except (ValueError, RuntimeError) as failure:  # another's, or one that was interrupted just when it was used
            ignore_foreign(failure)
            continue
        context._blocks.remove(block)
        run = block[1]
        break
    yield False
    error = yield False
    if error is not None and run is not None:
        add_frame(error, run)
    del error  # see add_frame()
    while True:
        yield False


class flow_context:  # noqa: N801 - used like a function, as contextlib's own are
    """Make the code of a ``with`` block a run of its own, for loops, commands and tests.

    The block always is a new run, also inside another one; afterwards the outer one is back.

    Args:
        flow_id: The run's correlation ID, of 1 to 64 ASCII letters, digits, dots, underscores and dashes; a new one
            if none is given.
        flow: The flow's name; else the first entrypoint that is called in the block gives its own.

    Raises:
        FlowIdError: ``flow_id`` is no such text. The message does not repeat it.

    Example:
        >>> from penstock import current_flow_id
        >>> with flow_context("import-17", flow="nightly_import"):
        ...     current_flow_id()
        'import-17'
    """

    def __init__(self, flow_id: str | None = None, flow: str | None = None) -> None:
        if flow_id is not None and not is_flow_id(flow_id):
            raise FlowIdError(
                "flow_context: flow_id must be 1 to 64 ASCII letters, digits, dots, underscores and dashes"
            )
        self._received, self._flow = received_with(flow_id), flow
        self._blocks: list[tuple[Token[Run | None], Run]] = []

    def __enter__(self) -> Run:
        run, outer, block = run_from(self._received, self._flow), current_run.get(), None
        try:
            block = (current_run.set(run), run)
            self._blocks.append(block)
        except BaseException:  # an interrupt
            current_run.set(outer)
            if block in self._blocks:
                self._blocks.remove(block)
            raise
        return run

    if TYPE_CHECKING:

        def __exit__(self, *error: object) -> None: ...

    else:
        __exit__ = _Exit()
