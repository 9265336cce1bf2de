"""Models unknown callables by the functions that they receive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.abstract_values import (
    Arguments,
    ContainerValue,
    Job,
    LocalFunction,
    Method,
    Partial,
    Real,
    Some,
)
from penstock.callgraph.call_outcome import Outcome, resolve_pending
from penstock.callgraph.interpreter.annotations import Annotations
from penstock.callgraph.live_objects import layers

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.abstract_values import Value
    from penstock.callgraph.call_paths import Reach

_MAPPERS = frozenset(
    {"map", "starmap", "imap", "imap_unordered", "map_async", "starmap_async", "async_map", "from_thread"}
)
_STARTERS = frozenset(
    {
        "submit",
        "map",
        "starmap",
        "imap",
        "imap_unordered",
        "map_async",
        "starmap_async",
        "apply_async",
        "run_in_executor",
    }
    | {
        "to_thread",
        "create_task",
        "ensure_future",
        "start_soon",
        "spawn",
        "add_task",
        "enqueue",
        "call_soon",
        "call_later",
    }
    | {
        "call_soon_threadsafe",
        "run_coroutine_threadsafe",
        "start_new_thread",
        "Thread",
        "Process",
        "Timer",
        "on_commit",
    }
    | {"add_done_callback"}
)
"""Names of callables that only start a function."""
_RUNNERS = frozenset({"run", "run_until_complete", "run_sync"})
"""Names of callables that run a coroutine to its end."""
_SHORT = 12
"""The longest sequence of functions that is followed item by item."""
_FIRST_ONLY = _STARTERS | {"apply", "run", "run_sync", "reduce", "call", "run_until_complete", "wait_for", "send_task"}
_STORERS = frozenset(
    {"append", "add", "insert", "remove", "register", "connect", "disconnect", "setdefault", "update", "subscribe"}
    | {
        "discard",
        "index",
        "extend",
        "get",
        "pop",
        "count",
        "isinstance",
        "issubclass",
        "callable",
        "id",
        "hash",
        "repr",
    }
    | {
        "str",
        "print",
        "type",
        "hasattr",
        "setattr",
        "getLogger",
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "log",
    }
    | {"iscoroutinefunction", "isfunction", "signature", "unwrap", "getdoc", "getsource", "cast", "len", "bool", "vars"}
    | {"append_callback", "add_url_rule", "add_route", "add_command", "get_type_hints", "isgeneratorfunction"}
)
"""Names of callables that only store or inspect a function."""


class Models(Annotations):
    """Models third-party callables."""

    def is_function(self, value: Value) -> bool:
        """Return whether a value is a function of the user's, or a step."""
        if isinstance(value, (LocalFunction, Partial)):
            return True
        if isinstance(value, Method):
            return self.is_function(value.function)
        if not isinstance(value, Real) or value.key[0] == "constant":
            return False
        for thing in layers(value.thing):
            if self.program.tags_of(thing):
                return True
            code = getattr(thing, "__code__", None) if type(thing).__name__ == "function" else None
            if code is not None and self.program.owns(thing):
                return True
        return False

    def unknown(self, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
        """Return the outcome of calling a callable of which only the name is known.

        It may call the functions that it receives; its result may be made from all its arguments.
        """
        jobs = self._jobs(arguments)
        outcome = Outcome.of(Some(jobs))
        for at, some in enumerate(arguments.given) if name not in _STORERS else ():
            functions = Some(value for value in some if self.is_function(value))
            if functions:
                outcome.merge(self._call_callbacks(name, functions, arguments, at, node))
                if name in _FIRST_ONLY:
                    break
        for key, some in arguments.named.items() if name not in _STORERS else ():
            functions = Some(value for value in some if self.is_function(value))
            if functions:
                call_arguments = (
                    self._unpack_args_kwargs(arguments) if key in ("target", "function", "func") else Arguments()
                )
                outcome.merge(self.call_all(functions, call_arguments, node))
        if name not in _FIRST_ONLY or not (outcome.reach or outcome.started):
            outcome.result.tags |= arguments.tags()
        if name not in _RUNNERS | _STARTERS:
            return outcome
        for job in jobs:  # jobs that a function only returns are left out: they were started inside it
            outcome.merge(Outcome(Some(), {}, job.reach))
        return self._run_to_the_end(outcome) if name in _RUNNERS else self.start(outcome, node)

    def _run_to_the_end(self, outcome: Outcome) -> Outcome:
        return Outcome(resolve_pending(outcome.result), {**outcome.reach, **outcome.started}, {})

    def functions_in(self, some: Some) -> list[Some]:
        """Return the items of a short sequence of functions, or of tuples with functions, in their order."""
        lone = some.lone
        length = self.length(lone) if lone is not None else None
        if lone is None or not length or length > _SHORT:
            return []
        items = [self.item(lone, at) for at in range(length)]
        flat = [value for item in items for value in item]
        inside = [
            inner for value in flat for inner in (value.everything() if isinstance(value, ContainerValue) else [value])
        ]
        return items if any(map(self.is_function, inside)) else []

    def _jobs(self, arguments: Arguments) -> list[Job]:
        jobs: list[Job] = []
        for some in arguments.all():
            for value in some:
                values = value.everything() if isinstance(value, ContainerValue) else [value]
                jobs += [job for job in values if isinstance(job, Job)]
        return jobs

    def _call_callbacks(self, name: str, functions: Some, arguments: Arguments, at: int, node: ast.AST) -> Outcome:
        tail = arguments.given[at + 1 :]
        if name in _MAPPERS:
            outcome = self.call_all(functions, Arguments([self.items(argument) for argument in tail]), node)
            return outcome._replace(result=Some([self.box(node, "list", outcome.result)]))
        keywords = {key: some for key, some in arguments.named.items() if key not in ("args", "kwargs")}
        passed = self._unpack_args_kwargs(arguments)
        rest = arguments.rest if tail or keywords or passed.given else Some(tags=arguments.tags())
        return self.call_all(functions, Arguments([*tail, *passed.given], {**keywords, **passed.named}, rest), node)

    def _unpack_args_kwargs(self, arguments: Arguments) -> Arguments:
        """Return the arguments that ``args=`` and ``kwargs=`` pass on to the function."""
        result = Arguments()
        for value in arguments.named.get("args", ()):
            length = self.length(value)
            result.given = [self.item(value, at) for at in range(length)] if length is not None else []
            result.rest = self.items(Some([value])) if length is None else None
        for value in arguments.named.get("kwargs", ()):
            if isinstance(value, ContainerValue):
                result.named = {key: some for key, some in value.items.items() if isinstance(key, str)}
        return result

    def start(self, outcome: Outcome, node: ast.AST) -> Outcome:
        """Return an outcome whose steps are only started."""
        reach: Reach = {**outcome.reach, **outcome.started}
        result = resolve_pending(outcome.result)
        if not reach and not any(isinstance(value, Job) for value in outcome.result):
            return outcome
        return Outcome(Some([Job(reach, result, self.where(node))], result.tags), {}, reach)
