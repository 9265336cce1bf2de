"""All changes of a project: each located in the source, and one edit for each file."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

from penstock._util.atomic_files import is_file, read_bytes
from penstock.check.fix import Edit, Fixes, Refusal
from penstock.check.fix.after_argument import NotUnderstoodError, rewritten
from penstock.check.fix.declarations import ParsedModule, get_dotted_name, keyword, literal, means
from penstock.check.fix.module_scope import ModuleNames
from penstock.check.fix.stacked_step import stack
from penstock.check.gc_pause import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.check.fix import AfterChange
    from penstock.check.fix.declarations import DeclarationSite
    from penstock.check.fix.stacked_step import Replacement
    from penstock.manifest import Manifest
    from penstock.model import Step


def fixes(wishes: Sequence[AfterChange], found: Manifest, project: Path, files: Sequence[Path]) -> Fixes:
    """Return the edits of a project's files."""
    with collector_paused():  # a file of 150 kB is parsed in 0.8 s so, and in 1.2 s otherwise
        return _plan_fixes(_Work(found, project, tuple(files), tuple(wishes)), wishes)


def _plan_fixes(work: _Work, wishes: Sequence[AfterChange]) -> Fixes:
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
    wishes: tuple[AfterChange, ...]
    refused: list[Refusal] = field(default_factory=list)
    location: str = ""
    _sources: dict[Path, ParsedModule] = field(default_factory=dict)
    _changes: dict[Path, dict[int, Replacement]] = field(default_factory=lambda: defaultdict(dict))

    def grant(self, wish: AfterChange) -> None:
        """Note the change that a wish asks for."""
        self.location = ""
        source, place = self._place(wish)
        self.location = f"{self._name(source.scope.path)}:{place.line}"
        if place.is_step:
            self._check_kind(wish, place)
            self._check_others(wish, place)
            self._change(source, place.expression, _rewrite_mark(place, wish, source))
        else:
            self._change(source, *self._stack_mark(wish, place, source))

    def _change(self, source: ParsedModule, old: cst.CSTNode, new: Replacement) -> None:
        self._changes[source.scope.path][id(old)] = new

    def _stack_mark(
        self, wish: AfterChange, place: DeclarationSite, source: ParsedModule
    ) -> tuple[cst.CSTNode, Replacement]:
        """Return the change that also makes an entrypoint a step; of other flows only if they want it, too."""
        if not wish.after:
            raise NotUnderstoodError("nothing says after= of it")
        try:
            self._check_others(wish, place)
        except NotUnderstoodError:
            return stack(place, wish, source, alone=True)
        return stack(place, wish, source, alone=False)

    def _place(self, wish: AfterChange) -> tuple[ParsedModule, DeclarationSite]:
        places = list(self._places(wish))
        candidates = [pair for pair in places if wish.flow.name in pair[1].flows]
        candidates = candidates or [pair for pair in places if None in pair[1].flows]
        choices = [pair for pair in candidates if pair[1].is_step] or candidates
        if not choices:
            raise NotUnderstoodError(f"nothing says where it is made a step of {wish.flow.name}")
        if len(choices) > 1:
            lines = " and ".join(f"{self._name(source.scope.path)}:{place.line}" for source, place in choices)
            raise NotUnderstoodError(f"it is made a step of {wish.flow.name} more than once, at {lines}")
        return choices[0]

    def _places(self, wish: AfterChange) -> Iterator[tuple[ParsedModule, DeclarationSite]]:
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

    def _mentioning(self, path: Path, wish: AfterChange) -> Iterator[ParsedModule]:
        """Yield a file that may make the function a step; to parse all would take long."""
        text = read_bytes(path) if path.suffix == ".py" and path.is_file() else b""
        last = wish.step.qualname.rpartition(".")[2]
        if (b"step" in text or b"entrypoint" in text) and (last.encode() in text or wish.step.name.encode() in text):
            yield from self._parse_files([path])

    def _check_kind(self, wish: AfterChange, place: DeclarationSite) -> None:
        if place.kind == "flow_task" and not wish.after:
            raise NotUnderstoodError("whether flow_task has after= decides what it is, a step or an entrypoint")

    def _check_others(self, wish: AfterChange, place: DeclarationSite) -> None:
        """Refuse to change the arrows of a flow, or of a step, that shares the mark and wants something else."""
        for flow in self.manifest.flows:
            sharing_steps = flow.steps if {flow.name, None} & place.flows else ()
            for step in sharing_steps:
                if _is_made_by(place, step, wish.step) and not self._wants(flow.full_name, step.name, wish.after):
                    sharer = f"the step {step.name}" if flow is wish.flow else f"the flow {flow.name}"
                    raise NotUnderstoodError(f"{sharer} takes the same @step; give each its own")

    def _wants(self, flow: str, step: str, after: Sequence[str]) -> bool:
        return any(
            wish.flow.full_name == flow and wish.step.name == step and set(wish.after) == set(after)
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


def _rewrite_mark(place: DeclarationSite, wish: AfterChange, source: ParsedModule) -> cst.BaseExpression:
    """Return the mark with the requested ``after=``."""
    mark = place.expression
    if not isinstance(mark, cst.Call):
        return cst.Call(mark, [_argument(rewritten(None, wish.after, _nothing))]) if wish.after else mark
    if any(argument.star or not argument.keyword for argument in mark.args):
        raise NotUnderstoodError("its decorator has arguments that are not written as name=value")
    old = keyword(mark, "after")
    if not wish.after:
        return _without(mark, old, bare=not place.called)
    value = rewritten(old.value if old else None, wish.after, _Named(wish, source))
    if old is None:
        return _with_first(mark, _argument(value))
    arguments = [argument.with_changes(value=value) if argument is old else argument for argument in mark.args]
    return mark.with_changes(args=arguments)


def _nothing(_: cst.BaseExpression) -> str:
    return ""


def _argument(value: cst.BaseExpression) -> cst.Arg:
    tight = cst.SimpleWhitespace("")
    return cst.Arg(value, keyword=cst.Name("after"), equal=cst.AssignEqual(tight, tight))


def _with_first(mark: cst.Call, argument: cst.Arg) -> cst.Call:
    if not mark.args:
        return mark.with_changes(args=[argument])
    before = mark.whitespace_before_args
    is_multiline = isinstance(before, cst.ParenthesizedWhitespace)
    space = before if is_multiline else cst.SimpleWhitespace(" ")
    return mark.with_changes(args=[argument.with_changes(comma=cst.Comma(whitespace_after=space)), *mark.args])


def _without(mark: cst.Call, old: cst.Arg | None, *, bare: bool) -> cst.BaseExpression:
    arguments = [argument for argument in mark.args if argument is not old]
    if not arguments:
        tight = cst.SimpleWhitespace("")
        return mark.func if bare else mark.with_changes(args=[], whitespace_before_args=tight)
    if old is mark.args[-1]:
        last = arguments[-1].with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
        arguments = [*arguments[:-1], last]
    return mark.with_changes(args=arguments)


class _Named:
    """Resolves the step that an expression in ``after=`` names."""

    def __init__(self, wish: AfterChange, source: ParsedModule) -> None:
        self._wish = wish
        self._source = source

    def __call__(self, expression: cst.BaseExpression) -> str:
        """Return the name of a step, or the text itself if it names no step.

        Raises:
            NotUnderstoodError: The expression cannot be resolved.
        """
        text = literal(expression)
        if text is not None:
            return self._by_text(text)
        name = get_dotted_name(expression)
        steps = self._wish.flow.steps if name else ()
        names = [step.name for step in steps if means(self._source.scope.expand_name(name or ""), step)]
        if len(names) == 1:
            return names[0]
        code = cst.Module([]).code_for_node(expression)
        raise NotUnderstoodError(f"which steps {code} in its after= names is not written there")

    def _by_text(self, text: str) -> str:
        if text in self._wish.flow.successors:
            return text
        path = text.replace(":", ".")
        names = [
            step.name for step in self._wish.flow.steps if path in (step.qualname, f"{step.module}.{step.qualname}")
        ]
        return names[0] if len(names) == 1 else text
