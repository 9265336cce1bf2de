"""Functions as static analysis sees them: a node of a syntax tree and the enclosing names."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.callgraph.values.base import ValueSet

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from penstock.callgraph.values.base import Value

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class LocalNames:
    """The names of one function during its analysis.

    Attributes:
        names: The possible values of each local name.
        outer: The scope around it.
        own_names: Which names are local to it.
        shared: The names that ``global`` or ``nonlocal`` declares.
    """

    outer: LocalNames | None = None
    names: dict[str, ValueSet] = field(default_factory=dict)
    own_names: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    def find(self, name: str) -> ValueSet | None:
        """Return the possible values of a name, or ``None`` where no enclosing function has it."""
        scope: LocalNames | None = self
        while scope is not None:
            if name in scope.names and name not in scope.shared:
                return scope.names[name]
            if name in scope.own_names:
                return ValueSet()
            scope = scope.outer
        return None

    def owner_of(self, name: str) -> LocalNames | None:
        """Return the enclosing scope that has a name."""
        scope = self.outer
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A function.

    Attributes:
        key: Identifies the function.
        node: The definition.
        file: The file of the definition.
        module: The globals of its module.
        outer: The enclosing names, other than the module's.
        owner: The class that defines it as a method.
        defaults: The default values of its parameters.
        imports: The names that the file's import statements bind.
        package: The package that relative imports start from.
        tags: The numbers of the steps that it is.
        keep: The object itself, kept alive so that its ``id`` is not reused.
    """

    key: Hashable
    node: Node
    file: str
    module: dict[str, Any]
    outer: LocalNames | None = None
    owner: Value | None = None
    defaults: Mapping[str, ValueSet] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    package: str = ""
    tags: tuple[int, ...] = ()
    keep: Any = None

    @property
    def is_async(self) -> bool:
        """Whether a call only creates a coroutine."""
        return isinstance(self.node, ast.AsyncFunctionDef)


def positional(node: Node) -> list[str]:
    """Return the names of the parameters that can be given by position."""
    return [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)]


def parameters(node: Node) -> Iterator[ast.arg]:
    """Yield all parameters."""
    args = node.args
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
    yield from filter(None, (args.vararg, args.kwarg))


def names_in(node: Node) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a function binds, and those that it declares ``global`` or ``nonlocal``."""
    bound_names = {child.arg for child in parameters(node)}
    shared_names: set[str] = set()
    waiting: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]
    while waiting:
        inner_node = waiting.pop()
        bound_names.update(_bound_by(inner_node))
        if isinstance(inner_node, (ast.Global, ast.Nonlocal)):
            shared_names.update(inner_node.names)
        if isinstance(inner_node, _COMPREHENSIONS):
            waiting += [child for generator in inner_node.generators for child in (generator.iter, *generator.ifs)]
        elif not isinstance(inner_node, _SCOPES):
            waiting += ast.iter_child_nodes(inner_node)
    return frozenset(bound_names - shared_names), frozenset(shared_names)


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
