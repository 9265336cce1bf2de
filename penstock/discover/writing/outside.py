"""Writes a proposed flow as declarations in a module of their own, beside code that stays as it is."""

from __future__ import annotations

import ast
import keyword
import re
from typing import TYPE_CHECKING

from penstock.check.fix import Edit
from penstock.discover.writing.import_lines import LineChanges, add_import, name_marks
from penstock.discover.writing.mark_text import flow_arguments, fold_call, iter_marks, quote_text
from penstock.discover.writing.module_scope_names import ModuleScope
from penstock.discover.writing.places import module_name
from penstock.discover.writing.source_file import SourceFile
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from penstock.discover.proposal import ProposedFlow

_HEADER = '"""Flows of code that has no decorators."""\n\nfrom penstock import flow\n'


def write_outside(flow: ProposedFlow, file: Path, name: str, declared: Collection[str] = ()) -> Edit | None:
    """Return the edit that declares a flow in a module of its own, or below the flows that the module has.

    Without a step that is not declared yet, there is none.

    Args:
        flow: The flow; its first step is the entrypoint.
        file: The module.
        name: Its name for people, relative to the project.
        declared: The addresses of functions that are steps of the flow already.

    Raises:
        ConfigError: The module declares a flow of this name already, or is not Python.
        UnwritableError: The module cannot be read.
    """
    if all(step.function.address in declared for step in flow.steps):
        return None
    old = SourceFile.read(file) if file.exists() else None
    base = old if old and old.data.strip() else SourceFile(file, _HEADER.encode())
    scope = ModuleScope(base.tree)
    names, imported = name_marks(scope, ["flow"])
    changes = LineChanges()
    add_import(changes, scope, imported, base.lines, ())
    if not declared and flow.name in {node.value for node in ast.walk(base.tree) if isinstance(node, ast.Constant)}:
        raise ConfigError(f"a flow {flow.name!r} is declared there already; name another file", where=name)
    handle = _free_handle(flow.name, base.tree)
    lines = ["", *_iter_lines(flow, handle, names["flow"], declared)]
    changes.insert(len(base.lines) + 1, lines)
    return Edit(path=file, name=name, old=old.data if old else b"", new=base.insert(changes.inserted, changes.replaced))


def _iter_lines(flow: ProposedFlow, handle: str, function: str, declared: Collection[str]) -> Iterator[str]:
    is_titled = flow.steps[0].function.address not in declared
    yield from fold_call(f"{handle} = {function}", flow_arguments(flow, is_titled=is_titled))
    for index, step in enumerate(flow.steps):
        target = quote_text(f"{module_name(step.function)}:{step.function.qualname}")
        marks = iter_marks(step, is_entrypoint=index == 0) if step.function.address not in declared else ()
        for mark, arguments in marks:
            yield from fold_call(f"{handle}.{mark}", arguments, f".patch({target})")


def _free_handle(flow: str, tree: ast.Module) -> str:
    """Return a name for the flow that the module does not have."""
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | ModuleScope(tree).taken | {"flow"}
    handle = re.sub(r"\W", "_", flow)
    if not handle.isidentifier() or keyword.iskeyword(handle) or handle in taken:
        handle = f"flow_{handle}"
    while handle in taken:
        handle += "_"
    return handle
