"""Celery: the function around a running task is made for each task, so Celery's signals tell what starts work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._recording.effects.run_triggers import begin_work, end_work
from penstock.effects.rows import Trigger

if TYPE_CHECKING:
    from types import ModuleType

MODULE = "celery.signals"


def connect(signals: ModuleType) -> None:
    """Note the tasks that begin and end from here on; connecting twice has no effect."""
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid=__name__)
    signals.task_postrun.connect(_end, weak=False, dispatch_uid=__name__)


def disconnect(signals: ModuleType) -> None:
    """Note nothing more."""
    signals.task_prerun.disconnect(_begin, dispatch_uid=__name__)
    signals.task_postrun.disconnect(_end, dispatch_uid=__name__)


def _begin(task: Any = None, **_rest: Any) -> None:
    begin_work(lambda _arguments: (Trigger(f"celery:{task.name}"),), {})


def _end(**_rest: Any) -> None:
    end_work()
