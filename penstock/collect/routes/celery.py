"""Celery: the tasks that applications have registered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import held_by
from penstock.collect.routes.own_modules import collect_objects, find_own_modules, has_base
from penstock.model.resources import PLAIN_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.model import Step

NAME = "Celery"


def find_others(step: Step, is_own: Callable[[str], bool]) -> tuple[str, ...] | None:
    """Return the names of the tasks that there are, if the trigger of a step names one in an imported module that has no such task.

    Another name may be that of a queue, or of a task in a module that only the worker imports.
    """
    word, _, name = step.trigger.partition(":")
    module = sys.modules.get(name.strip().rpartition(".")[0])
    if word.strip().lower() not in {"celery", "task"} or module is None or "celery" not in sys.modules:
        return None
    file = held_by(module).get("__file__")
    if not isinstance(file, str) or not is_own(file):
        return None
    objects = collect_objects(find_own_modules(is_own))
    applications = [value for value in objects if has_base(value, "celery.app.base", "Celery")]
    tasks = tuple(task for application in applications for task in application.tasks)
    is_known = bool(PLAIN_WORDS.find(f"celery:{name}", (f"celery:{task}" for task in tasks)))
    return tasks if tasks and not is_known else None
