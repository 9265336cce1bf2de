"""Models of Celery's tasks, signatures and canvas: the steps that sending them leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import is_task
from penstock.callgraph.models.library import Library, model_calls
from penstock.callgraph.models.packed_arguments import unpack_pair
from penstock.callgraph.values.base import Arguments, Outcome, Value, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.functions import Partial
from penstock.callgraph.values.live import LiveObject
from penstock.callgraph.values.pending import call_in_sequence, call_member, flatten, start

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.frame import Frame

_SIGNERS = frozenset({"s", "si", "signature", "subtask"})
"""Methods that only make a signature."""
_METHODS = _SIGNERS | {
    "delay",
    "apply_async",
    "apply",
    "delay_on_commit",
    "apply_async_on_commit",
    "send",
    "enqueue",
    "map",
    "starmap",
    "chunks",
}


class Sender(Value):
    """A method that sends a task, called later, as in ``on_commit(partial(task.delay, 17))``."""

    __slots__ = ("method", "task")

    def __init__(self, task: Value, method: str) -> None:
        self.task, self.method = task, method
        super().__init__("sender", task.key, method)

    def call(self, frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of sending the task."""
        return frame.call_library_method(self.task, self.method, arguments, node) or Outcome.of()

    def is_function(self, frame: Frame) -> bool:  # noqa: ARG002
        """Return ``True``: the task is the user's."""
        return True


def _find_method(value: Value, name: str) -> Value | None:
    """Return the method that sends an unevaluated task."""
    return Sender(value, name) if name in _METHODS and _is_task(value) else None


def _is_task(value: Value) -> bool:
    return isinstance(value, LiveObject) and is_task(value.thing)


def _call_method(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of a method of a task or of its signature, or ``None`` if the value is neither."""
    if isinstance(value, Partial) and value.is_signature:
        return _call_signature_method(frame, value, name, arguments, node)
    if name not in _METHODS or not value.is_function(frame) or _has_own(frame, value, name):
        return None
    if name in _SIGNERS:
        call_arguments = arguments if name in ("s", "si") else unpack_pair(frame, arguments)
        is_fixed = name == "si" or True in arguments.named.get("immutable", ValueSet()).constants()
        return Outcome.of(ValueSet([Partial(value, call_arguments, is_signature=True, is_fixed=is_fixed)]))
    return _send(frame, value, name, arguments, node)


def _has_own(frame: Frame, value: Value, name: str) -> bool:
    """Return whether a plain function, not a task, has a user-defined callable under that name."""
    if not isinstance(value, LiveObject) or _is_task(value):
        return False
    return bool(value.attribute(frame, name, frame.body.node).functions(frame))


def _call_signature_method(frame: Frame, value: Partial, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
    if name not in _METHODS or name in ("s", "si"):
        return Outcome.of(ValueSet([value]))
    passed = unpack_pair(frame, arguments) if name.startswith("apply") else arguments
    return _send(frame, value, "delay", Arguments(passed.positional, passed.named, passed.rest), node)


def _send(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
    call_arguments = unpack_pair(frame, arguments) if name.startswith("apply") else arguments
    with frame.send():
        called = value.call(frame, call_arguments, node)
    outcome = start(frame, called, node)
    for key in ("link", "link_error"):
        if key in arguments.named:
            outcome.merge(call_in_sequence(frame, [outcome.result, flatten(arguments.named[key])], node))
    return outcome


# Canvas -------------------------------------------------------------------------------------------------------


def _find_members(frame: Frame, arguments: Arguments) -> list[ValueSet]:
    """Return the members of a canvas, also where they come as one list."""
    members: list[ValueSet] = []
    for value in (value for values in arguments.positional for value in values):
        length = value.length()
        if length is not None:
            members += [value.item(frame, at) for at in range(length)]
        else:
            members.append(ValueSet([value]).iterate(frame) if isinstance(value, Container) else ValueSet([value]))
    return members + ([arguments.rest] if arguments.rest else [])


def _model_chain(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    return call_in_sequence(frame, _find_members(frame, arguments), node)


def _model_group(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    outcome = Outcome.of()
    results = ValueSet()
    for member in _find_members(frame, arguments):
        member_outcome = call_member(frame, flatten(member), ValueSet(), node)
        outcome.merge(member_outcome._replace(result=ValueSet()))
        results.update(member_outcome.result.resolve())
    result = ValueSet([Container.at(frame.where(node), rest=results)])
    return start(frame, outcome._replace(result=result), node)


def _model_chord(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    header = _model_group(frame, Arguments(arguments.positional[:1]), node)
    after = [
        *arguments.positional[1:2],
        *(arguments.named[key] for key in ("body", "callback") if key in arguments.named),
    ]
    return call_in_sequence(frame, [header.result, *after], node) if after else header


LIBRARY = Library(
    calls={
        **model_calls("celery.canvas.chain", "celery.canvas._chain", model=_model_chain),
        **model_calls("celery.canvas.chord", "celery.canvas._chord", model=_model_chord),
        "celery.canvas.group": _model_group,
    },
    call_method=_call_method,
    find_method=_find_method,
)
