"""Whether evidence is of the code as it stands, or of some other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from penstock.check.evidence import Evidence


def is_of_today(evidence: Evidence, file: Path, sources: Iterable[Path], commit: str) -> bool:
    """Tell whether evidence was recorded with the code of today.

    Either it is of the present commit, in which nothing has changed; or it names no other one, and no source has been
    written since.

    Args:
        evidence: The evidence.
        file: Where it is kept.
        sources: The files that the application was imported from.
        commit: The commit of today, with a plus behind it where files have changed; empty where there is none.
    """
    if commit and not commit.endswith("+") and set(evidence.commits) == {commit}:
        return True
    if any(each and _bare(each) != _bare(commit) for each in evidence.commits):
        return False
    written = file.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns <= written for source in sources)


def _bare(commit: str) -> str:
    return commit.removesuffix("+")


def shorten_commit(commit: str) -> str:
    """Cut a hash of git's, with the ``+`` of changes that are in no commit; any other name stays whole."""
    return _HASH.sub(r"\1", commit)


_HASH = re.compile(r"\A([0-9a-f]{7})[0-9a-f]{33}(?=\+?\Z)")
