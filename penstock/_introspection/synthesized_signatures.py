"""Renders signatures built by Python in the words of the source: a runtime value may be a secret."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import sys
from functools import lru_cache, partial, partialmethod
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._callables.kinds import flags_of
from penstock._callables.unwrap import underlying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from penstock._introspection.source_definition import SourceDefinition

    FindSource = Callable[[Any], SourceDefinition | None]

COMPILED = (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
"""The types of functions implemented in C."""

UNKNOWN = "…"
"""Stands for a default that no source shows."""

CO_FUTURE_ANNOTATIONS = 0x1000000
"""The code flag of ``from __future__ import annotations``."""

_MAKES_FIELD = frozenset({"Field", "attrib", "field", "ib"})
"""Names of the functions that describe a field for dataclasses, attrs and Pydantic."""


class Words(str):
    """Source text; a signature shows the text in place of the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class FunctionWords(NamedTuple):
    """A function, and its arguments and result in the source."""

    function: Any
    arguments: ast.arguments
    returns: ast.expr | None = None


class FieldWords(NamedTuple):
    """The declaration of one field in a class body: its type, and its default or an empty text."""

    annotation: str
    default: str


def known_signature(target: Any, function: Any, find_source: FindSource) -> str:
    """Return a signature as Python knows it, with defaults and annotations as source text; unknown ones are left out.

    Args:
        target: The callable.
        function: The function or class below its decorations.
        find_source: Returns the definition of a function or class, or ``None``.
    """
    try:
        signature = _evaluate(target)
    except Exception:  # user code may compute a signature
        return "(...)"
    functions, bodies = list(_functions(function)), list(_class_bodies(function, find_source))
    if _is_compiled(target, function, functions, bodies):  # the text is a part of the compiled text
        return re.sub(r" at 0x[0-9a-fA-F]+", "", str(signature))
    speller = _ParameterFormatter([_words_of(callee, find_source) for callee in functions], _fields_of(bodies))
    parameters = [speller.spell(parameter) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=speller.returns(signature.return_annotation)))


def _evaluate(target: Any) -> inspect.Signature:
    if sys.version_info >= (3, 14):  # evaluating annotations fails for names imported only for type checkers
        from annotationlib import Format  # noqa: PLC0415

        return inspect.signature(target, annotation_format=Format.STRING)
    return inspect.signature(target)


def _is_compiled(target: Any, function: Any, functions: Sequence[Any], bodies: Sequence[ast.ClassDef]) -> bool:
    """Return whether a callable is not Python code, so that its signature is a compiled text, too."""
    if isinstance(function, type):
        return not functions and not bodies and not {"__signature__", "__attrs_attrs__"} & vars(function).keys()
    return isinstance(function, COMPILED) and not isinstance(target, (partial, partialmethod))


def _functions(function: Any) -> Iterator[FunctionType]:
    """Yield the Python functions that a call of a callable may run first."""
    if not isinstance(function, type):
        candidates = [function, inspect.getattr_static(type(function), "__call__", None)]
    elif "__attrs_attrs__" in vars(function):  # attrs generates them from text that contains values
        candidates = []
    else:
        owners = ((type(function), "__call__"), (function, "__new__"), (function, "__init__"))
        candidates = [underlying(inspect.getattr_static(owner, name, None)) for owner, name in owners]
    yield from (inspect.unwrap(candidate) for candidate in candidates if isinstance(candidate, FunctionType))


def _words_of(function: FunctionType, find_source: FindSource) -> FunctionWords:
    source = find_source(function)
    if source and not isinstance(source.node, ast.ClassDef):
        return FunctionWords(function, source.node.args, source.node.returns)
    return FunctionWords(function, _lambda_arguments(function) or ast.arguments([], [], None, [], [], None, []))


def _lambda_arguments(function: FunctionType) -> ast.arguments | None:
    """Return the arguments of a lambda, if it is the only one in its line with these argument names."""
    code = function.__code__
    if code.co_name != "<lambda>":
        return None
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    lambdas = (node.args for node in _lambdas(text) if node.lineno == code.co_firstlineno)
    same = [args for args in lambdas if names == [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]]
    return same[0] if len(same) == 1 else None


@lru_cache(maxsize=8)
def _lambdas(text: str) -> tuple[ast.Lambda, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Lambda))


def _class_bodies(function: Any, find_source: FindSource) -> Iterator[ast.ClassDef]:
    """Yield the bodies of a class and of its bases, as far as their sources are available."""
    for base in function.__mro__ if isinstance(function, type) else ():
        source = find_source(base) if base.__module__ != "builtins" else None
        if source and isinstance(source.node, ast.ClassDef):
            yield source.node


def _fields_of(bodies: Iterable[ast.ClassDef]) -> dict[str, FieldWords]:
    """Return the fields defined in class bodies, by name; the first body with a field counts."""
    fields: dict[str, FieldWords] = {}
    for body in bodies:
        own: dict[str, FieldWords] = {}
        for node in body.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                own[node.target.id] = FieldWords(ast.unparse(node.annotation), _default(node.value))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                own[node.targets[0].id] = FieldWords("", _default(node.value))
        fields = {**own, **fields}
    return fields


def _default(value: ast.expr | None) -> str:
    """Return the default of a field as written, or an empty text if a factory creates it."""
    if not isinstance(value, ast.Call) or _callee(value) not in _MAKES_FIELD:
        return ast.unparse(value) if value else ""
    default = next((keyword.value for keyword in value.keywords if keyword.arg == "default"), None)
    if default is None and _callee(value) != "field" and value.args:
        default = value.args[0]
    return ast.unparse(default) if default else ""


def _callee(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


class _ParameterFormatter:
    """Finds the source text of parameters."""

    def __init__(self, definitions: Sequence[FunctionWords], fields: Mapping[str, FieldWords]) -> None:
        self._definitions = definitions
        self._fields = fields

    def spell(self, parameter: inspect.Parameter) -> inspect.Parameter:
        """Return a parameter with texts in place of its values."""
        default = parameter.default if parameter.default is parameter.empty else self._default(parameter)
        return parameter.replace(default=default, annotation=self._annotation(parameter))

    def returns(self, annotation: Any) -> Any:
        """Return the text of a result's type, or the empty marker of a signature."""
        if annotation is inspect.Signature.empty:
            return annotation
        expression = next((definition.returns for definition in self._definitions if definition.returns), None)
        return _format_annotation(expression) if expression else self._type(annotation)

    def _default(self, parameter: inspect.Parameter) -> Words:
        for definition in self._definitions:
            expression, value = _default_in(definition, parameter.name)
            if expression and value is parameter.default:
                return Words(ast.unparse(expression))
        field = self._fields.get(parameter.name)
        if field and field.default:
            return Words(field.default)
        return Words("None" if parameter.default is None else UNKNOWN)

    def _annotation(self, parameter: inspect.Parameter) -> Any:
        if parameter.annotation is parameter.empty:
            return parameter.annotation
        for definition in self._definitions:
            arguments = {argument.arg: argument for argument in _arguments(definition.arguments)}
            argument = arguments.get(parameter.name)
            if argument and argument.annotation:
                return _format_annotation(argument.annotation)
        field = self._fields.get(parameter.name)
        return Words(field.annotation) if field and field.annotation else self._type(parameter.annotation)

    def _type(self, annotation: Any) -> Any:
        """Return a class by its name; text only if the compiler made it from source: other texts are values."""
        if annotation is None or (isinstance(annotation, type) and type(annotation).__module__ != "types"):
            return Words(inspect.formatannotation(annotation) if annotation else "None")
        if isinstance(annotation, str) and self._definitions and _is_source_text(self._definitions[0].function):
            return Words(annotation)
        return inspect.Parameter.empty


def _is_source_text(function: Any) -> bool:
    """Return whether the compiler stores a function's annotations as text, or can return them as text."""
    if flags_of(function) & CO_FUTURE_ANNOTATIONS:
        return True
    annotate = getattr(function, "__annotate__", None) if sys.version_info >= (3, 14) else None
    code, annotate_code = getattr(function, "__code__", None), getattr(annotate, "__code__", None)
    return code is not None and annotate_code is not None and bool(code.co_filename == annotate_code.co_filename)


def _format_annotation(annotation: ast.expr) -> Words:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return Words(annotation.value)
    return Words(ast.unparse(annotation))


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    return [argument for argument in every if argument]


def _default_in(definition: FunctionWords, name: str) -> tuple[ast.expr | None, object]:
    """Return the default of a function's parameter, as expression and as value."""
    function, arguments = definition.function, definition.arguments
    if not isinstance(function, FunctionType):
        return None, None
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    expressions = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    keywords = zip([argument.arg for argument in arguments.kwonlyargs], arguments.kw_defaults, strict=True)
    expressions |= {keyword: default for keyword, default in keywords if default}
    code = function.__code__
    names = reversed(code.co_varnames[: code.co_argcount])
    values = {
        **dict(zip(names, reversed(function.__defaults__ or ()), strict=False)),
        **(function.__kwdefaults__ or {}),
    }
    return (expressions.get(name), values[name]) if name in values else (None, None)
