"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.errors import OutputError


def stamp_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when a file is written: when its content and its entry last changed (ns), and its size.

    The time of the content alone is not enough. Images and archives give all files one time, and an edit may keep the size.
    """
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def own_folder(folder: Path) -> Path:
    """Make penstock's folder in a project, which version control is told to leave alone, and return it.

    Raises:
        OSError: It cannot be made.
        OutputError: It cannot be written to.
    """
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, b"*\n")
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a kill in the middle, sees the old content or the new, never a part.

    What is no file, such as ``/dev/stdout`` or a pipe, is written to.

    Raises:
        OutputError: The file cannot be written; what stood there before still does.
    """
    try:
        _make_folder(path.parent)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)  # a link stays a link
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise OutputError(f"cannot write {path}: {reason}") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        file = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
        raise NotADirectoryError(None, f"{file} is a file, not a folder") from None


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:60]}.{os.urandom(6).hex()}")
    try:
        # as open() does, with the permissions that new files get here
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:  # also an interrupt
        temporary.unlink(missing_ok=True)
        raise
