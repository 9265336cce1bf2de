"""Models of the tasks of Django, Dramatiq, Huey, Procrastinate and taskiq, which keep the function in an attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._callables.task_objects import function_of_task, task_kind_of
from penstock.callgraph.live_objects import raw
from penstock.callgraph.models.library import Library
from penstock.callgraph.models.packed_arguments import unpack_pair
from penstock.callgraph.values.base import Arguments, Outcome, ValueSet
from penstock.callgraph.values.functions import Partial
from penstock.callgraph.values.live import LiveObject, wrap
from penstock.callgraph.values.pending import PendingCall, start

if TYPE_CHECKING:
    import ast

    from penstock._callables.task_objects import TaskKind
    from penstock.callgraph.values.base import Value
    from penstock.callgraph.values.frame import Frame

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


def _kind_of(value: Value) -> TaskKind | None:
    return task_kind_of(value.thing) if isinstance(value, LiveObject) else None


def _call_object(frame: Frame, value: Value, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of calling a task; with Huey, the call sends it."""
    kind = _kind_of(value)
    if kind is None or not isinstance(value, LiveObject):
        return None
    function = wrap(function_of_task(value.thing))
    if kind.send != "()":
        return function.call(frame, arguments, node)
    with frame.send():
        outcome = function.call(frame, arguments, node)
    return start(frame, outcome, node)


def _call_method(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of a method of a task, or ``None`` if the value is none."""
    kind = _kind_of(value)
    if kind is None or not isinstance(value, LiveObject):
        return None
    if name in _BUILDERS:
        return Outcome.of(ValueSet([value]))
    function = wrap(function_of_task(value.thing))
    own_arguments = _resolve_arguments(frame, name, arguments)
    if kind.context and raw(value.thing, kind.context) is True:
        own_arguments = own_arguments.after(ValueSet())
    if name in _CALLERS:
        return function.call(frame, own_arguments, node)
    if name in _MESSAGES:
        return Outcome.of(ValueSet([Partial(function, own_arguments, is_signature=True)]))
    if name not in _SENDERS:
        return Outcome.of()
    with frame.send():
        outcome = function.call(frame, own_arguments, node)
    return _send(frame, name, outcome, node)


def _send(frame: Frame, name: str, outcome: Outcome, node: ast.AST) -> Outcome:
    """Return the outcome of sending; awaiting a coroutine that sends does not wait for the task."""
    start_outcome = start(frame, outcome, node)
    if name not in _COROUTINES:
        return start_outcome
    return start_outcome._replace(result=ValueSet([PendingCall({}, start_outcome.result, ("sent", frame.where(node)))]))


def _resolve_arguments(frame: Frame, name: str, arguments: Arguments) -> Arguments:
    """Return the arguments that the function receives."""
    if name in _OF_PARTS:
        return unpack_pair(frame, arguments)
    if name in _OF_MANY:
        return Arguments(rest=ValueSet().update(*(values.iterate(frame) for values in arguments.all())))
    if name in _OF_TIMES:
        return Arguments(arguments.positional[2:], arguments.named, arguments.rest)
    return arguments


LIBRARY = Library(call_object=_call_object, call_method=_call_method)
