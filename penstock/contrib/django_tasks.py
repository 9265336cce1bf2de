"""Correlation IDs for the tasks of Django: a task belongs to the run that enqueued it.

The same for ``django.tasks``, which came with Django 6.0, and for the package django-tasks, which older versions have.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import update_wrapper
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from penstock._context import KEEP, Binding, Run, current_run
from penstock.contrib._messages import extract_run, flow_of, inject_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ARGUMENT = "penstock_run"
"""The keyword argument that takes the run along, for a task of Django has no headers."""

RECEIVES = "penstock_receives_run"

_enqueueing: ContextVar[bool] = ContextVar("penstock_enqueueing", default=False)


class FlowBackendMixin:
    """Lets tasks take the ID of the run that enqueues them along, whatever the backend; also plain tasks.

    It stands in front of a backend, and the setting ``TASKS`` names the class below it::

        class FlowDatabaseBackend(FlowBackendMixin, DatabaseBackend): ...

    The run travels as one more keyword argument, which is taken out before the function is called. Nothing is added
    outside every run.
    """

    def task_class(self, *, func: Any, **options: Any) -> Any:
        """Return a task whose function takes the run out of its arguments."""
        return super().task_class(func=_receiving(func), **options)  # type: ignore[misc]

    def enqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Enqueue a task as the backend does, with the current run."""
        with _enqueues():
            return _without_run(super().enqueue(task, args, self._with_run(task, kwargs)))  # type: ignore[misc]

    async def aenqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Enqueue a task as the backend does, with the current run."""
        with _enqueues():
            return _without_run(await super().aenqueue(task, args, self._with_run(task, kwargs)))  # type: ignore[misc]

    def get_result(self, result_id: str) -> Any:
        """Return a result with the arguments that the application gave."""
        return _without_run(super().get_result(result_id))  # type: ignore[misc]

    async def aget_result(self, result_id: str) -> Any:
        """Return a result with the arguments that the application gave."""
        return _without_run(await super().aget_result(result_id))  # type: ignore[misc]

    def _with_run(self, task: Any, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        receives = getattr(task.func, RECEIVES, False)  # not if the task was made for a backend without the mixin
        executes = all(base.__name__ != "DummyBackend" for base in type(self).__mro__)  # tests look at its arguments
        if current_run.get() is None or not (receives and executes):
            return kwargs
        return {**kwargs, ARGUMENT: inject_run({})}


@contextmanager
def _enqueues() -> Iterator[None]:
    token = _enqueueing.set(True)
    try:
        yield
    finally:
        _enqueueing.reset(token)


def _without_run(result: Any) -> Any:
    """Return a result with the arguments that the application gave; the backend may still need the other."""
    if ARGUMENT not in result.kwargs:
        return result
    shown = copy(result)
    object.__setattr__(shown, "kwargs", {name: value for name, value in result.kwargs.items() if name != ARGUMENT})
    return shown


def _receiving(function: Any) -> Any:
    """Return a function of the same kind that begins the run which its arguments tell of."""
    if getattr(function, RECEIVES, False):
        return function

    def call(*args: Any, **kwargs: Any) -> Any:
        with _received(function, kwargs.pop(ARGUMENT, None)):
            return function(*args, **kwargs)

    async def call_later(*args: Any, **kwargs: Any) -> Any:
        with _received(function, kwargs.pop(ARGUMENT, None)):
            return await function(*args, **kwargs)

    receiving = update_wrapper(call_later if iscoroutinefunction(function) else call, function)
    setattr(receiving, RECEIVES, True)
    return receiving


@contextmanager
def _received(function: Any, headers: Any) -> Iterator[None]:
    """Make a block the run of a message, or one of its own, as long as no run is there."""
    if _enqueueing.get():  # the backend calls at once, and all is as if the sender had called
        token = _enqueueing.set(False)
        try:
            yield
        finally:
            _enqueueing.reset(token)
    elif isinstance(headers, dict):
        run = extract_run(headers)
        run.flow = run.flow or flow_of(function)
        with Binding(run, None):
            yield
    else:  # enqueued outside every run, or by a process without the mixin; or a test calls it
        with Binding(current_run.get() or Run(None), KEEP):
            yield
