"""The correlation ID in the arguments of a function, for queues whose messages have no headers."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import update_wrapper
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from penstock._runtime.context import KEEP, ContextBinding, current_run
from penstock._runtime.runs import Run
from penstock.contrib._messages import extract_run, flow_of, inject_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")

ARGUMENT = "penstock_run"
"""The keyword argument for the run."""

_RECEIVES = "penstock_receives_run"
_calling_at_once: ContextVar[bool] = ContextVar("penstock_calling_at_once", default=False)


def run_arguments() -> dict[str, Any]:
    """Return the keyword argument with the current run, for a function below :func:`receive_run`.

    Returns:
        A dictionary with one argument that JSON can hold, as in ``task.defer(number=17, **run_arguments())``; an empty
        one outside every run.
    """
    return {} if current_run.get() is None else {ARGUMENT: inject_run({})}


def receive_run(function: Callable[P, T]) -> Callable[P, T]:
    """Remove the run from a function's arguments, and call the function in it.

    Without that argument, a call outside every run is a run of its own. The decorator goes above those of the flow,
    and below the one that makes the task. Applying it again changes nothing.

    Args:
        function: A function or coroutine function.

    Returns:
        A function of the same kind, with the same signature.
    """
    if receives_run(function):
        return function
    callee: Any = function

    def call(*args: Any, **kwargs: Any) -> Any:
        """Call the function in the run that its arguments carry, and return its result."""
        with _bind_received_run(function, kwargs.pop(ARGUMENT, None)):
            return callee(*args, **kwargs)

    async def call_later(*args: Any, **kwargs: Any) -> Any:
        """Await the function in the run that its arguments carry, and return its result."""
        with _bind_received_run(function, kwargs.pop(ARGUMENT, None)):
            return await callee(*args, **kwargs)

    receiving: Any = update_wrapper(call_later if iscoroutinefunction(function) else call, function)
    setattr(receiving, _RECEIVES, True)
    return receiving  # type: ignore[no-any-return]


def receives_run(function: object) -> bool:
    """Return whether a function takes the run out of its arguments."""
    return getattr(function, _RECEIVES, False) is True


@contextmanager
def calling_at_once(value: bool = True) -> Iterator[None]:
    """Mark calls in a block as made by the sender itself, not by a worker."""
    token = _calling_at_once.set(value)
    try:
        yield
    finally:
        _calling_at_once.reset(token)


@contextmanager
def _bind_received_run(function: Any, headers: Any) -> Iterator[None]:
    if _calling_at_once.get():
        with calling_at_once(False):
            yield
    elif isinstance(headers, dict):
        run = extract_run(headers)
        run.flow = run.flow or flow_of(function)
        with ContextBinding(run, None):
            yield
    else:  # sent outside every run, or by a process without the argument; or called by a test
        with ContextBinding(current_run.get() or Run(None), KEEP):
            yield
