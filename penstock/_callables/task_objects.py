"""Recognizes the task objects of queues by their class names, without importing a queue."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TaskKind:
    """A class of tasks.

    Attributes:
        library: The library, as its users call it.
        function: The attribute that holds the function.
        send: The way to send a task off, as its users write it.
        context: The attribute that tells whether the function gets a context before its arguments.
    """

    __slots__ = ("context", "function", "library", "send")

    def __init__(self, library: str, function: str, send: str, context: str = "") -> None:
        self.library = library
        self.function = function
        self.send = send
        self.context = context


_DJANGO = TaskKind("django.tasks", "func", ".enqueue()", "takes_context")
_KINDS = {
    ("django.tasks.base", "Task"): _DJANGO,
    ("django_tasks.base", "Task"): _DJANGO,
    ("dramatiq.actor", "Actor"): TaskKind("Dramatiq", "fn", ".send()"),
    ("huey.api", "TaskWrapper"): TaskKind("Huey", "func", "()"),
    ("procrastinate.tasks", "Task"): TaskKind("Procrastinate", "func", ".defer()", "pass_context"),
    ("taskiq.decor", "AsyncTaskiqDecoratedTask"): TaskKind("taskiq", "original_func", ".kiq()"),
}


_looked_at: dict[int, tuple[type, TaskKind | None]] = {}
"""By the identity of a class, which is kept alive; hashing it could run code of the application."""


def task_kind_of(thing: Any) -> TaskKind | None:
    """Return the kind of a task object, or ``None``; its attributes are not touched, because it may be lazy."""
    kind = type(thing)
    if id(kind) not in _looked_at:
        names = ((_text(base, "__module__"), _text(base, "__name__")) for base in kind.__mro__)
        _looked_at[id(kind)] = kind, next((_KINDS[name] for name in names if name in _KINDS), None)
    return _looked_at[id(kind)][1]


def _text(kind: type, attribute: str) -> str:
    """Return a text about a class, bypassing its metaclass."""
    value = type.__getattribute__(kind, attribute)
    return value if type(value) is str else ""


def function_of_task(thing: Any) -> Any:
    """Return the function that a task runs, or ``None`` for other objects."""
    kind = task_kind_of(thing)
    return None if kind is None else object.__getattribute__(thing, kind.function)
