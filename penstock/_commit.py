"""The commit that a folder is at."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def commit_of(folder: Path) -> str:
    """Return the commit of a repository, with a plus behind it where files have changed; nothing where there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    commit, changes = (
        subprocess.run([git, *words], cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
        # without --verify, git answers "HEAD" where nothing is committed yet
        for words in (("rev-parse", "--verify", "--quiet", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{commit}+" if commit and changes else commit
