"""Writes the ``after=``, ``effects=`` and ``trigger=`` that findings ask for, and nothing else.

Needs LibCST (the extra ``fix``), which is imported on demand. Unrecognized code is left unchanged and reported.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from penstock._util.atomic_files import write_atomically
from penstock.errors import MissingExtraError
from penstock.model.resources import read_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from penstock.check.findings.finding import Finding
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step


Keyword = Literal["after", "effects", "trigger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A file, before and after.

    Attributes:
        path: The file.
        name: Its name for people, relative to the project.
        old: The old content.
        new: The new content.
    """

    path: Path
    name: str
    old: bytes
    new: bytes

    def diff(self) -> list[str]:
        """Return the lines of a unified diff, without newlines."""
        old, new = (text.decode(errors="replace").splitlines() for text in (self.old, self.new))
        return list(difflib.unified_diff(old, new, f"a/{self.name}", f"b/{self.name}", lineterm=""))

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OutputError: It cannot be written; the old content remains.
        """
        write_atomically(self.path, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A finding that only a person can fix.

    Attributes:
        where: ``file:line`` of the step, or of the declaration that was not understood.
        reason: Why, in one sentence.
    """

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" if self.where else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """The edits, and the findings without one.

    Attributes:
        edits: One for each file that changes, by name.
        refused: The findings left to people.
    """

    edits: tuple[Edit, ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentChange:
    """The texts that an argument in the declaration of a step should hold.

    Attributes:
        flow: The flow.
        step: Its step.
        keyword: The argument: ``after``, ``effects`` or ``trigger``.
        values: The texts to write: names of steps, or resources.
        renames: The new texts of some that are there.
    """

    flow: Flow
    step: Step
    keyword: Keyword
    values: tuple[str, ...]
    renames: Mapping[str, str] = field(default_factory=dict)


def fix(findings: Iterable[Finding], found: Manifest, project: Path, files: Sequence[Path] = ()) -> Fixes:
    """Return the edits that resolve the findings; nothing is written.

    Args:
        findings: The findings; only those with a proposal for an argument count.
        found: The flows that they refer to.
        project: The folder that files of a manifest count from.
        files: All sources of the application, searched for declarations outside the function's own file.

    Raises:
        MissingExtraError: LibCST is not installed.
    """
    wishes = _wishes(findings, found)
    if not wishes:
        return Fixes()
    try:
        from penstock.check.fix.project import fixes  # noqa: PLC0415 - only those who ask need LibCST
    except ImportError as error:
        if not (error.name or "").startswith("libcst"):
            raise
        raise MissingExtraError("writing declarations needs LibCST", "fix") from None
    return fixes(wishes, found, project, files)


def _wishes(findings: Iterable[Finding], found: Manifest) -> list[ArgumentChange]:
    """Return what findings propose; several on one step propose the same."""
    flows = {flow.full_name: flow for flow in found.flows}
    changes = {
        (finding.flow, finding.target, keyword): values
        for finding in findings
        for keyword, values in _iter_proposals(finding)
        if finding.flow in flows
    }
    return [
        _describe_change(flows[flow], flows[flow].step(step), keyword, values)
        for (flow, step, keyword), values in changes.items()
    ]


def _iter_proposals(finding: Finding) -> Iterator[tuple[Keyword, tuple[str, ...]]]:
    if finding.after is not None:
        yield "after", finding.after
    if finding.effects is not None:
        yield "effects", finding.effects
    if finding.trigger:
        yield "trigger", (finding.trigger,)


def _describe_change(flow: Flow, step: Step, keyword: Keyword, values: tuple[str, ...]) -> ArgumentChange:
    """Return a change, in which a resource takes the place of one of the same kind."""
    old = {"after": (), "effects": step.effects, "trigger": (step.trigger,)}[keyword]
    removed_texts = [text for text in old if text not in values]
    renames: dict[str, str] = {}
    for text in values if removed_texts else ():
        family = read_resource(text).family
        near_texts = [name for name in removed_texts if name not in renames and read_resource(name).family == family]
        if text not in old and near_texts:
            renames[near_texts[0]] = text
    return ArgumentChange(flow=flow, step=step, keyword=keyword, values=values, renames=renames)
