"""Celery's tasks, signatures and canvas: the steps that sending them leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.abstract_values import Arguments, ContainerValue, Job, Partial, Real, Some, Value
from penstock.callgraph.call_outcome import Outcome, resolve_pending
from penstock.callgraph.live_objects import is_task
from penstock.callgraph.models.unknown import Models

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

_TASKS = frozenset(
    {"delay", "apply_async", "s", "si", "signature", "subtask", "apply", "delay_on_commit", "apply_async_on_commit"}
    | {"send", "enqueue", "map", "starmap", "chunks"}
)


class Sender(Value):
    """A method that sends a task, called later, as in ``on_commit(partial(task.delay, 17))``."""

    __slots__ = ("method", "task")

    def __init__(self, task: Real, method: str) -> None:
        self.task, self.method = task, method
        super().__init__("sender", task.key, method)


class Celery(Models):
    """Follows tasks of Celery."""

    def attribute(self, value: Value, name: str, node: ast.AST) -> Some:
        """Return the possible values of an attribute; for an unevaluated task proxy, the method that sends it."""
        values = super().attribute(value, name, node)
        if values or name not in _TASKS or not (isinstance(value, Real) and is_task(value.thing)):
            return values
        return Some([Sender(value, name)])

    def is_function(self, value: Value) -> bool:
        """Return whether a value is a function of the user's, a step, or a method that sends a task."""
        return isinstance(value, Sender) or super().is_function(value)

    def task_method(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        """Return the outcome of a method of a task or of its signature, or ``None`` if the value is neither."""
        if isinstance(value, Partial) and value.signature:
            return self._signature_method(value, name, arguments, node)
        if not self.is_function(value) or name not in _TASKS or self._has_own(value, name):
            return None
        if name in ("s", "si", "signature", "subtask"):
            call_arguments = arguments if name in ("s", "si") else self._unpack_apply_arguments(arguments)
            is_fixed = name == "si" or bool({True} & set(arguments.named.get("immutable", Some()).constants()))
            return Outcome.of(Some([Partial(value, call_arguments, signature=True, fixed=is_fixed)]))
        return self._sent_off(value, name, arguments, node)

    def _has_own(self, value: Value, name: str) -> bool:
        """Return whether a plain function, not a task, has a user-defined callable under that name."""
        if isinstance(value, Real) and is_task(value.thing):
            return False
        candidates = self.attribute(value, name, self.body.node) if isinstance(value, Real) else Some()
        return any(self.is_function(candidate) for candidate in candidates)

    def _unpack_apply_arguments(self, arguments: Arguments) -> Arguments:
        names = dict(zip(("args", "kwargs"), arguments.given, strict=False))
        return self._unpack_args_kwargs(Arguments(named=arguments.named | names))

    def _sent_off(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        call_arguments = self._unpack_apply_arguments(arguments) if name.startswith("apply") else arguments
        outcome = self.start(self.call(value, call_arguments, node), node)
        for key in ("link", "link_error"):
            if key in arguments.named:
                outcome.merge(self.sequence([outcome.result, self.flat(arguments.named[key])], node))
        return outcome

    def _pass_on_result(self, value: Value, result: Some) -> Arguments:
        return Arguments() if isinstance(value, Partial) and value.fixed else Arguments([resolve_pending(result)])

    def _signature_method(self, value: Partial, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        if name in _TASKS and name not in ("s", "si", "clone"):
            passed = self._unpack_apply_arguments(arguments) if name.startswith("apply") else arguments
            return self._sent_off(value, "delay", Arguments(passed.given, passed.named, passed.rest), node)
        return Outcome.of(Some([value]))

    def flat(self, some: Some) -> Some:
        """Return the members of canvases inside each other."""
        result = Some()
        for value in some:
            result.update(self.flat(value.everything()) if isinstance(value, ContainerValue) else Some([value]))
        return result

    def sequence(self, parts: list[Some], node: ast.AST) -> Outcome:
        """Return the outcome of a chain: each part receives the result of the one before it."""
        steps_before = dict(self.seen)
        whole = Outcome.of()
        result = Some()
        for part in parts:
            outcome = self.member(self.flat(part), result, node)
            self.commit(Outcome(Some(), {**outcome.reach, **outcome.started}, {}))
            whole.merge(outcome._replace(result=Some()))
            result = resolve_pending(outcome.result)
        self.seen = steps_before
        return self.start(whole._replace(result=result), node)

    def member(self, part: Some, result: Some, node: ast.AST) -> Outcome:
        """Return the outcome of a canvas member, given the result of the one before it."""
        outcome = Outcome.of()
        for value in part:
            if isinstance(value, Job):
                outcome.merge(Outcome(Some([value], value.result.tags), {}, value.reach))
            else:
                outcome.merge(self.call(value, self._pass_on_result(value, result), node))
        return outcome


def _parts(frame: Celery, arguments: Arguments) -> list[Some]:
    """Return the members of a canvas, also where they come as one list."""
    parts: list[Some] = []
    for some in arguments.given:
        for value in some:
            length = frame.length(value)
            inside = [frame.item(value, at) for at in range(length)] if length is not None else None
            parts += (
                inside
                if inside is not None
                else [frame.items(Some([value])) if isinstance(value, ContainerValue) else Some([value])]
            )
    return parts + ([arguments.rest] if arguments.rest else [])


def _chain(frame: Celery, arguments: Arguments, node: ast.AST) -> Outcome:
    """Celery's chain."""
    return frame.sequence(_parts(frame, arguments), node)


def _group(frame: Celery, arguments: Arguments, node: ast.AST) -> Outcome:
    outcome = Outcome.of()
    results = Some()
    for part in _parts(frame, arguments):
        member_outcome = frame.member(frame.flat(part), Some(), node)
        outcome.merge(member_outcome._replace(result=Some()))
        results.update(resolve_pending(member_outcome.result))
    return frame.start(outcome._replace(result=Some([frame.box(node, "list", results)])), node)


def _chord(frame: Celery, arguments: Arguments, node: ast.AST) -> Outcome:
    header = _group(frame, Arguments(arguments.given[:1]), node)
    after = [*arguments.given[1:2], *(arguments.named[key] for key in ("body", "callback") if key in arguments.named)]
    return frame.sequence([header.result, *after], node) if after else header


CANVAS: dict[str, Callable[[Celery, Arguments, ast.AST], Outcome]] = {
    "celery.canvas.chain": _chain,
    "celery.canvas._chain": _chain,
    "celery.canvas.group": _group,
    "celery.canvas.chord": _chord,
    "celery.canvas._chord": _chord,
}
