"""Celery: tasks that are sent, and tasks that run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.effects.rows import LibraryFunction, Touch, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_task(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return (Touch("writes", f"celery:{arguments['self'].name}"),)


def _read_name(arguments: Mapping[str, Any]) -> tuple[Touch, ...]:
    return (Touch("writes", f"celery:{arguments['name']}"),)


def _read_run(arguments: Mapping[str, Any]) -> tuple[Trigger, ...]:
    return (Trigger(f"celery:{arguments['task'].name}"),)


FUNCTIONS = (
    LibraryFunction("celery.app.task", "Task.apply_async", _read_task),
    LibraryFunction("celery.app.base", "Celery.send_task", _read_name),
    LibraryFunction("celery.app.trace", "build_tracer.<locals>.trace_task", _read_run, surrounds=True),
)
