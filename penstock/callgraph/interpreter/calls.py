"""Interprets calls: the callee, its arguments and its result."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from penstock._callables.task_objects import function_of_task
from penstock._callables.unwrap import CALLABLE_TYPES
from penstock.callgraph.abstract_values import (
    Arguments,
    ContainerValue,
    Instance,
    Job,
    LocalFunction,
    Made,
    Method,
    Partial,
    Real,
    Riddle,
    Some,
)
from penstock.callgraph.call_outcome import Outcome
from penstock.callgraph.call_paths import Way
from penstock.callgraph.function_bodies import positional
from penstock.callgraph.live_objects import NOTHING, implementations, is_bound_task, layers, peek
from penstock.callgraph.models.celery import Sender
from penstock.callgraph.models.external import Library

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.abstract_values import Value
    from penstock.callgraph.function_bodies import Body

_WAITS = frozenset({"result", "get", "join", "wait", "exception", "collect", "get_leaf"})
_THEN = frozenset({"add_done_callback", "then", "link"})


class Calls(Library):
    """Follows calls."""

    def call(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome:  # noqa: PLR0911 - one for each kind
        """Return the outcome of a call."""
        if isinstance(value, Method):
            return self.call(value.function, arguments.after(Some([value.receiver], value.tags)), node)
        if isinstance(value, Partial):
            return self.call(value.function, value.arguments.together(arguments), node)
        if isinstance(value, LocalFunction):
            return self._run(value.body, arguments, node)
        if isinstance(value, Made):
            return self._instantiate_class(value, arguments, node)
        if isinstance(value, Instance):
            methods = self.attribute(value, "__call__", node)
            return self.call_all(methods, arguments, node) if methods else self.unknown("", arguments, node)
        if isinstance(value, Job):
            return self._job_called(value, arguments, node)
        if isinstance(value, Sender):
            return self.task_method(value.task, value.method, arguments, node) or Outcome.of()
        if isinstance(value, Riddle):
            self.give_up(node, value.reason)
            return self.unknown("", arguments, node)
        return self._object(value.thing, arguments, node) if isinstance(value, Real) else Outcome.of()

    def _job_called(self, job: Job, arguments: Arguments, node: ast.AST) -> Outcome:
        """Call a chord's header with its callback, or start a chain."""
        if arguments.given:
            return self.sequence([Some([job]), *arguments.given], node)
        return Outcome.of(Some([job]))

    def _object(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:  # noqa: PLR0911 - one for each kind
        """Call an object that exists since the import: its outermost layer that static analysis understands."""
        if function_of_task(thing) is not None:
            return self.task_called(thing, arguments, node)
        for layer in layers(thing):
            kind = type(layer)
            tags = self.program.tags_of(layer)
            if kind is MethodType:
                return self.call(Method(Real(layer.__func__), Real(layer.__self__)), arguments, node)
            if kind.__module__ == "functools" and kind.__name__ == "partial":
                values = [Some([Real(value)]) for value in layer.args]
                keywords = {name: Some([Real(value)]) for name, value in layer.keywords.items()}
                return self._object(layer.func, Arguments(values, keywords).together(arguments), node)
            if issubclass(kind, type):
                return self._class(layer, arguments, node)
            if functions := implementations(layer):
                return self.call_all(Some(map(Real, functions)), arguments, node)
            if kind is FunctionType and self._is_known(layer):
                return self._function(layer, self._with_task(thing, arguments), node)
            if tags and not any(self.program.tags_of(inner_layer) for inner_layer in list(layers(layer))[1:]):
                return self._foreign_step(layer, tags, arguments, node)
        return self._other(thing, arguments, node)

    def _is_known(self, function: FunctionType) -> bool:
        return self.program.owns(function) and self.program.body(function) is not None

    def _with_task(self, thing: Any, arguments: Arguments) -> Arguments:
        if issubclass(type(thing), CALLABLE_TYPES) or not is_bound_task(thing):
            return arguments
        return arguments.after(Some([Real(thing)]))

    def _function(self, function: FunctionType, arguments: Arguments, node: ast.AST) -> Outcome:
        body = self.program.body(function)
        return self._run(body, arguments, node) if body is not None else Outcome.of()

    def _foreign_step(self, thing: Any, tags: tuple[int, ...], arguments: Arguments, node: ast.AST) -> Outcome:
        """Call a step whose code is not the user's own, or a callable object that is a step."""
        call = peek(type(thing), "__call__")
        own = call if type(call) is FunctionType and self._is_known(call) else None
        inside = (
            self._function(own, arguments.after(Some([Real(thing)])), node)
            if own
            else self.external(thing, arguments, node)
        )
        return self.as_step(tags, arguments, inside, node)

    def as_step(self, tags: tuple[int, ...], arguments: Arguments, inside: Outcome, node: ast.AST) -> Outcome:
        """Return the outcome of calling a step whose code is not analysed as a function of its own."""
        self._hand_over(tags, arguments, node)
        reach = {**dict.fromkeys(tags, Way(*self.site(node))), **inside.reach}
        return Outcome(self._tag_result(inside.result, tags), reach, inside.started)

    def _other(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        call = peek(type(thing), "__call__") if not issubclass(type(thing), CALLABLE_TYPES) else NOTHING
        if type(call) is FunctionType and self._is_known(call):
            return self.call(Method(Real(call), Real(thing)), arguments, node)
        return self.external(thing, arguments, node)

    # Functions ------------------------------------------------------------------------------------------------

    def _run(self, body: Body, arguments: Arguments, node: ast.AST) -> Outcome:
        self._hand_over(body.tags, arguments, node)
        summary = self.program.run(body, bind_arguments(body, arguments))
        reach = self.program.visible_relations(summary, self.site(node))
        if not body.tags:
            for site, reason in summary.blind.items():
                self.program.give_up(self.summary, site, reason)
        finished_steps = summary.finished.union(body.tags)
        run = {tag: way for tag, way in reach.items() if tag in finished_steps}
        result = self._tag_result(summary.result, body.tags)
        if body.is_async and not any(
            isinstance(value, ContainerValue) and value.kind == "generator" for value in result
        ):
            return Outcome(Some([Job(run, result, self.where(node))], result.tags), {}, reach)
        return Outcome(result, run, {tag: way for tag, way in reach.items() if tag not in finished_steps})

    def _hand_over(self, tags: tuple[int, ...], arguments: Arguments, node: ast.AST) -> None:
        sources = arguments.tags() if tags else ()
        for target in tags:
            for source in sources:
                self.program.note("data", source, target, self.site(node))

    def _tag_result(self, result: Some, tags: tuple[int, ...]) -> Some:
        """Tag a result with its step, and remove the tags of other steps of the same flow."""
        if not tags:
            return result
        flows = {self.program.labels[tag][0] for tag in tags}
        hidden_tags = {tag for tag in result.deep_tags() if self.program.labels[tag][0] in flows} - set(tags)
        visible_result = Some((_without(value, hidden_tags) for value in result), result.tags - hidden_tags)
        return visible_result.update(Some(tags=tags))

    # Classes --------------------------------------------------------------------------------------------------

    def _class(self, kind: type, arguments: Arguments, node: ast.AST) -> Outcome:
        tags = self.program.tags_of(kind)
        inside = (
            self._new(kind, arguments, node) if self.program.owns_class(kind) else self.external(kind, arguments, node)
        )
        return self.as_step(tags, arguments, inside, node) if tags else inside

    def _new(self, kind: type, arguments: Arguments, node: ast.AST) -> Outcome:
        instance = Instance(Real(kind), self.where(node))
        instance.tags |= arguments.tags()
        outcome = Outcome.of(Some([instance]))
        has_constructor = False
        for name, first in (("__new__", Real(kind)), ("__init__", instance)):
            function = peek(kind, name)
            function = function.__func__ if type(function) is staticmethod else function
            if type(function) is FunctionType and self._is_known(function):
                has_constructor = True
                outcome.merge(self.call(Real(function), arguments.after(Some([first])), node)._replace(result=Some()))
        if not has_constructor:
            self._fill(instance, kind, arguments)
            outcome.merge(self._later(instance, kind, node))
        return outcome

    def _later(self, instance: Instance, kind: type, node: ast.AST) -> Outcome:
        """Call the ``__post_init__`` of a dataclass."""
        function = peek(kind, "__post_init__")
        if not (type(function) is FunctionType and self._is_known(function)):
            return Outcome.of()
        return self.call(Method(Real(function), instance), Arguments(), node)._replace(result=Some())

    def _fill(self, instance: Instance, kind: type, arguments: Arguments) -> None:
        """Assign the arguments to the fields of a dataclass, a named tuple or the like."""
        fields = peek(kind, "__dataclass_fields__")
        names = fields if isinstance(fields, dict) else peek(kind, "_fields")
        if issubclass(type(names), (dict, tuple)):
            instance.attributes |= dict(zip(names, arguments.given, strict=False))
        instance.attributes |= arguments.named

    def _instantiate_class(self, value: Made, arguments: Arguments, node: ast.AST) -> Outcome:
        instance = Instance(value, self.where(node))
        instance.tags |= arguments.tags()
        outcome = Outcome.of(Some([instance]))
        initializers = self.attribute(instance, "__init__", node)
        outcome.merge(self.call_all(initializers, arguments, node)._replace(result=Some()))
        if not initializers:
            instance.attributes |= arguments.named
        return outcome

    # Methods --------------------------------------------------------------------------------------------------

    def call_method(self, receivers: Some, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a method of any of these values."""
        outcome = Outcome.of(Some(tags=receivers.tags))
        for value in receivers:
            special = self._special(value, name, arguments, node)
            if special is None:
                methods = self._with_tags(self.attribute(value, name, node), receivers.tags)
                special = self.call_all(methods, arguments, node) if methods else self.unknown(name, arguments, node)
            outcome.merge(special)
        return outcome if len(receivers) else self._unknown_method(outcome, name, arguments, node)

    def _with_tags(self, methods: Some, tags: set[int]) -> Some:
        """Return bound methods that carry the tags of the result that they were found on."""
        if not tags:
            return methods
        copies = (Method(item.function, item.receiver, tags) if isinstance(item, Method) else item for item in methods)
        return Some(copies, methods.tags)

    def _unknown_method(self, outcome: Outcome, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        outcome.merge(self.unknown(name, arguments, node))
        return outcome

    def _special(self, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
        if isinstance(value, Job):
            return self._job_method(value, name, arguments, node)
        if name == "start" and isinstance(value, Instance):
            return self._thread_started(value, node)
        return self.container_method(value, name, arguments, node) or self.task_method(value, name, arguments, node)

    def _thread_started(self, value: Instance, node: ast.AST) -> Outcome | None:
        """Start the ``run`` of a thread or process of one of the user's classes that inherits ``start``."""
        if any(self.is_function(method) for method in self.attribute(value, "start", node)):
            return None
        run = Some(method for method in self.attribute(value, "run", node) if self.is_function(method))
        return self.start(self.call_all(run, Arguments(), node), node) if run else None

    def _job_method(self, job: Job, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        if name in _WAITS:
            return Outcome.of(self.wait(Some([job])))
        if name in _THEN:
            callbacks = Some().update(*arguments.given)
            return self.sequence([Some([job]), callbacks], node)
        return Outcome.of(Some([job]))


def _without(value: Value, hidden: set[int]) -> Value:
    """Return a container without the tags of these steps."""
    if not (isinstance(value, ContainerValue) and hidden):
        return value
    box = ContainerValue(value.kind, ("shown", value.key, frozenset(hidden)))
    box.items = {key: Some(some, some.tags - hidden) for key, some in value.items.items()}
    box.rest = Some(value.rest, value.rest.tags - hidden)
    return box


def bind_arguments(body: Body, arguments: Arguments) -> dict[str, Some]:
    """Return the values of each parameter."""
    parameters = body.node.args
    names = positional(body.node)
    every = [*names, *(parameter.arg for parameter in parameters.kwonlyargs)]
    values = {name: body.defaults.get(name, Some()) for name in every}
    rest = arguments.rest
    if rest is not None:
        values |= {name: Some().update(values[name], rest) for name in every[len(arguments.given) :]}
    values |= dict(zip(names, arguments.given, strict=False))
    values |= {name: some for name, some in arguments.named.items() if name in values}
    if parameters.vararg:
        values[parameters.vararg.arg] = _more(body, "tuple", dict(enumerate(arguments.given[len(names) :])), rest)
    if parameters.kwarg:
        keywords = {name: some for name, some in arguments.named.items() if name not in every}
        values[parameters.kwarg.arg] = _more(body, "dict", keywords, rest)
    return values


def _more(body: Body, kind: str, items: dict[Any, Some], rest: Some | None) -> Some:
    keys = frozenset((key, value.key) for key, some in items.items() for value in some)
    box = ContainerValue(kind, ("rest", body.key, keys), items)
    if rest is not None:
        box.rest.update(rest)
    return Some([box])
