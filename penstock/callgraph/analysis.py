"""Analyses the steps of all flows and returns the static relations of each flow."""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
import time
from concurrent.futures import Future
from functools import partial
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.callgraph.codebase import Codebase
from penstock.callgraph.function_bodies import positional
from penstock.callgraph.interpreter.function import interpret_function
from penstock.callgraph.interpreter.invocation import bind_arguments
from penstock.callgraph.live_objects import held_by, implementations, layers, peek
from penstock.callgraph.program import Program, TooLongError
from penstock.callgraph.results import sort_by_flow
from penstock.callgraph.values.base import Arguments, ValueSet
from penstock.callgraph.values.live import LiveClass
from penstock.model import UNREAD, Blind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from penstock.callgraph.call_paths import Site
    from penstock.callgraph.function_bodies import Body
    from penstock.callgraph.results import Arrows, Reading

_STACK = 256 * 1024 * 1024
_RECURSION = 12_000


class StepAt(NamedTuple):
    """A step and the callable that it is.

    Attributes:
        flow: The name of the flow.
        name: The name of the step in it.
        function: The declared callable.
    """

    flow: str
    name: str
    function: Any


def read(
    steps: Iterable[StepAt], own: Callable[[str], bool], seconds: float = 60.0, arrows: Arrows | None = None
) -> dict[str, Reading]:
    """Return the static relations of each flow, by the flow's name.

    Args:
        steps: The steps of all flows.
        own: Returns whether a file is the user's own code; no other code is analysed.
        seconds: How long all of it may take; a flow that is not wholly read by then says so in ``blind``, with
            :data:`penstock.model.UNREAD` as reason.
        arrows: The arrows that each flow declares, if the order of other steps does not matter.
    """
    readings: dict[str, Reading] = {}
    _with_a_deep_stack(partial(_read_all, list(steps), own, seconds, arrows, readings))
    return readings


def _with_a_deep_stack(action: Callable[[], None]) -> None:
    """Run an action that recurses as deeply as the code that it analyses; beyond that depth, it gives up."""
    limit = sys.getrecursionlimit()
    size = threading.stack_size()
    outcome: Future[None] = Future()
    try:
        with contextlib.suppress(ValueError, RuntimeError):
            threading.stack_size(_STACK)
        thread = threading.Thread(target=partial(_fulfil, outcome, action), name="penstock-callgraph")
        sys.setrecursionlimit(max(limit, _RECURSION))
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    outcome.result()


def _fulfil(outcome: Future[None], action: Callable[[], None]) -> None:
    try:
        action()
        outcome.set_result(None)
    except BaseException as error:
        outcome.set_exception(error)


def _read_all(
    steps: list[StepAt],
    own: Callable[[str], bool],
    seconds: float,
    arrows: Arrows | None,
    readings: dict[str, Reading],
) -> None:
    program, clock = Program(Codebase(steps, own), interpret_function), _Clock(seconds)
    flows: dict[str, list[StepAt]] = {}
    for step in steps:
        flows.setdefault(step.flow, []).append(step)
    blinds = {flow: _read_flow(program, of_flow, clock) for flow, of_flow in flows.items()}
    with contextlib.suppress(Exception):  # the relations found so far remain
        _read_callers(program, flows, clock, blinds)
    readings.update(sort_by_flow(program, blinds, arrows))


class _Clock:
    """Divides the available time: one flow, or one function that calls steps, may take a third of it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._share = seconds / 3

    def start_next(self, program: Program) -> None:
        """Begin the time share of the next analysis.

        Raises:
            TooLongError: No time is left.
        """
        now = time.monotonic()
        program.until = min(self._end, now + self._share)
        if now >= self._end:
            raise TooLongError


def _read_flow(program: Program, steps: list[StepAt], clock: _Clock) -> list[Blind]:
    """Analyse one flow; return the steps that could not be analysed, or not in time."""
    blinds: list[Blind] = []
    step = steps[0]
    try:
        clock.start_next(program)
        for step in steps:
            try:
                _read_root(program, step.function)
            except Exception as error:
                blinds.append(_make_gap(step, f"the step cannot be read ({type(error).__name__})"))
    except TooLongError:
        return [_make_gap(step, UNREAD), *blinds]
    return blinds


def _read_callers(
    program: Program, flows: dict[str, list[StepAt]], clock: _Clock, blinds: dict[str, list[Blind]]
) -> None:
    """Analyse functions that may call several steps; add the flows they mention to ``blinds`` if time runs out."""
    speakers = _flows_by_function(flows)
    unread: set[str] = set()
    for function in _callers(program, speakers):
        try:
            clock.start_next(program)
            with contextlib.suppress(Exception):
                _read_root(program, function)
        except TooLongError:
            mentioned_flows = {
                flow for name in _collect_names(function.__code__) for flow in speakers.get(name, ())
            } - unread
            unread |= mentioned_flows
            for flow in mentioned_flows:
                blinds[flow].insert(0, _make_gap(flows[flow][0], UNREAD))


def _flows_by_function(flows: dict[str, list[StepAt]]) -> dict[str, set[str]]:
    """Return the flows that functions are steps of, by the functions' names."""
    flows_by_name: dict[str, set[str]] = {}
    for flow, steps in flows.items():
        for step in steps:
            for function in layers(step.function):
                if type(function) is FunctionType:
                    flows_by_name.setdefault(function.__name__, set()).add(flow)
    return flows_by_name


def _make_gap(step: StepAt, reason: str) -> Blind:
    file, line = _place(step.function)
    return Blind(step=step.name, reason=reason, file=file, line=line)


def _place(thing: Any) -> Site:
    function = next((layer for layer in layers(thing) if type(layer) is FunctionType), None)
    return (function.__code__.co_filename, function.__code__.co_firstlineno) if function else ("", 0)


def _read_root(program: Program, thing: Any) -> None:
    """Analyse a function with the arguments that its annotations describe."""
    for layer in layers(thing):
        for implementation in implementations(layer):
            _read_root(program, implementation)
        function = peek(layer, "__init__") if issubclass(type(layer), type) else layer
        if type(function) is not FunctionType or not program.code.owns(function):
            continue
        body = program.body(function)
        if body is not None:
            program.run(body, _start(body, program))
            return


def _start(body: Body, program: Program) -> dict[str, ValueSet]:
    """Return the parameter values without a caller: ``self`` is any instance of the class."""
    names = bind_arguments(body, Arguments())
    first = next(iter(positional(body.node)), "")
    if first and isinstance(body.owner, LiveClass) and isinstance(body.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        kind = type(peek(body.owner.thing, body.node.name))
        if kind is not staticmethod:
            receiver = body.owner if kind is classmethod else program.make_typical(body.owner.thing)
            names[first] = ValueSet([receiver])
    return names


def _callers(program: Program, names: Collection[str]) -> Iterator[FunctionType]:
    """Yield the user's functions that are no steps but mention steps: they may call one after the other."""
    for module in list(sys.modules.values()):
        attributes = held_by(module)
        file = attributes.get("__file__")
        if isinstance(file, str) and program.code.owns_file(file):
            for function in _functions(attributes, program):
                if not _collect_names(function.__code__).isdisjoint(names):
                    yield function


def _functions(attributes: dict[str, Any], program: Program) -> Iterator[FunctionType]:
    for value in list(attributes.values()):
        inside = (
            value.__dict__.values() if issubclass(type(value), type) and program.code.owns_class(value) else [value]
        )
        for thing in list(inside):
            for layer in layers(thing):
                if type(layer) is FunctionType and program.code.owns(layer) and not program.code.tags_of(layer):
                    yield layer
                    break


def _collect_names(code: CodeType) -> set[str]:
    names = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _collect_names(constant)
    return names
