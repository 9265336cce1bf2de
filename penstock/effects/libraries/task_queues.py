"""RQ, Dramatiq, TaskIQ, Huey, Procrastinate and Django's tasks: tasks that are sent, and that run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Touch, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.effects.rows import Reader


def _make_reader(system: str, *attributes: str) -> Reader:
    """Return a reader of the name of the task that is sent, at this path below an argument."""

    def read(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
        """Return the task that is sent."""
        return (Touch("writes", f"{system}:{_find_name(arguments, attributes)}"),)

    return read


def _make_run_reader(system: str, *attributes: str) -> Reader:
    """Return a reader of the name of the task that starts."""

    def read(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
        """Return the task that starts."""
        return (Trigger(f"{system}:{_find_name(arguments, attributes)}"),)

    return read


def _find_name(arguments: Mapping[str, Any], attributes: tuple[str, ...]) -> str:
    value = arguments[attributes[0]]
    for attribute in attributes[1:]:
        value = getattr(value, attribute)
    return value if isinstance(value, str) else f"{value.__module__}.{value.__qualname__}"


def _read_huey_task(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    task = arguments["task"]
    return tuple(Touch("writes", f"huey:{each.name}") for each in getattr(task, "tasks", [task]))


FUNCTIONS = (
    LibraryFunction("rq.queue", "Queue.enqueue_job", _make_reader("rq", "job", "func_name")),
    LibraryFunction("rq.queue", "Queue._enqueue_job", _make_reader("rq", "job", "func_name")),
    LibraryFunction("rq.job", "Job.perform", _make_run_reader("rq", "self", "func_name"), surrounds=True),
    LibraryFunction("dramatiq.actor", "Actor.send_with_options", _make_reader("dramatiq", "self", "actor_name")),
    LibraryFunction(
        "dramatiq.actor", "Actor.__call__", _make_run_reader("dramatiq", "self", "actor_name"), surrounds=True
    ),
    LibraryFunction("taskiq.kicker", "AsyncKicker.kiq", _make_reader("taskiq", "self", "task_name")),
    LibraryFunction(
        "taskiq.receiver.receiver", "Receiver.run_task", _make_run_reader("taskiq", "message", "task_name")
    ),
    LibraryFunction("huey.api", "Huey.enqueue", _read_huey_task),
    LibraryFunction("huey.api", "Huey._execute", _make_run_reader("huey", "task", "name"), surrounds=True),
    LibraryFunction(
        "procrastinate.jobs", "JobDeferrer.defer", _make_reader("procrastinate", "self", "job", "task_name")
    ),
    LibraryFunction(
        "procrastinate.jobs", "JobDeferrer.defer_async", _make_reader("procrastinate", "self", "job", "task_name")
    ),
    LibraryFunction("django_tasks.base", "Task.enqueue", _make_reader("tasks", "self", "module_path")),
    LibraryFunction("django.tasks.base", "Task.enqueue", _make_reader("tasks", "self", "module_path")),
)
