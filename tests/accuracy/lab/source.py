"""Reads the declarations in the source of a scenario, and writes sources with changes."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
Pair = tuple[str, str]


@dataclass(frozen=True)
class Source:
    """The source of a scenario.

    Attributes:
        tree: Its syntax tree, which nobody changes.
        after: What each step names in ``after=``; an entrypoint names nothing.
        entrypoints: The steps at which a run starts.
    """

    tree: ast.Module
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entrypoints: tuple[str, ...] = ()

    @property
    def edges(self) -> list[Pair]:
        """The declared arrows."""
        return [(source, target) for target, sources in self.after.items() for source in sources]

    def successors(self, name: str) -> set[str]:
        """Return the steps that arrows lead to from a step, directly or not."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            new = {target for source, target in self.edges if source == current} - found
            found |= new
            waiting += new
        return found

    def changed(self, change: Callable[[ast.Module], None]) -> str:
        """Return the text of a changed copy."""
        tree = copy.deepcopy(self.tree)
        change(tree)
        return ast.unparse(ast.fix_missing_locations(tree))


def parse(text: str) -> Source:
    """Return what a source declares."""
    tree = ast.parse(text)
    steps = {function.name: function for function in steps_in(tree)}
    after = {name: _after(function) for name, function in steps.items()}
    return Source(tree, after, tuple(name for name, function in steps.items() if _decorator(function, "entrypoint")))


def steps_in(tree: ast.AST) -> Iterator[Function]:
    """Yield the functions that are declared as steps."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and (_decorator(node, "step") or _decorator(node, "entrypoint")):
            yield node


def step_named(tree: ast.AST, name: str) -> Function:
    """Return the function that is the step of that name."""
    return next(function for function in steps_in(tree) if function.name == name)


def declare_after(tree: ast.AST, name: str, after: tuple[str, ...]) -> None:
    """Let a step name other steps in ``after=``; an entrypoint becomes a step, too."""
    function = step_named(tree, name)
    decorator = _decorator(function, "step")
    named = ast.keyword("after", ast.List([ast.Constant(each) for each in after], ast.Load()))
    if isinstance(decorator, ast.Call):
        decorator.keywords = [named]
    elif after:
        (entrypoint,) = (each for each in map(_bare, function.decorator_list) if each.attr == "entrypoint")
        step = ast.Attribute(copy.deepcopy(entrypoint.value), "step", ast.Load())
        function.decorator_list.insert(0, ast.Call(step, [], [named]))


def undeclare(tree: ast.AST, name: str) -> None:
    """Take the decorator off a step."""
    function = step_named(tree, name)
    function.decorator_list = [
        each for each in function.decorator_list if _bare(each).attr not in ("step", "entrypoint")
    ]


def _decorator(function: Function, kind: str) -> ast.expr | None:
    return next((each for each in function.decorator_list if getattr(_bare(each), "attr", "") == kind), None)


def _bare(decorator: ast.expr) -> ast.Attribute:
    return decorator.func if isinstance(decorator, ast.Call) else decorator  # type: ignore[return-value]


def _after(function: Function) -> tuple[str, ...]:
    decorator = _decorator(function, "step")
    if not isinstance(decorator, ast.Call):
        return ()
    given = ast.literal_eval(decorator.keywords[0].value)
    return (given,) if isinstance(given, str) else tuple(given)
