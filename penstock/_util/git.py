"""Commits of git: the current one of a folder, and their short form."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HASH = re.compile(r"\A([0-9a-f]{7})[0-9a-f]{33}(?=\+?\Z)")


def commit_of(folder: Path) -> str:
    """Return the commit of a repository, with a trailing plus for changed files; empty without a commit."""
    git = shutil.which("git")
    if git is None:
        return ""
    commit, changes = (
        subprocess.run([git, *words], cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
        # without --verify, git answers "HEAD" in a repository without commits
        for words in (("rev-parse", "--verify", "--quiet", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{commit}+" if commit and changes else commit


def shorten_commit(commit: str) -> str:
    """Return a Git hash cut to seven characters, with the ``+`` of uncommitted changes; any other name stays whole."""
    return _HASH.sub(r"\1", commit)
