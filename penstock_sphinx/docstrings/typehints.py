"""Type hints according to autodoc's settings: in the signature, in the description, in both, or nowhere."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from penstock.render.wording import python_signature
from penstock_sphinx.docstrings.annotations import qualify_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sphinx.config import Config

    from penstock.model import Step

_PARAMETER = re.compile(r"^:(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?\\?\*{0,2}(\w+)\s*:")
_TYPE = re.compile(r"^:type\s+(\w+)\s*:")
_RETURNS = re.compile(r"^:returns?:")
_TO_SPELL = re.compile(r"""[."']""")
_RETURN_TYPE = re.compile(r"^:rtype:")


def apply_typehints(step: Step, lines: Sequence[str], config: Config) -> tuple[str, list[str]]:
    """Return a step's signature and the lines of its docstring, with type hints as ``autodoc_typehints`` asks."""
    mode = config.autodoc_typehints if "autodoc_typehints" in config else "signature"
    signature = python_signature(step)
    short = "autodoc_typehints_format" not in config or config.autodoc_typehints_format == "short"
    plain = mode == "signature" and short and not step.imports and not _TO_SPELL.search(signature)  # as most are
    function = None if plain else _parse_signature(signature)
    if function is None:
        return signature, list(lines)
    _spell(function, step, short=short)
    fields = list(_fields(function, lines, config)) if mode in ("description", "both") else []
    if mode in ("description", "none"):
        _strip(function)
    return _format_signature(function), [*lines, *(["", *fields] if fields and not _ends_in_field(lines) else fields)]


def _parse_signature(signature: str) -> ast.FunctionDef | None:
    try:
        (function,) = ast.parse(f"def f{signature}: ...").body
    except (SyntaxError, ValueError):
        return None
    return function if isinstance(function, ast.FunctionDef) else None


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    args = function.args
    candidates = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return [argument for argument in candidates if argument]


def _spell(function: ast.FunctionDef, step: Step, *, short: bool) -> None:
    """Spell each type in the function as autodoc would."""
    for argument in _arguments(function):
        if argument.annotation:
            argument.annotation = qualify_types(argument.annotation, step.imports, step.module, short=short)
    if function.returns:
        function.returns = qualify_types(function.returns, step.imports, step.module, short=short)


def _fields(function: ast.FunctionDef, lines: Sequence[str], config: Config) -> Iterator[str]:
    described_names = {match[1] for line in lines if (match := _PARAMETER.match(line))}
    typed_names = {match[1] for line in lines if (match := _TYPE.match(line))}
    everything = config.autodoc_typehints_description_target == "all"
    for argument in _arguments(function):
        name = argument.arg
        if argument.annotation is None or name in typed_names or not (everything or name in described_names):
            continue
        if name not in described_names:
            yield f":param {name}:"
        yield f":type {name}: {ast.unparse(argument.annotation)}"
    says_returns = any(map(_RETURNS.match, lines))
    if function.returns and not any(map(_RETURN_TYPE.match, lines)) and (everything or says_returns):
        yield f":rtype: {ast.unparse(function.returns)}"


def _strip(function: ast.FunctionDef) -> None:
    function.returns = None
    for argument in _arguments(function):
        argument.annotation = None


def _format_signature(function: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({ast.unparse(function.args)}){returns}"


def _ends_in_field(lines: Sequence[str]) -> bool:
    last = [line for line in lines if line.strip()][-1:]
    return bool(last) and last[0].startswith((":", " "))
