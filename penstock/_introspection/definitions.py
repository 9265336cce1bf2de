"""Reads metadata of a callable from its source: position, signature, docstring, hash."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import linecache
import textwrap
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._callables.kinds import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, flags_of
from penstock._callables.task_objects import function_of_task
from penstock._callables.unwrap import identity, underlying
from penstock._introspection.annotation_imports import import_bindings, spoken_of
from penstock._introspection.docstring_summary import title
from penstock._introspection.source_definition import Definition, Index, SourceDefinition
from penstock._introspection.source_signature import format_signature
from penstock._introspection.synthesized_signatures import known_signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Kind


class Facts(NamedTuple):
    """The fields of :class:`~penstock.model.Step` that come from the source."""

    title: str
    docstring: str
    signature: str
    imports: tuple[str, ...]
    module: str
    qualname: str
    file: str
    line: int
    end_line: int
    kind: Kind
    source_hash: str


def facts(target: Any) -> Facts:
    """Return the metadata of a callable from its source; unknown fields stay empty."""
    function = innermost(target)
    source = find_source(function)
    module, qualname = identity(function)
    text = docstring(function)
    signature_text = signature(target, function, source)
    return Facts(
        title=title(text),
        docstring=text,
        signature=signature_text,
        imports=_imports(signature_text, source, module),
        module=module,
        qualname=qualname,
        file=_file_of(function),
        line=_first_line(source.node) if source else _code_line(function),
        end_line=(source.node.end_lineno or 0) if source else _code_line(function),
        kind=kind_of(function),
        source_hash=_hash(source) if source else "",
    )


def innermost(target: Any) -> Any:
    """Return the function below all decorations that expose the decorated object."""
    function = underlying(target)
    if (below := function_of_task(function)) is not None:
        return innermost(below)
    try:
        return underlying(inspect.unwrap(function))
    except ValueError:  # an object that answers every attribute, such as a mock of a missing module
        return function


def _imports(signature_text: str, source: SourceDefinition | None, module: str) -> tuple[str, ...]:
    if source is None:
        return ()
    package = module if source.index.is_package else module.rpartition(".")[0]
    return tuple(spoken_of(signature_text, source.index.imports, package))


def docstring(function: Any) -> str:
    """Return the docstring with its indentation cleaned, or an empty string."""
    if isinstance(function, type):
        text = _class_docstring(function)
    elif inspect.isroutine(function):
        text = function.__doc__
    else:
        kind = type(function)
        text = getattr(function, "__dict__", {}).get("__doc__") or _call_of(kind).__doc__ or _class_docstring(kind)
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def _class_docstring(kind: type) -> str | None:
    """Return the docstring of a class, unless ``dataclass`` generated it from the values of defaults."""
    text = kind.__doc__
    is_auto = isinstance(text, str) and text.startswith(f"{kind.__name__}(") and "__dataclass_fields__" in vars(kind)
    source = find_source(kind) if is_auto else None
    return None if is_auto and not (source and ast.get_docstring(source.node)) else text


def _call_of(kind: type) -> Any:
    """Return the ``__call__`` that a class defines in Python, or ``None``."""
    call = inspect.getattr_static(kind, "__call__", None)
    return call if isinstance(call, FunctionType) else None


def kind_of(function: Any) -> Kind:
    """Return the kind of a callable."""
    if isinstance(function, type):
        return "class"
    flags = flags_of(function)
    if flags & CO_COROUTINE:
        return "coroutine"
    if flags & CO_ASYNC_GENERATOR:
        return "async generator"
    if flags & CO_GENERATOR:
        return "generator"
    return "function" if inspect.isroutine(function) else "callable"


def signature(target: Any, function: Any, source: SourceDefinition | None) -> str:
    """Return the signature as written where the source is available, else as Python knows it, without values."""
    as_written = not _is_partial(target) and not hasattr(function, "__signature__")
    if as_written and source and not isinstance(source.node, ast.ClassDef):
        return format_signature(
            source.node, is_method=isinstance(target, MethodType) or _is_method(source.node, source.parent)
        )
    return known_signature(target if callable(target) else function, function, find_source)


def _is_partial(target: Any) -> bool:
    return isinstance(target, (functools.partial, functools.partialmethod))


def _is_method(node: ast.FunctionDef | ast.AsyncFunctionDef, parent: ast.AST) -> bool:
    """Return whether a function's first argument is bound; outside a class, only the argument's name can tell.

    Celery's ``bind=True`` makes a function a method of its task.
    """
    if isinstance(parent, ast.ClassDef):
        return "staticmethod" not in map(ast.unparse, node.decorator_list)
    return [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][:1] == ["self"]


def find_source(function: Any) -> SourceDefinition | None:
    """Return the definition of a function or class in its source file, or ``None``."""
    file = _file_of(function)
    if not file:
        return None
    try:
        linecache.checkcache(file)
        lines = linecache.getlines(file, getattr(function, "__globals__", None))
    except ValueError:  # what `compile` was told may be no path at all
        return None
    index = _index(file, lines)
    code = _code(function)
    definition = index.get((code.co_firstlineno, code.co_name)) if code else index.get((0, identity(function)[1]))
    return SourceDefinition(*definition, index=index) if definition else None


_indexes: dict[str, Index] = {}


def _index(file: str, lines: list[str]) -> Index:
    """Return the file's index, rebuilt if the lines in linecache have changed."""
    index = _indexes.get(file)
    if index is None or index.lines is not lines:
        index = _indexes[file] = Index(file, lines)
        _fill(index)
    return index


def _fill(index: Index) -> None:
    try:
        tree = ast.parse("".join(index.lines))
    except (SyntaxError, ValueError):  # edited since it was imported, or not Python
        return
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        parent, prefix = stack.pop()
        for node in _statements(parent):
            if isinstance(node, Definition):
                index[_first_line(node), node.name] = node, parent
                index.setdefault((0, f"{prefix}{node.name}"), (node, parent))
                stack.append((node, f"{prefix}{node.name}{'.' if isinstance(node, ast.ClassDef) else '.<locals>.'}"))
            else:
                stack.append((node, prefix))
                for name, full in () if prefix else import_bindings(node):
                    index.imports.setdefault(name, full)


def _statements(parent: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a block; expressions hold no definitions, and most of a tree is expressions."""
    for block in ("body", "orelse", "handlers", "finalbody", "cases"):
        children = getattr(parent, block, ())
        if isinstance(children, list):  # the body of a lambda or of a conditional expression is none
            yield from children


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _hash(source: SourceDefinition) -> str:
    """Hash the lines from ``def`` on, without the docstring: decorators and comments do not change behaviour."""
    node = source.node
    lines = source.index.lines[node.lineno - 1 : node.end_lineno]
    if ast.get_docstring(node, clean=False) is not None:
        words = node.body[0]
        if words.lineno > node.lineno:
            del lines[words.lineno - node.lineno : (words.end_lineno or 0) - node.lineno + 1]
    text = "\n".join(map(str.rstrip, lines))
    if node.col_offset:
        text = textwrap.dedent(text)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _code(function: Any) -> CodeType | None:
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _code_line(function: Any) -> int:
    code = _code(function)
    return code.co_firstlineno if code else 0


def _file_of(function: Any) -> str:
    code = _code(function)
    if code:
        return code.co_filename
    try:
        return inspect.getsourcefile(function if inspect.isclass(function) else type(function)) or ""
    except (TypeError, OSError):  # built in, or defined in a session without files
        return ""
