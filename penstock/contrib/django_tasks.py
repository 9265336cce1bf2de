"""Correlation IDs for Django tasks: a task belongs to the run that enqueued it.

Supports ``django.tasks``, added in Django 6.0, and the package django-tasks for older versions.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from penstock.contrib.arguments import ARGUMENT, calling_at_once, receive_run, receives_run, run_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FlowBackendMixin:
    """Passes the ID of the enqueuing run on to tasks, on any backend; this includes plain tasks.

    Put it before a backend; the setting ``TASKS`` names the combined class::

        class FlowDatabaseBackend(FlowBackendMixin, DatabaseBackend): ...

    The run travels as an additional keyword argument, which is removed before the function is called. Outside
    every run, nothing is added.
    """

    def task_class(self, *, func: Any, **options: Any) -> Any:
        """Return a task whose function takes the run out of its arguments."""
        return super().task_class(func=receive_run(func), **options)  # type: ignore[misc]

    def enqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Enqueue a task as the backend does, with the current run."""
        with calling_at_once():  # not every backend does
            return _without_run(super().enqueue(task, args, self._with_run(task, kwargs)))  # type: ignore[misc]

    async def aenqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Enqueue a task as the backend does, with the current run."""
        with calling_at_once():
            return _without_run(await super().aenqueue(task, args, self._with_run(task, kwargs)))  # type: ignore[misc]

    def get_result(self, result_id: str) -> Any:
        """Return a result with the arguments that the application gave."""
        return _without_run(super().get_result(result_id))  # type: ignore[misc]

    async def aget_result(self, result_id: str) -> Any:
        """Return a result with the arguments that the application gave."""
        return _without_run(await super().aget_result(result_id))  # type: ignore[misc]

    def _with_run(self, task: Any, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        executes = all(base.__name__ != "DummyBackend" for base in type(self).__mro__)  # tests look at its arguments
        if executes and receives_run(task.func):  # not if the task was made for a backend without the mixin
            return {**kwargs, **run_arguments()}
        return kwargs


def _without_run(result: Any) -> Any:
    """Return a result with the application's own arguments; the backend may still need the original."""
    if ARGUMENT not in result.kwargs:
        return result
    answer = copy(result)
    object.__setattr__(answer, "kwargs", {name: value for name, value in result.kwargs.items() if name != ARGUMENT})
    return answer
