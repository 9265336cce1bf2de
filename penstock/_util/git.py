"""Returns the current commit of a folder."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
