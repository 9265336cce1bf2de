"""All changes of a project: each located in the source, and one edit for each file."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

from penstock._util.atomic_files import is_file, read_bytes
from penstock.check.fix import Edit, Fixes, Refusal
from penstock.check.fix.argument_values import NotUnderstoodError
from penstock.check.fix.declarations import ParsedModule, keyword, literal
from penstock.check.fix.marks import rewrite_mark
from penstock.check.fix.module_scope import ModuleNames
from penstock.check.fix.stacked_step import stack
from penstock.check.gc_pause import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.check.fix import ArgumentChange
    from penstock.check.fix.declarations import DeclarationSite
    from penstock.check.fix.stacked_step import Replacement
    from penstock.manifest import Manifest
    from penstock.model import Step


def fixes(wishes: Sequence[ArgumentChange], found: Manifest, project: Path, files: Sequence[Path]) -> Fixes:
    """Return the edits of a project's files."""
    with collector_paused():  # a file of 150 kB is parsed in 0.8 s so, and in 1.2 s otherwise
        return _plan_fixes(_Work(found, project, tuple(files), tuple(wishes)), wishes)


def _plan_fixes(work: _Work, wishes: Sequence[ArgumentChange]) -> Fixes:
    for wish in wishes:
        try:
            work.grant(wish)
        except NotUnderstoodError as reason:
            location = work.location or wish.step.where
            work.refused.append(Refusal(where=location, reason=f"{wish.step.name} is left alone: {reason}."))
    return Fixes(edits=tuple(work.edits()), refused=tuple(work.refused))


@dataclass
class _Work:
    manifest: Manifest
    project: Path
    files: tuple[Path, ...]
    wishes: tuple[ArgumentChange, ...]
    refused: list[Refusal] = field(default_factory=list)
    location: str = ""
    _sources: dict[Path, ParsedModule] = field(default_factory=dict)
    _changes: dict[Path, dict[int, Replacement]] = field(default_factory=lambda: defaultdict(dict))

    def grant(self, wish: ArgumentChange) -> None:
        """Note the change that a wish asks for."""
        self.location = ""
        source, place = self._place(wish)
        self.location = f"{self._name(source.scope.path)}:{place.line}"
        if _takes(place, wish):
            self._check_kind(wish, place)
            self._check_others(wish, place)
            mark = self._changes[source.scope.path].get(id(place.expression), place.expression)
            self._change(source, place.expression, rewrite_mark(mark, place, wish, source))
        else:
            self._change(source, *self._stack_mark(wish, place, source))

    def _change(self, source: ParsedModule, old: cst.CSTNode, new: Replacement) -> None:
        """Note a change, also one of a mark that is already changed."""
        changes = self._changes[source.scope.path]
        if isinstance(new, cst.FlattenSentinel) and id(old) in changes:
            raise NotUnderstoodError("another argument of it is written first; run the command once more")
        changes[id(old)] = new

    def _stack_mark(
        self, wish: ArgumentChange, place: DeclarationSite, source: ParsedModule
    ) -> tuple[cst.CSTNode, Replacement]:
        """Return the change that also makes an entrypoint a step; of other flows only if they want it, too."""
        if not wish.values:
            raise NotUnderstoodError(f"nothing says {wish.keyword}= of it")
        try:
            self._check_others(wish, place)
        except NotUnderstoodError:
            return stack(place, wish, source, alone=True)
        return stack(place, wish, source, alone=False)

    def _place(self, wish: ArgumentChange) -> tuple[ParsedModule, DeclarationSite]:
        places = list(self._places(wish))
        candidates = [pair for pair in places if wish.flow.name in pair[1].flows]
        candidates = candidates or [pair for pair in places if None in pair[1].flows]
        choices = [pair for pair in candidates if _takes(pair[1], wish)] or candidates
        if not choices:
            raise NotUnderstoodError(f"nothing says where it is made a step of {wish.flow.name}")
        if len(choices) > 1:
            lines = " and ".join(f"{self._name(source.scope.path)}:{place.line}" for source, place in choices)
            raise NotUnderstoodError(f"it is made a step of {wish.flow.name} more than once, at {lines}")
        return choices[0]

    def _places(self, wish: ArgumentChange) -> Iterator[tuple[ParsedModule, DeclarationSite]]:
        own = self._file(wish.step.file)
        over = [(source, place) for source in self._parse_files(own) for place in source.over(wish.step)]
        if any({None, wish.flow.name} & place.flows for _, place in over):
            yield from over
            return
        for path in dict.fromkeys((*own, *self.files)):
            for source in self._mentioning(path, wish):
                yield from ((source, place) for place in source.outside(wish.step))

    def _file(self, name: str) -> list[Path]:
        """Return the file that a manifest names, if it is one of the project's."""
        path = self.project / name
        if name and is_file(path) and path.resolve().is_relative_to(self.project.resolve()):
            return [path]
        ending = Path(name).parts
        matches = [file for file in self.files if ending and file.parts[-len(ending) :] == ending]
        return matches if len(matches) == 1 else []

    def _parse_files(self, paths: Iterable[Path]) -> Iterator[ParsedModule]:
        for path in paths:
            if path not in self._sources:
                self._sources[path] = ParsedModule(ModuleNames(path, read_bytes(path), self.files))
            yield self._sources[path]

    def _mentioning(self, path: Path, wish: ArgumentChange) -> Iterator[ParsedModule]:
        """Yield a file that may make the function a step; to parse all would take long."""
        text = read_bytes(path) if path.suffix == ".py" and path.is_file() else b""
        last = wish.step.qualname.rpartition(".")[2]
        if (b"step" in text or b"entrypoint" in text) and (last.encode() in text or wish.step.name.encode() in text):
            yield from self._parse_files([path])

    def _check_kind(self, wish: ArgumentChange, place: DeclarationSite) -> None:
        if place.kind == "flow_task" and wish.keyword == "after" and not wish.values:
            raise NotUnderstoodError("whether flow_task has after= decides what it is, a step or an entrypoint")

    def _check_others(self, wish: ArgumentChange, place: DeclarationSite) -> None:
        """Refuse to change a flow, or a step, that shares the mark and wants something else."""
        for flow in self.manifest.flows:
            sharing_steps = flow.steps if {flow.name, None} & place.flows else ()
            for step in sharing_steps:
                if _is_made_by(place, step, wish.step) and not self._wants(flow.full_name, step.name, wish):
                    sharer = f"the step {step.name}" if flow is wish.flow else f"the flow {flow.name}"
                    raise NotUnderstoodError(f"{sharer} takes the same @{place.kind}; give each its own")

    def _wants(self, flow: str, step: str, change: ArgumentChange) -> bool:
        return any(
            (wish.flow.full_name, wish.step.name, wish.keyword) == (flow, step, change.keyword)
            and set(wish.values) == set(change.values)
            for wish in self.wishes
        )

    def edits(self) -> Iterator[Edit]:
        """Yield one edit for each file that changes."""
        for path, changes in sorted(self._changes.items()):
            source = self._sources[path]
            new = source.module.visit(_Replacement(changes)).bytes
            if new != source.scope.text:
                yield Edit(path=path, name=self._name(path), old=source.scope.text, new=new)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.project).as_posix() if path.is_relative_to(self.project) else str(path)


def _takes(place: DeclarationSite, wish: ArgumentChange) -> bool:
    """Return whether a mark takes the argument."""
    if place.kind == "flow_task" and wish.keyword != "after":
        return True
    return place.is_step if wish.keyword != "trigger" else place.kind == "entrypoint"


def _is_made_by(place: DeclarationSite, step: Step, wished: Step) -> bool:
    """Return whether a mark also makes a step: the one of the same name, or any if the name is computed."""
    if (step.line, step.qualname, step.file) != (wished.line, wished.qualname, wished.file):
        return False
    name = keyword(place.expression, "name") or keyword(place.expression, "step_name")
    return step.name == wished.name or (name is not None and literal(name.value) is None)


class _Replacement(cst.CSTTransformer):
    def __init__(self, changes: dict[int, Replacement]) -> None:
        super().__init__()
        self._changes = changes

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Replacement:  # type: ignore[override]
        """Return the replacement of a node, or the node where it has none."""
        return self._changes.get(id(original_node), updated_node)
