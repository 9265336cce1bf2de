"""From the steps of all flows to what the code says of each flow."""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
import time
from functools import partial
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from penstock.check.callgraph._bodies import positional
from penstock.check.callgraph._calls import bound
from penstock.check.callgraph._objects import held_by, implementations, layers, peek
from penstock.check.callgraph._program import Program, TooLongError
from penstock.check.callgraph._statements import Statements
from penstock.check.callgraph._values import Arguments, Real, Some
from penstock.model import Blind, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from penstock.check.callgraph._bodies import Body
    from penstock.check.callgraph._program import Summary
    from penstock.check.callgraph._ways import Site
    from penstock.model import CallKind

_STACK = 256 * 1024 * 1024
_RECURSION = 12_000
_FLOW_SECONDS = 20.0
_BLIND = 20
"""How many places are reported for one flow."""


class StepAt(NamedTuple):
    """A step and the callable that it is.

    Attributes:
        flow: The name of the flow.
        name: The name of the step in it.
        function: What was declared.
    """

    flow: str
    name: str
    function: Any


class Reading(NamedTuple):
    """What the code says of one flow.

    Attributes:
        calls: Which step leads to which, in which way.
        blind: Where the reading gave up.
    """

    calls: tuple[Call, ...] = ()
    blind: tuple[Blind, ...] = ()


def read(steps: Iterable[StepAt], own: Callable[[str], bool], seconds: float = 60.0) -> dict[str, Reading]:
    """Return what the code says of each flow, by the flow's name.

    Args:
        steps: The steps of all flows.
        own: Tells whether a file is the user's own code, which is what is read.
        seconds: How long all of it may take; what is not read by then is named in ``blind``.
    """
    wanted = list(steps)
    found = {step.flow: Reading() for step in wanted}
    _with_a_deep_stack(partial(_read_all, wanted, own, time.monotonic() + seconds, found))
    return found


def _with_a_deep_stack(action: Callable[[], None]) -> None:
    """Run something that recurses as deeply as the code that it reads; deeper than that, it gives up."""
    limit = sys.getrecursionlimit()
    size = threading.stack_size()
    try:
        with contextlib.suppress(ValueError, RuntimeError):
            threading.stack_size(_STACK)
        thread = threading.Thread(target=action, name="penstock-callgraph")
        sys.setrecursionlimit(max(limit, _RECURSION))
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)


def _read_all(steps: list[StepAt], own: Callable[[str], bool], until: float, found: dict[str, Reading]) -> None:
    program = Program(steps, own, _read_function)
    flows = dict.fromkeys(step.flow for step in steps)
    late = {flow: _read_flow(program, [step for step in steps if step.flow == flow], until) for flow in flows}
    with contextlib.suppress(TooLongError, Exception):  # what is found so far stands
        program.until = min(until, time.monotonic() + _FLOW_SECONDS)
        for function in _callers(program, steps):
            _read_root(program, function)
    for flow in flows:
        found[flow] = _reading(program, flow, late[flow])


def _read_flow(program: Program, steps: list[StepAt], until: float) -> list[Blind]:
    """Read one flow; return the steps that could not be read, or not in time."""
    program.until = min(until, time.monotonic() + _FLOW_SECONDS)
    lost: list[Blind] = []
    for step in steps:
        try:
            _read_root(program, step.function)
        except TooLongError:
            return [*lost, _lost(step, "to read further would take too long")]
        except Exception as error:
            lost.append(_lost(step, f"the step cannot be read ({type(error).__name__})"))
    return lost


def _lost(step: StepAt, reason: str) -> Blind:
    file, line = _place(step.function)
    return Blind(step=step.name, reason=reason, file=file, line=line)


def _place(thing: Any) -> Site:
    function = next((each for each in layers(thing) if type(each) is FunctionType), None)
    return (function.__code__.co_filename, function.__code__.co_firstlineno) if function else ("", 0)


def _read_root(program: Program, thing: Any) -> None:
    """Read a function with whatever its annotations say that it is given."""
    for each in layers(thing):
        for chosen in implementations(each):
            _read_root(program, chosen)
        function = peek(each, "__init__") if issubclass(type(each), type) else each
        if type(function) is not FunctionType or not program.owns(function):
            continue
        body = program.body(function)
        if body is not None:
            program.run(body, _start(body, program))
            return


def _start(body: Body, program: Program) -> dict[str, Some]:
    """Return what the parameters are where nobody calls: ``self`` is any instance of the class."""
    names = bound(body, Arguments())
    first = next(iter(positional(body.node)), "")
    if first and isinstance(body.owner, Real) and isinstance(body.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        kind = type(peek(body.owner.thing, body.node.name))
        if kind is not staticmethod:
            receiver = body.owner if kind is classmethod else program.typical(body.owner.thing)
            names[first] = Some([receiver])
    return names


def _read_function(program: Program, body: Body, names: dict[str, Some], summary: Summary) -> None:
    frame = Statements(program, body, names, summary)
    try:
        frame.read()
    except RecursionError:
        frame.give_up(body.node, "the code is nested too deeply to be read")
    except (Exception, SystemExit) as error:  # a construct that nobody thought of must not cost the rest
        frame.give_up(body.node, f"the code cannot be read ({type(error).__name__})")


def _callers(program: Program, steps: list[StepAt]) -> Iterator[FunctionType]:
    """Yield the user's functions that are no steps themselves and speak of some: they may call one after the other."""
    names = {
        function.__name__ for step in steps for function in layers(step.function) if type(function) is FunctionType
    }
    for module in list(sys.modules.values()):
        held = held_by(module)
        file = held.get("__file__")
        if isinstance(file, str) and program.owns_file(file):
            for function in _functions(held, program):
                if names & _spoken(function.__code__):
                    yield function


def _functions(held: dict[str, Any], program: Program) -> Iterator[FunctionType]:
    for value in list(held.values()):
        inside = value.__dict__.values() if issubclass(type(value), type) and program.owns_class(value) else [value]
        for thing in list(inside):
            for each in layers(thing):
                if type(each) is FunctionType and program.owns(each) and not program.tags_of(each):
                    yield each
                    break


def _spoken(code: CodeType) -> set[str]:
    names = {*code.co_names, *code.co_freevars}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _spoken(constant)
    return names


_KINDS: tuple[CallKind, ...] = ("call", "order", "data")


def _deeper(found: dict[tuple[str, int, int], Site]) -> dict[tuple[str, int, int], Site]:
    """Return the order that follows for what steps call: it has run, too, when what comes after them begins."""
    calls: dict[int, list[int]] = {}
    for kind, source, target in found:
        if kind == "call":
            calls.setdefault(source, []).append(target)
    below = {step: _reachable(calls, step) for step in calls}
    return {
        ("order", deep, target): site
        for (kind, source, target), site in found.items()
        if kind == "order"
        for deep in below.get(source, ())
        if deep != target
    }


def _reachable(calls: dict[int, list[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = list(calls[start])
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += calls.get(step, ())
    return found


def _reading(program: Program, flow: str, late: list[Blind]) -> Reading:
    found = {**_deeper(program.found), **program.found}
    calls: list[tuple[CallKind, str, str, Site]] = [
        (cast("CallKind", kind), program.labels[source][1], program.labels[target][1], site)
        for (kind, source, target), site in found.items()
        if program.labels[source][0] == flow
    ]
    calls.sort(key=lambda each: (each[3], _KINDS.index(each[0]), each[1], each[2]))
    blind = [
        Blind(step=program.labels[tag][1], reason=reason, file=site[0], line=site[1])
        for tag, places in program.blind.items()
        if program.labels[tag][0] == flow
        for site, reason in places.items()
        if site not in program.answered
    ]
    places = {(each.file, each.line): each for each in [*late, *blind]}
    return Reading(
        tuple(
            Call(source=source, target=target, kind=kind, file=site[0], line=site[1])
            for kind, source, target, site in calls
        ),
        tuple(places.values())[:_BLIND],
    )
