"""Changes a scenario so that its declarations and its code no longer agree."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lab.source import declare_after, steps_in, undeclare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.source import Function, Pair, Source


@dataclass(frozen=True)
class Mutant:
    """A changed scenario.

    Attributes:
        kind: What was done to it.
        what: The same of this one, in words.
        text: The changed source.
        steps: The steps concerned; a finding has to name one of them.
        into: The step whose arrows must not stay confirmed, where that is enough to be found.
        was: The arrow that was replaced, where one was.
        now: The arrow that replaced it, where one did.
    """

    kind: str
    what: str
    text: str
    steps: frozenset[str]
    into: str = ""
    was: Pair | None = None
    now: Pair | None = None


def of_declarations(source: Source) -> Iterator[Mutant]:
    """Yield the changes of what is declared."""
    for edge in source.edges:
        a, b = edge
        others = tuple(name for name in source.after[b] if name != a)
        yield _declared(source, "delete", f"{a} -> {b}", {b: others}, edge)
        yield _declared(source, "reverse", f"{a} -> {b}", {b: others, a: (*source.after[a], b)}, edge)
        yield _declared(source, "rename", f"{a} -> {b}", {b: (*others, f"{a}_x")}, edge)
        for c in source.after:
            if c not in (*edge, *others):
                what = f"{a} -> {b} became {c} -> {b}"
                yield _declared(source, "retarget", what, {b: (*others, c)}, (c, *edge), edge, (c, b))
    for name in source.after:
        text = source.changed(partial(undeclare, name=name))
        yield Mutant("missing step", name, text, frozenset({name}))


def _declared(
    source: Source,
    kind: str,
    what: str,
    after: dict[str, tuple[str, ...]],
    steps: tuple[str, ...],
    was: Pair | None = None,
    now: Pair | None = None,
) -> Mutant:
    def change(tree: ast.Module) -> None:
        for name, names in after.items():
            declare_after(tree, name, names)

    return Mutant(kind, what, source.changed(change), frozenset(steps), was=was, now=now)


def of_code(source: Source) -> Iterator[Mutant]:
    """Yield the changes of what the code does."""
    sites = list(_sites(source.tree, set(source.after)))
    for number, (where, name) in enumerate(sites):
        text = source.changed(partial(_skip, source, {number: "_skip"}))
        yield Mutant("call deleted", f"{name} in {where}", text, frozenset({name}), into=name)
        inner = {called for place, called in sites if place == name} - {name, where}
        for called in sorted(inner):
            text = source.changed(partial(_skip, source, {number: called}))
            yield Mutant("bypassed", f"{called} for {name} in {where}", text, frozenset({name, called}))
    yield from _swapped(source, sites)
    for name in source.after:
        text = source.changed(partial(_rename, name=name))
        yield Mutant("renamed", name, text, frozenset({name, f"{name}_new"}))


def _swapped(source: Source, sites: list[Pair]) -> Iterator[Mutant]:
    for number, (where, name) in enumerate(sites):
        for later, (place, other) in enumerate(sites[number + 1 :], number + 1):
            if place == where and other != name:
                text = source.changed(partial(_skip, source, {number: other, later: name}))
                yield Mutant("swapped", f"{name} and {other} in {where}", text, frozenset({name, other}))


def _sites(tree: ast.Module, steps: set[str]) -> Iterator[Pair]:
    """Yield each place that speaks of a step, as the step or function around it and the step; not the driver."""
    for function, node in _mentions(tree, steps):
        yield function, _name(node)


def _mentions(tree: ast.Module, steps: set[str]) -> Iterator[tuple[str, ast.Name | ast.Attribute]]:
    for top in (top for top in tree.body if getattr(top, "name", "") != "run"):
        for owner in top.body if isinstance(top, ast.ClassDef) else [top]:
            where = getattr(owner, "name", "a table")
            body = owner.body if hasattr(owner, "body") else [owner]
            for node in (node for statement in body for node in ast.walk(statement)):
                if isinstance(node, (ast.Name, ast.Attribute)) and _name(node) in steps - {where}:
                    yield where, node


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _skip(source: Source, changes: dict[int, str], tree: ast.Module) -> None:
    """Let other functions stand where steps were spoken of."""
    mentions = [node for _, node in _mentions(tree, set(source.after))]
    kinds = {function.name: _kind(function) for function in steps_in(tree)}
    whole = {_name(node): ast.unparse(node) for node in mentions}
    for number, name in changes.items():
        node = mentions[number]
        put = f"_skip_{kinds[_name(node)]}" if name == "_skip" else whole.get(name, name)
        _Put(node, ast.parse(put, mode="eval").body).visit(tree)
    tree.body[1:1] = ast.parse(SKIPS).body


class _Put(ast.NodeTransformer):
    """Puts an expression in the place of another one."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        """Return what stands there from now on."""
        return self.new if node is self.old else self.generic_visit(node)


def _kind(function: Function) -> str:
    lazy = any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(function))
    if isinstance(function, ast.AsyncFunctionDef):
        return "items_async" if lazy else "async"
    return "items" if lazy else "plain"


SKIPS = """
class _Skip:
    def __call__(self, given=None, *args, **kwargs):
        return given

    delay = si = s = __call__

    def apply_async(self, args=(), **kwargs):
        return args


_skip_plain = _Skip()


async def _skip_async(given=None, *args, **kwargs):
    return given


def _skip_items(given=(), *args, **kwargs):
    return range(given) if isinstance(given, int) else iter(given)


async def _skip_items_async(given=(), *args, **kwargs):
    for each in _skip_items(given):
        yield each
"""
"""What hands its first argument on, in the place of a step that is no longer called."""


def _rename(tree: ast.Module, name: str) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name:
            node.id = f"{name}_new"
        elif isinstance(node, ast.Attribute) and node.attr == name and not _is_handle(node):
            node.attr = f"{name}_new"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            node.name = f"{name}_new"


def _is_handle(node: ast.Attribute) -> bool:
    return node.attr in ("step", "entrypoint")
