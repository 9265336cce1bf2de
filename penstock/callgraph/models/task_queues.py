"""Tasks of Django, Dramatiq, Huey, Procrastinate and taskiq: the outcomes of their methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._callables.task_objects import function_of_task, task_kind_of
from penstock.callgraph.abstract_values import Arguments, Job, Partial, Real, Some
from penstock.callgraph.call_outcome import Outcome
from penstock.callgraph.live_objects import raw
from penstock.callgraph.models.celery import Celery

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.abstract_values import Value

_OF_PARTS = frozenset({"message_with_options", "schedule", "send_with_options"})
"""Methods that take the arguments of the function as ``args`` and ``kwargs``."""
_OF_MANY = frozenset({"batch_defer", "batch_defer_async", "map"})
"""Methods that take the arguments of many calls."""
_OF_TIMES = frozenset({"schedule_by_cron", "schedule_by_interval", "schedule_by_time"})
"""Methods that take a source and a time before the arguments."""
_COROUTINES = frozenset({"aenqueue", "batch_defer_async", "defer_async", "kiq"}) | _OF_TIMES
"""Methods that send a task when awaited."""
_MESSAGES = frozenset({"message", "message_with_options", "s"})
"""Methods that only create a message of a task."""
_SENDERS = (_COROUTINES | _OF_PARTS | _OF_MANY | {"defer", "enqueue", "send"}) - _MESSAGES
_CALLERS = frozenset({"acall", "call", "call_local", "fn", "func", "original_func"})
"""Methods that call the function immediately."""
_BUILDERS = frozenset(
    {"configure", "kicker", "using", "with_broker", "with_labels", "with_schedule_id", "with_task_id"}
)
"""Methods that return the same task with other options."""


class Queues(Celery):
    """Follows tasks that keep the function in an attribute."""

    def task_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a method of a task, or ``None`` if the value is none."""
        kind = task_kind_of(value.thing) if isinstance(value, Real) else None
        if kind is None or not isinstance(value, Real):
            return super().task_method(value, name, arguments, node)
        if name in _BUILDERS:
            return Outcome.of(Some([value]))
        function = Real(function_of_task(value.thing))
        own_arguments = self._resolve_arguments(name, arguments)
        if kind.context and raw(value.thing, kind.context) is True:
            own_arguments = own_arguments.after(Some())
        if name in _CALLERS:
            return self.call(function, own_arguments, node)
        if name in _MESSAGES:
            return Outcome.of(Some([Partial(function, own_arguments, signature=True)]))
        return self._sent_by(name, self.call(function, own_arguments, node), node) if name in _SENDERS else Outcome.of()

    def _sent_by(self, name: str, outcome: Outcome, node: ast.AST) -> Outcome:
        """Return the outcome of sending; awaiting a coroutine that sends does not wait for the task."""
        start_outcome = self.start(outcome, node)
        if name not in _COROUTINES:
            return start_outcome
        return start_outcome._replace(result=Some([Job({}, start_outcome.result, ("sent", self.where(node)))]))

    def task_called(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a task; with Huey, the call sends it."""
        outcome = self.call(Real(function_of_task(thing)), arguments, node)
        kind = task_kind_of(thing)
        return self.start(outcome, node) if kind is not None and kind.send == "()" else outcome

    def _resolve_arguments(self, name: str, arguments: Arguments) -> Arguments:
        """Return the arguments that the function receives."""
        if name in _OF_PARTS:
            return self._unpack_apply_arguments(arguments)
        if name in _OF_MANY:
            return Arguments(rest=Some().update(*map(self.items, arguments.all())))
        if name in _OF_TIMES:
            return Arguments(arguments.given[2:], arguments.named, arguments.rest)
        return arguments
