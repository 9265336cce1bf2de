"""The current run as the application sees it, and runs started without a function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock._runtime.context import current_event, current_run, ignore_foreign
from penstock._runtime.propagation import RemoteContext, is_flow_id, remote_context_of, run_from  # noqa: TC001 - type hints are read at run time
from penstock._runtime.tracebacks import add_frame
from penstock.errors import FlowIdError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextvars import Token

    from penstock._runtime.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentFlow:
    """A snapshot of the run that some code belongs to.

    Attributes:
        id (str): The correlation ID.
        flow (str | None): The name of the flow; ``None`` before the first entrypoint, in a run that a request or a
            plain task started.
        step (str | None): The name of the step; known only with an active observer, such as
            :func:`penstock.observers.track_steps`, because it costs time on every call; else ``None``.
        values (Mapping[str, Any]): The values set by :func:`set_value`; read-only.
    """

    id: str
    flow: str | None
    step: str | None
    values: Mapping[str, Any]


def current_flow() -> CurrentFlow | None:
    """Return the run that this code belongs to, with its flow, step and values; ``None`` outside every run."""
    run = current_run.get()
    if run is None:
        return None
    event = current_event.get()
    return CurrentFlow(id=run.id, flow=run.flow, step=event.step if event else None, values=run.values)


def set_value(name: str, value: object) -> None:
    """Set a value that travels with the run, into everything called, started or carried from here on.

    Tasks and threads that already run keep their own values. Values are discarded when the run
    ends. Outside every run, nothing is kept: a step that is called alone just runs.

    Args:
        name: The name of the value.
        value: Any object; to reach another process with :func:`carry`, it must be picklable.
    """
    run = current_run.get()
    if run is not None:
        current_run.set(run.with_value(name, value))


def get_value(name: str, default: object = None) -> Any:
    """Return a value that travels with the run.

    Args:
        name: The name of the value, as given to :func:`set_value`.
        default: The result without such a value, or outside every run.
    """
    run = current_run.get()
    return default if run is None else run.values.get(name, default)


class _Exit:
    """The ``__exit__`` of a block, which ``with`` looks up before it enters the block.

    A signal handler may raise before the first line of any Python function, which would then have no effect.
    So a C function is called instead, up to the resumption of a generator waiting in ``yield from``: there, Python
    runs no handlers before the next call.
    """

    def __get__(self, block: flow_context | None, owner: type) -> Callable[..., None]:
        if block is None:  # contextlib.ExitStack binds it later
            return lambda block, *error: block.__exit__(*error)
        generator = _leave(block)
        next(generator)
        return partial(max, None, key=generator.send)  # given three arguments, sends four, and returns the first


def _leave(context: flow_context) -> Generator[bool | None, Any]:
    """Leave a block when first resumed; receives ``None``, then the arguments of ``__exit__``."""
    yield from (None,)
    run = None
    for block in context._blocks[::-1]:  # tasks and threads may enter the same object at once
        try:
            current_run.reset(block[0])
        except (ValueError, RuntimeError) as failure:  # another context's token, or one interrupted just as it was used
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


class flow_context:  # noqa: N801 - used like a function, like those of contextlib
    """Run the code of a ``with`` block as a run of its own, for loops, commands and tests.

    The block always is a new run, even inside another one; afterwards the outer run is current again.

    Args:
        flow_id: The run's correlation ID, of 1 to 64 ASCII letters, digits, dots, underscores and dashes; by default
            a new one. What :func:`extract` or :func:`penstock.propagation.read` returns brings the caller's context along.
        flow: The flow's name; by default, the first entrypoint called in the block sets it.

    Raises:
        FlowIdError: ``flow_id`` is not such a text. The message does not repeat it.

    Example:
        >>> from penstock import current_flow_id
        >>> with flow_context("import-17", flow="nightly_import"):
        ...     current_flow_id()
        'import-17'
    """

    def __init__(self, flow_id: str | RemoteContext | None = None, flow: str | None = None) -> None:
        context = remote_context_of(flow_id)
        if context is not None and not is_flow_id(context.id):
            raise FlowIdError(
                "flow_context: flow_id must be 1 to 64 ASCII letters, digits, dots, underscores and dashes"
            )
        self._context, self._flow = context, flow
        self._blocks: list[tuple[Token[Run | None], Run]] = []

    def __enter__(self) -> Run:
        run, outer, block = run_from(self._context, self._flow), current_run.get(), None
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
