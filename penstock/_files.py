"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from penstock.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill in the middle, sees the old content or the new, never a part.

    Raises:
        OutputError: The file cannot be written; what stood there before still does.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.resolve()  # a link stays a link
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:60]}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or what a new file would get."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
