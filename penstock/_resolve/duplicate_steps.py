"""Functions that claim one name: finds the current definition, and definitions hidden by another."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from penstock._introspection.definitions import find_source, innermost
from penstock._resolve.declaration_problems import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock._declare.declaration import FlowDeclarations
    from penstock._declare.marks import StepMark
    from penstock.model import Problem

DUPLICATE: Final = "duplicate-step"

Pair = tuple["StepMark", "StepMark"]
"""A removed mark, and the mark that replaced it."""


def latest(declared: FlowDeclarations) -> tuple[list[StepMark], list[Pair]]:
    """Drop the marks of redefined objects; lazy objects are asked for their names only now."""
    last = {_definition(mark): mark for mark in declared.marks}
    current_marks, hidden = [], [*declared.hidden]
    for mark in declared.marks:
        by = last[_definition(mark)]
        if by.root is mark.root or find_source(mark.root):
            current_marks.append(mark)
        elif by.is_beside(mark):
            hidden.append((mark, by))
    return current_marks, [pair for pair in hidden if pair[1] in current_marks]


def _definition(mark: StepMark) -> tuple[object, ...]:
    if not mark.one_of_many:
        return mark.key
    return (*mark.key, mark.step_name, mark.declared if mark.deferred else "")


def hidden_problems(hidden: Iterable[Pair]) -> Iterator[Problem]:
    """Yield a problem for each function that is no longer a step, because another one took its name."""
    for earlier, later in hidden:
        if not _on_condition(later):
            yield problem_at(later, DUPLICATE, *_describe(earlier, later))


def _on_condition(mark: StepMark) -> bool:
    """Return whether a function is defined under an ``if`` or ``except``, where one replaces another on purpose."""
    source = find_source(innermost(mark.root))
    return source is not None and not isinstance(source.parent, (ast.Module, ast.ClassDef, *_FUNCTIONS))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _describe(earlier: StepMark, later: StepMark) -> tuple[str, str]:
    """Return what is wrong, and what to do."""
    name, line = later.key[1].rpartition(".")[2], earlier.declared[1]
    code = getattr(later.root, "__code__", None)
    if code is not None and code.co_name == name and code is getattr(earlier.root, "__code__", None):
        return (
            f"the step of line {line} is called {name!r}, too, and is lost, because a decorator gives its result that name.",
            "Give the decorator functools.wraps, or the steps names of their own: name=…",
        )
    return (
        f"{name!r} is defined in line {line}, too, and only one of the two can be step {later.step_name!r}.",
        "Rename a function, or give both steps names of their own: name=…",
    )
