"""Writes the ``after=`` that findings ask for, and nothing else.

Needs LibCST (the extra ``fix``), which is imported on demand. Unrecognized code is left unchanged and reported.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from penstock.check.findings.finding import Finding
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step


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
class AfterChange:
    """The names that ``after=`` of a step should hold.

    Attributes:
        flow: The flow.
        step: Its step.
        after: The names to write.
    """

    flow: Flow
    step: Step
    after: tuple[str, ...]


def fix(findings: Iterable[Finding], found: Manifest, project: Path, files: Sequence[Path] = ()) -> Fixes:
    """Return the edits that resolve the findings; nothing is written.

    Args:
        findings: The findings; only those with a proposal for ``after=`` count.
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
        raise MissingExtraError("writing after= needs LibCST", "fix") from None
    return fixes(wishes, found, project, files)


def _wishes(findings: Iterable[Finding], found: Manifest) -> list[AfterChange]:
    flows = {flow.full_name: flow for flow in found.flows}
    names = {
        (finding.flow, finding.target): finding.after
        for finding in findings
        if finding.after is not None and finding.flow in flows
    }
    return [
        AfterChange(flow=flows[flow], step=flows[flow].step(step), after=after) for (flow, step), after in names.items()
    ]
