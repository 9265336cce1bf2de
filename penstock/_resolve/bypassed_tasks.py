"""Finds steps above a task of a queue, which are bypassed when the task is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._callables.task_objects import TaskKind, task_kind_of
from penstock._resolve.declaration_problems import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._declare.marks import StepMark
    from penstock._introspection.definitions import Facts
    from penstock.model import Problem

_CELERY = TaskKind("Celery", "run", ".delay()")


def find_bypassed_task(mark: StepMark, metadata: Facts) -> Iterator[Problem]:
    """Yield a problem if a mark decorates a task rather than the task's function."""
    if mark.deferred and _decorates_definition(mark, metadata) and (kind := _task_kind(mark.root)):
        yield _bypassed_task_problem(mark, kind)


def _decorates_definition(mark: StepMark, metadata: Facts) -> bool:
    """Return whether a decorator made the mark at the function's definition, not from outside."""
    file, line = mark.declared
    return file == metadata.file and metadata.line <= line <= metadata.end_line


def _task_kind(root: Any) -> TaskKind | None:
    """Return the kind of task that an object is, or ``None``; Celery tasks behind a proxy count."""
    kinds = getattr(root.__class__, "__mro__", ())
    is_celery = any((kind.__module__, kind.__name__) == ("celery.app.task", "Task") for kind in kinds)
    return _CELERY if is_celery else task_kind_of(root)


def _bypassed_task_problem(mark: StepMark, task: TaskKind) -> Problem:
    kind = "@entrypoint" if mark.entrypoint else "@step"
    alternative = ", or use @flow_task of penstock.contrib.celery" if task is _CELERY else ""
    sentence = f"{kind} decorates a {task.library} task, so {mark.step_name}{task.send} bypasses the step."
    advice = f"Put the decorator that makes the task on top, above @flow{alternative}."
    return problem_at(mark, "bypassed", sentence, advice)
