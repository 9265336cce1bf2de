"""Tasks of Django, Dramatiq, Huey, Procrastinate and taskiq: what their methods lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._tasks import function_of_task, task_kind_of
from penstock.check.callgraph._celery import Celery
from penstock.check.callgraph._objects import raw
from penstock.check.callgraph._outcomes import Outcome
from penstock.check.callgraph._values import Arguments, Job, Partial, Real, Some

if TYPE_CHECKING:
    import ast

    from penstock.check.callgraph._values import Value

_OF_PARTS = frozenset({"message_with_options", "schedule", "send_with_options"})
"""What is given the arguments of the function as ``args`` and ``kwargs``."""
_OF_MANY = frozenset({"batch_defer", "batch_defer_async", "map"})
"""What is given the arguments of many calls."""
_OF_TIMES = frozenset({"schedule_by_cron", "schedule_by_interval", "schedule_by_time"})
"""What is given a source and a time in front of the arguments."""
_COROUTINES = frozenset({"aenqueue", "batch_defer_async", "defer_async", "kiq"}) | _OF_TIMES
"""What sends a task once it is awaited."""
_MESSAGES = frozenset({"message", "message_with_options", "s"})
"""What only makes a message of a task."""
_SENDERS = (_COROUTINES | _OF_PARTS | _OF_MANY | {"defer", "enqueue", "send"}) - _MESSAGES
_CALLERS = frozenset({"acall", "call", "call_local", "fn", "func", "original_func"})
"""What calls the function at once."""
_BUILDERS = frozenset(
    {"configure", "kicker", "using", "with_broker", "with_labels", "with_schedule_id", "with_task_id"}
)
"""What returns the same task with other options."""


class Queues(Celery):
    """Follows tasks that keep the function in an attribute."""

    def task_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return what a method of a task leads to; ``None`` if it is none."""
        kind = task_kind_of(value.thing) if isinstance(value, Real) else None
        if kind is None or not isinstance(value, Real):
            return super().task_method(value, name, arguments, node)
        if name in _BUILDERS:
            return Outcome.of(Some([value]))
        function = Real(function_of_task(value.thing))
        given = self._given(name, arguments)
        if kind.context and raw(value.thing, kind.context) is True:
            given = given.after(Some())
        if name in _CALLERS:
            return self.call(function, given, node)
        if name in _MESSAGES:
            return Outcome.of(Some([Partial(function, given, signature=True)]))
        return self._sent_by(name, self.call(function, given, node), node) if name in _SENDERS else Outcome.of()

    def _sent_by(self, name: str, outcome: Outcome, node: ast.AST) -> Outcome:
        """Return what sending leads to; to wait for a coroutine that sends is not to wait for the task."""
        sent = self.start(outcome, node)
        if name not in _COROUTINES:
            return sent
        return sent._replace(result=Some([Job({}, sent.result, ("sent", self.where(node)))]))

    def task_called(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return what the call of a task leads to: with Huey, that sends it."""
        outcome = self.call(Real(function_of_task(thing)), arguments, node)
        kind = task_kind_of(thing)
        return self.start(outcome, node) if kind is not None and kind.send == "()" else outcome

    def _given(self, name: str, arguments: Arguments) -> Arguments:
        """Return what the function is given."""
        if name in _OF_PARTS:
            return self._sent(arguments)
        if name in _OF_MANY:
            return Arguments(rest=Some().update(*map(self.items, arguments.all())))
        if name in _OF_TIMES:
            return Arguments(arguments.given[2:], arguments.named, arguments.rest)
        return arguments
