"""Calls: what is called, with what, and what comes of it."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from penstock._marks import CALLABLE_TYPES
from penstock._tasks import function_of_task
from penstock.check.callgraph._bodies import positional
from penstock.check.callgraph._celery import Sender
from penstock.check.callgraph._library import Library
from penstock.check.callgraph._objects import NOTHING, implementations, is_bound_task, layers, peek
from penstock.check.callgraph._outcomes import Outcome
from penstock.check.callgraph._values import (
    Arguments,
    Box,
    Inner,
    Instance,
    Job,
    Made,
    Method,
    Partial,
    Real,
    Riddle,
    Some,
)
from penstock.check.callgraph._ways import Way

if TYPE_CHECKING:
    import ast

    from penstock.check.callgraph._bodies import Body
    from penstock.check.callgraph._values import Value

_WAITS = frozenset({"result", "get", "join", "wait", "exception", "collect", "get_leaf"})
_THEN = frozenset({"add_done_callback", "then", "link"})


class Calls(Library):
    """Follows calls."""

    def call(self, value: Value, arguments: Arguments, node: ast.AST) -> Outcome:  # noqa: PLR0911 - one for each kind
        """Return what a call leads to."""
        if isinstance(value, Method):
            return self.call(value.function, arguments.after(Some([value.receiver], value.tags)), node)
        if isinstance(value, Partial):
            return self.call(value.function, value.arguments.together(arguments), node)
        if isinstance(value, Inner):
            return self._run(value.body, arguments, node)
        if isinstance(value, Made):
            return self._made(value, arguments, node)
        if isinstance(value, Instance):
            found = self.attribute(value, "__call__", node)
            return self.call_all(found, arguments, node) if found else self.unknown("", arguments, node)
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
        """Call an object that exists since the import: the first of its layers that we know something of."""
        if function_of_task(thing) is not None:
            return self.task_called(thing, arguments, node)
        for each in layers(thing):
            kind = type(each)
            tags = self.program.tags_of(each)
            if kind is MethodType:
                return self.call(Method(Real(each.__func__), Real(each.__self__)), arguments, node)
            if kind.__module__ == "functools" and kind.__name__ == "partial":
                given = [Some([Real(value)]) for value in each.args]
                named = {name: Some([Real(value)]) for name, value in each.keywords.items()}
                return self._object(each.func, Arguments(given, named).together(arguments), node)
            if issubclass(kind, type):
                return self._class(each, arguments, node)
            if found := implementations(each):
                return self.call_all(Some(map(Real, found)), arguments, node)
            if kind is FunctionType and self._is_known(each):
                return self._function(each, self._with_task(thing, arguments), node)
            if tags and not any(self.program.tags_of(below) for below in list(layers(each))[1:]):
                return self._foreign_step(each, tags, arguments, node)
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
        """Call a step whose code is not the user's own, or a callable object that is one."""
        call = peek(type(thing), "__call__")
        own = call if type(call) is FunctionType and self._is_known(call) else None
        inside = (
            self._function(own, arguments.after(Some([Real(thing)])), node)
            if own
            else self.external(thing, arguments, node)
        )
        return self.as_step(tags, arguments, inside, node)

    def as_step(self, tags: tuple[int, ...], arguments: Arguments, inside: Outcome, node: ast.AST) -> Outcome:
        """Return what the call of a step leads to whose code is not read as a function of its own."""
        self._hand_over(tags, arguments, node)
        reach = {**dict.fromkeys(tags, Way(*self.site(node))), **inside.reach}
        return Outcome(self._stamped(inside.result, tags), reach, inside.started)

    def _other(self, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
        call = peek(type(thing), "__call__") if not issubclass(type(thing), CALLABLE_TYPES) else NOTHING
        if type(call) is FunctionType and self._is_known(call):
            return self.call(Method(Real(call), Real(thing)), arguments, node)
        return self.external(thing, arguments, node)

    # Functions ------------------------------------------------------------------------------------------------

    def _run(self, body: Body, arguments: Arguments, node: ast.AST) -> Outcome:
        self._hand_over(body.tags, arguments, node)
        summary = self.program.run(body, bound(body, arguments))
        reach = self.program.exported(summary, self.site(node))
        if not body.tags:
            for site, reason in summary.blind.items():
                self.program.give_up(self.summary, site, reason)
        finished = summary.finished.union(body.tags)
        run = {tag: way for tag, way in reach.items() if tag in finished}
        result = self._stamped(summary.result, body.tags)
        if body.is_async and not any(isinstance(value, Box) and value.kind == "generator" for value in result):
            return Outcome(Some([Job(run, result, self.where(node))], result.tags), {}, reach)
        return Outcome(result, run, {tag: way for tag, way in reach.items() if tag not in finished})

    def _hand_over(self, tags: tuple[int, ...], arguments: Arguments, node: ast.AST) -> None:
        sources = arguments.tags() if tags else ()
        for target in tags:
            for source in sources:
                self.program.note("data", source, target, self.site(node))

    def _stamped(self, result: Some, tags: tuple[int, ...]) -> Some:
        """Let a result be the step's; what other steps of the same flow put into it stays inside."""
        if not tags:
            return result
        flows = {self.program.labels[tag][0] for tag in tags}
        hidden = {tag for tag in result.deep_tags() if self.program.labels[tag][0] in flows} - set(tags)
        shown = Some((_without(value, hidden) for value in result), result.tags - hidden)
        return shown.update(Some(tags=tags))

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
        known = False
        for name, first in (("__new__", Real(kind)), ("__init__", instance)):
            function = peek(kind, name)
            function = function.__func__ if type(function) is staticmethod else function
            if type(function) is FunctionType and self._is_known(function):
                known = True
                outcome.merge(self.call(Real(function), arguments.after(Some([first])), node)._replace(result=Some()))
        if not known:
            self._fill(instance, kind, arguments)
            outcome.merge(self._later(instance, kind, node))
        return outcome

    def _later(self, instance: Instance, kind: type, node: ast.AST) -> Outcome:
        """Run what a dataclass runs after its generated ``__init__``."""
        function = peek(kind, "__post_init__")
        if not (type(function) is FunctionType and self._is_known(function)):
            return Outcome.of()
        return self.call(Method(Real(function), instance), Arguments(), node)._replace(result=Some())

    def _fill(self, instance: Instance, kind: type, arguments: Arguments) -> None:
        """Put the arguments into the fields of a dataclass, a named tuple or the like."""
        fields = peek(kind, "__dataclass_fields__")
        names = fields if isinstance(fields, dict) else peek(kind, "_fields")
        if issubclass(type(names), (dict, tuple)):
            instance.attributes |= dict(zip(names, arguments.given, strict=False))
        instance.attributes |= arguments.named

    def _made(self, value: Made, arguments: Arguments, node: ast.AST) -> Outcome:
        instance = Instance(value, self.where(node))
        instance.tags |= arguments.tags()
        outcome = Outcome.of(Some([instance]))
        found = self.attribute(instance, "__init__", node)
        outcome.merge(self.call_all(found, arguments, node)._replace(result=Some()))
        if not found:
            instance.attributes |= arguments.named
        return outcome

    # Methods --------------------------------------------------------------------------------------------------

    def call_method(self, receivers: Some, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return what calling a method of any of these leads to."""
        outcome = Outcome.of(Some(tags=receivers.tags))
        for value in receivers:
            special = self._special(value, name, arguments, node)
            if special is None:
                found = self._with_tags(self.attribute(value, name, node), receivers.tags)
                special = self.call_all(found, arguments, node) if found else self.unknown(name, arguments, node)
            outcome.merge(special)
        return outcome if len(receivers) else self._unknown_method(outcome, name, arguments, node)

    def _with_tags(self, methods: Some, tags: set[int]) -> Some:
        """Let methods know whose result they were found on."""
        if not tags:
            return methods
        bound = (Method(each.function, each.receiver, tags) if isinstance(each, Method) else each for each in methods)
        return Some(bound, methods.tags)

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
        """Start the ``run`` of a thread or process of an own class, whose ``start`` is of others."""
        if any(self.is_function(method) for method in self.attribute(value, "start", node)):
            return None
        run = Some(method for method in self.attribute(value, "run", node) if self.is_function(method))
        return self.start(self.call_all(run, Arguments(), node), node) if run else None

    def _job_method(self, job: Job, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        if name in _WAITS:
            return Outcome.of(self.wait(Some([job])))
        if name in _THEN:
            given = Some().update(*arguments.given)
            return self.sequence([Some([job]), given], node)
        return Outcome.of(Some([job]))


def _without(value: Value, hidden: set[int]) -> Value:
    """Return a container without what these steps put into it."""
    if not (isinstance(value, Box) and hidden):
        return value
    box = Box(value.kind, ("shown", value.key, frozenset(hidden)))
    box.items = {key: Some(some, some.tags - hidden) for key, some in value.items.items()}
    box.rest = Some(value.rest, value.rest.tags - hidden)
    return box


def bound(body: Body, arguments: Arguments) -> dict[str, Some]:
    """Return what each parameter is."""
    parameters = body.node.args
    names = positional(body.node)
    every = [*names, *(each.arg for each in parameters.kwonlyargs)]
    found = {name: body.defaults.get(name, Some()) for name in every}
    rest = arguments.rest
    if rest is not None:
        found |= {name: Some().update(found[name], rest) for name in every[len(arguments.given) :]}
    found |= dict(zip(names, arguments.given, strict=False))
    found |= {name: some for name, some in arguments.named.items() if name in found}
    if parameters.vararg:
        found[parameters.vararg.arg] = _more(body, "tuple", dict(enumerate(arguments.given[len(names) :])), rest)
    if parameters.kwarg:
        named = {name: some for name, some in arguments.named.items() if name not in every}
        found[parameters.kwarg.arg] = _more(body, "dict", named, rest)
    return found


def _more(body: Body, kind: str, items: dict[Any, Some], rest: Some | None) -> Some:
    keys = frozenset((key, value.key) for key, some in items.items() for value in some)
    box = Box(kind, ("rest", body.key, keys), items)
    if rest is not None:
        box.rest.update(rest)
    return Some([box])
