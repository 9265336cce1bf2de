"""Correlation IDs for the tasks of Django: a task belongs to the run that enqueued it.

The same for ``django.tasks``, which came with Django 6.0, and for the package django-tasks, which older versions have.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from penstock.contrib.arguments import ARGUMENT, calling_at_once, receive_run, receives_run, run_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FlowBackendMixin:
    """Lets tasks take the ID of the run that enqueues them along, whatever the backend; also plain tasks.

    It stands in front of a backend, and the setting ``TASKS`` names the class below it::

        class FlowDatabaseBackend(FlowBackendMixin, DatabaseBackend): ...

    The run travels as one more keyword argument, which is taken out before the function is called. Nothing is added
    outside every run.
    """

    def task_class(self, *, func: Any, **options: Any) -> Any:
        """Return a task whose function takes the run out of its arguments."""
        return super().task_class(func=receive_run(func), **options)  # type: ignore[misc]

    def enqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Enqueue a task as the backend does, with the current run."""
        with calling_at_once():  # which not every backend does
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
    """Return a result with the arguments that the application gave; the backend may still need the other."""
    if ARGUMENT not in result.kwargs:
        return result
    shown = copy(result)
    object.__setattr__(shown, "kwargs", {name: value for name, value in result.kwargs.items() if name != ARGUMENT})
    return shown
