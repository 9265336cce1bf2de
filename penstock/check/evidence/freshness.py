"""Whether evidence is up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock.check.evidence.records import Evidence


def is_of_today(evidence: Evidence, file: Path, sources: Iterable[Path], commit: str) -> bool:
    """Return whether evidence was recorded with the current code.

    Either it is of the current commit, in a clean working tree; or it names no other commit, and no source has been
    modified since.

    Args:
        evidence: The evidence.
        file: The file that holds it.
        sources: The files that the application was imported from.
        commit: The current commit, with a plus behind it where files have changed; empty where there is none.
    """
    if commit and not commit.endswith("+") and set(evidence.commits) == {commit}:
        return True
    if any(recorded_commit and _bare(recorded_commit) != _bare(commit) for recorded_commit in evidence.commits):
        return False
    evidence_time = file.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= evidence_time for source in sources)


def _bare(commit: str) -> str:
    return commit.removesuffix("+")
