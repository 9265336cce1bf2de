"""Callables of which only the name is known: they may call the functions that they receive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.models.packed_arguments import unpack_keywords
from penstock.callgraph.values.base import Arguments, Outcome, ValueSet
from penstock.callgraph.values.containers import Container, unpack
from penstock.callgraph.values.pending import PendingCall, start

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.frame import Frame

_MAPPERS = frozenset(
    {"map", "starmap", "imap", "imap_unordered", "map_async", "starmap_async", "async_map", "from_thread"}
)
"""Names of callables that call a function with the items of what follows it."""
_STARTERS = frozenset(
    {"submit", "map", "starmap", "imap", "imap_unordered", "map_async", "starmap_async", "apply_async", "start_soon"}
    | {"run_in_executor", "to_thread", "create_task", "ensure_future", "spawn", "add_task", "enqueue", "on_commit"}
    | {"call_soon", "call_later", "call_soon_threadsafe", "run_coroutine_threadsafe", "add_done_callback"}
    | {"start_new_thread", "Thread", "Process", "Timer"}
)
"""Names of callables that only start a function."""
_RUNNERS = frozenset({"run", "run_until_complete", "run_sync"})
"""Names of callables that run a coroutine to its end."""
_FIRST_ONLY = _STARTERS | {"apply", "run", "run_sync", "reduce", "call", "run_until_complete", "wait_for", "send_task"}
"""Names of callables that call the first function that they receive."""
_STORERS = frozenset(
    {"append", "add", "insert", "remove", "discard", "setdefault", "update", "extend", "get", "pop", "index", "count"}
    | {"register", "connect", "disconnect", "subscribe", "append_callback", "add_url_rule", "add_route", "add_command"}
    | {"isinstance", "issubclass", "callable", "id", "hash", "repr", "str", "bool", "len", "vars", "type", "hasattr"}
    | {"setattr", "print", "getLogger", "debug", "info", "warning", "error", "exception", "log", "cast", "unwrap"}
    | {"iscoroutinefunction", "isfunction", "isgeneratorfunction", "signature", "getdoc", "getsource", "get_type_hints"}
)
"""Names of callables that only store or inspect a function."""
_CALLBACKS = frozenset({"target", "function", "func"})
"""Names of parameters for a function that gets ``args=`` and ``kwargs=``."""


def call_unknown(frame: Frame, name: str, arguments: Arguments, node: ast.AST) -> Outcome:
    """Return the outcome of calling a callable of which only the name is known.

    It may call the functions that it receives; its result may be made from all its arguments.
    """
    jobs = _find_jobs(arguments)
    outcome = Outcome.of(ValueSet(jobs))
    if name not in _STORERS:
        _call_given(frame, name, arguments, outcome, node)
        _call_named(frame, arguments, outcome, node)
    if name not in _FIRST_ONLY or not (outcome.reach or outcome.started):
        outcome.result.tags |= arguments.tags()
    if name not in _RUNNERS | _STARTERS:
        return outcome
    for job in jobs:  # jobs that a function only returns are left out: they were started inside it
        outcome.merge(Outcome(ValueSet(), {}, job.reach))
    return _run_to_the_end(outcome) if name in _RUNNERS else start(frame, outcome, node)


def _find_jobs(arguments: Arguments) -> list[PendingCall]:
    values = (inner for values in arguments.all() for value in values for inner in unpack(value))
    return [value for value in values if isinstance(value, PendingCall)]


def _call_given(frame: Frame, name: str, arguments: Arguments, outcome: Outcome, node: ast.AST) -> None:
    """Call the functions among the positional arguments."""
    for at, values in enumerate(arguments.positional):
        functions = values.functions(frame)
        if functions:
            outcome.merge(_call_with_tail(frame, name, functions, arguments, at, node))
            if name in _FIRST_ONLY:
                break


def _call_with_tail(
    frame: Frame, name: str, functions: ValueSet, arguments: Arguments, at: int, node: ast.AST
) -> Outcome:
    """Call functions with the arguments behind them."""
    tail = arguments.positional[at + 1 :]
    if name in _MAPPERS:
        outcome = functions.call(frame, Arguments([argument.iterate(frame) for argument in tail]), node)
        return outcome._replace(result=ValueSet([Container.at(frame.where(node), "list", outcome.result)]))
    keywords = {key: values for key, values in arguments.named.items() if key not in ("args", "kwargs")}
    passed = unpack_keywords(frame, arguments)
    rest = arguments.rest if tail or keywords or passed.positional else ValueSet(tags=arguments.tags())
    return functions.call(frame, Arguments([*tail, *passed.positional], {**keywords, **passed.named}, rest), node)


def _call_named(frame: Frame, arguments: Arguments, outcome: Outcome, node: ast.AST) -> None:
    """Call the functions among the keyword arguments."""
    for key, values in arguments.named.items():
        functions = values.functions(frame)
        if functions:
            call_arguments = unpack_keywords(frame, arguments) if key in _CALLBACKS else Arguments()
            outcome.merge(functions.call(frame, call_arguments, node))


def _run_to_the_end(outcome: Outcome) -> Outcome:
    return Outcome(outcome.result.resolve(), {**outcome.reach, **outcome.started}, {})
