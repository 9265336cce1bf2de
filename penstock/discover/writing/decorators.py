"""Writes a proposed flow as decorators over its functions."""

from __future__ import annotations

import ast
import os
import stat
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.check.fix import Edit, Fixes, Refusal
from penstock.discover.writing.import_lines import LineChanges, add_import, name_marks
from penstock.discover.writing.mark_text import flow_arguments, fold_call, iter_marks
from penstock.discover.writing.module_scope_names import ModuleScope
from penstock.discover.writing.places import own_names
from penstock.discover.writing.source_file import SourceFile, UnwritableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from penstock.discover.proposal import ProposedFlow, ProposedStep
    from penstock.discover.writing.source_file import Definition


def write_decorators(flow: ProposedFlow, project: Path, declared: Collection[str] = ()) -> Fixes:
    """Return the edits that put decorators above the functions of a flow; nothing is written.

    Each mark stands right above its function, below all other decorators, as those of frameworks must register what
    runs. The steps that the flow has already are left alone.

    Args:
        flow: The flow; its first step is the entrypoint.
        project: The folder that the files of its functions count from.
        declared: The addresses of functions that are steps of the flow already.
    """
    by_file: dict[str, list[ProposedStep]] = defaultdict(list)
    for step in flow.steps:
        if step.function.address not in declared:
            by_file[step.function.file].append(step)
    edits, refused = [], []
    for name, steps in by_file.items():
        try:
            file = _DecoratedFile(flow, _read_writable(name, project), own_names(flow, project))
            edit, refusals = file.decorate(steps, name)
        except UnwritableError as reason:
            edit, refusals = None, [_refuse(step, reason) for step in steps]
        edits += [edit] if edit else []
        refused += refusals
    return Fixes(edits=tuple(edits), refused=tuple(refused))


def _read_writable(name: str, project: Path) -> SourceFile:
    """Return a file of the project.

    Raises:
        UnwritableError: It cannot be read, is read-only, or belongs to something else, such as an installed package.
    """
    if not Path(os.path.normpath(project / name)).is_relative_to(project):
        raise UnwritableError("its file is outside of the project")
    source = SourceFile.read(project / name)
    if not source.path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise UnwritableError("its file is read-only")
    return source


def _refuse(step: ProposedStep, reason: UnwritableError) -> Refusal:
    function = step.function
    return Refusal(where=f"{function.file}:{function.line}", reason=f"{step.name} gets no decorator: {reason}.")


class _DecoratedFile:
    """One file of the flow, and the marks that its functions get.

    Args:
        flow: The flow.
        source: The file.
        own: The names of the project's own top-level modules.
    """

    def __init__(self, flow: ProposedFlow, source: SourceFile, own: frozenset[str]) -> None:
        self._flow = flow
        self._source = source
        self._own = own
        self._scope = ModuleScope(source.tree)

    def decorate(self, steps: Sequence[ProposedStep], name: str) -> tuple[Edit | None, list[Refusal]]:
        """Return the edit of the file, and the steps that it cannot declare."""
        definitions: dict[str, Definition] = {}
        refused = []
        for step in steps:
            try:
                definition = self._source.find(step.function)
                if not self._is_marked(definition):
                    self._check_owners(definition)
                    definitions[step.name] = definition
            except UnwritableError as reason:
                refused.append(_refuse(step, reason))
        if not definitions:
            return None, refused
        new = self._rewrite([step for step in steps if step.name in definitions], definitions)
        return Edit(path=self._source.path, name=name, old=self._source.data, new=new), refused

    def _rewrite(self, steps: Sequence[ProposedStep], definitions: Mapping[str, Definition]) -> bytes:
        needed = {"flow", *(mark for step in steps for mark, _ in self._marks(step))}
        names, imported = name_marks(self._scope, needed)
        changes = LineChanges()
        add_import(changes, self._scope, imported, self._source.lines, self._own)
        for step in steps:
            definition = definitions[step.name]
            indent = self._source.indentation(definition)
            for mark, arguments in self._marks(step):
                head, unit = f"@{names[mark]}", self._source.indentation_unit
                lines = fold_call(head, arguments, indent=indent, unit=unit) if arguments else [f"{indent}{head}"]
                changes.insert(definition.node.lineno, lines)
        return self._source.insert(changes.inserted, changes.replaced)

    def _marks(self, step: ProposedStep) -> Iterator[tuple[str, list[str]]]:
        is_entrypoint = step is self._flow.steps[0]
        yield "flow", flow_arguments(self._flow, self._source.quote, is_titled=is_entrypoint)
        yield from iter_marks(step, self._source.quote, is_entrypoint=is_entrypoint)

    def _is_marked(self, definition: Definition) -> bool:
        """Return whether the function is a step of the flow already."""
        return any(self._flow_of(decorator) == self._flow.name for decorator in definition.node.decorator_list)

    def _check_owners(self, definition: Definition) -> None:
        for owner in definition.owners:
            taker = next(filter(None, map(self._flow_of, owner.decorator_list)), None)
            if taker is not None:
                raise UnwritableError(f"the flow {taker} above its class would take it, too; declare it outside")

    def _flow_of(self, decorator: ast.expr) -> str | None:
        """Return the flow that a decorator ``@flow("name")`` names."""
        if not isinstance(decorator, ast.Call) or not decorator.args:
            return None
        names = {self._scope.marks.get("flow"), f"{self._scope.package}.flow"}
        first = decorator.args[0]
        is_flow = ast.unparse(decorator.func) in names and isinstance(first, ast.Constant)
        return str(first.value) if is_flow and isinstance(first, ast.Constant) else None
