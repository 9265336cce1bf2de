"""Functions as static analysis sees them: a node of a syntax tree and the enclosing names."""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock._introspection.definitions import find_source
from penstock.callgraph.abstract_values import Real, Some

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping
    from types import CodeType, FunctionType

    from penstock.callgraph.abstract_values import Made

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class LocalNames:
    """The names of one function during its analysis.

    Attributes:
        names: The possible values of each local name.
        outer: The scope around it.
        known: Which names are local to it.
        shared: The names that ``global`` or ``nonlocal`` declares.
    """

    outer: LocalNames | None = None
    names: dict[str, Some] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()

    def find(self, name: str) -> Some | None:
        """Return the possible values of a name, or ``None`` where no enclosing function has it."""
        scope: LocalNames | None = self
        while scope is not None:
            if name in scope.names and name not in scope.shared:
                return scope.names[name]
            if name in scope.known:
                return Some()
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
    owner: Real | Made | None = None
    defaults: Mapping[str, Some] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    package: str = ""
    tags: tuple[int, ...] = ()
    keep: Any = None

    @property
    def is_async(self) -> bool:
        """Whether a call only creates a coroutine."""
        return isinstance(self.node, ast.AsyncFunctionDef)


def body_of(function: FunctionType, tags: tuple[int, ...], owner: type | None) -> Body | None:
    """Return the definition of an existing function, or ``None`` where its source is not available."""
    code = function.__code__
    source = find_source(function)
    node: Node | None
    if source is not None and not isinstance(source.node, ast.ClassDef):
        node, imports, is_package = source.node, source.index.imports, source.index.is_package
    else:
        node, imports, is_package = _lambda_at(code), {}, False
    if node is None:
        return None
    name = str(function.__globals__.get("__name__", ""))
    return Body(
        key=("function", id(function)),
        node=node,
        file=code.co_filename,
        module=function.__globals__,
        outer=_closure(function),
        owner=Real(owner) if owner is not None else None,
        defaults=_defaults(function, node),
        imports=imports,
        package=name if is_package else name.rpartition(".")[0],
        tags=tags,
        keep=function,
    )


def _closure(function: FunctionType) -> LocalNames | None:
    names = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = Some([Real(cell.cell_contents)])
        except ValueError:  # not assigned yet
            names[name] = Some()
    return LocalNames(names=names) if names else None


def _defaults(function: FunctionType, node: Node) -> dict[str, Some]:
    names = positional(node)
    values = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=False)) | (function.__kwdefaults__ or {})
    return {name: Some([Real(value)]) for name, value in defaults.items()}


_lambdas: dict[str, tuple[list[str], dict[tuple[int, int], ast.Lambda]]] = {}


def _lambda_at(code: CodeType) -> ast.Lambda | None:
    if code.co_name != "<lambda>":
        return None
    lines = linecache.getlines(code.co_filename)
    entry = _lambdas.get(code.co_filename)
    if entry is None or entry[0] is not lines:
        entry = _lambdas[code.co_filename] = lines, dict(_find_lambdas(lines))
    start = next((place[2] for place in code.co_positions() if place[0] and place[2]), 0)
    near = [item for item in entry[1].items() if item[0][0] == code.co_firstlineno]
    return min(near, key=lambda item: abs(item[0][1] - (start or 0)), default=(None, None))[1]


def _find_lambdas(lines: list[str]) -> Iterator[tuple[tuple[int, int], ast.Lambda]]:
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            yield (node.lineno, node.body.col_offset), node


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
