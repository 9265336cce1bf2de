"""Writes files atomically."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from penstock.errors import OutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


def stamp_of(status: os.stat_result) -> tuple[int, int, int]:
    """Return the stamp of a file: the times when its content and its entry last changed (ns), and its size.

    The modification time alone is not enough: archives give all files one time, and an edit may keep the size.
    """
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def is_file(path: str | Path) -> bool:
    """Return whether a file stands at a path, of whatever others wrote: too long, with a null character, or no path at all."""
    return os.path.isfile(path)  # noqa: PTH113 - Path raises on some of these


def is_folder(path: str | Path) -> bool:
    """Return whether a folder stands at a path, of whatever others wrote."""
    return os.path.isdir(path)  # noqa: PTH112 - the same


_KINDS = {
    stat.S_IFIFO: "it is a pipe, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
    stat.S_IFDIR: "it is a folder, not a file",
}
_INHERITED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""How shells name what a process already has open, such as the output of another one: ``<(command)``."""


def open_file(path: Path) -> BinaryIO:
    """Open a file to read it. A pipe that nothing writes to is never waited for, nor is a device read that has no end.

    Raises:
        OSError: It cannot be read, or is no regular file, nor a pipe that the process was started with; all have a
            ``strerror``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:  # a null character, or half a letter, in the name
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    is_inherited = kind == stat.S_IFIFO and str(path).startswith(_INHERITED)
    if kind != stat.S_IFREG and not is_inherited:
        os.close(descriptor)
        raise OSError(errno.EINVAL, _KINDS.get(kind, "it is not a file"), str(path))
    if is_inherited:
        os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path) -> bytes:
    """Return the content of a file; errors as of :func:`open_file`."""
    with open_file(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark, and with plain line ends.

    Raises:
        OSError: It cannot be read, is no regular file, or is not UTF-8; all have a ``strerror``.
    """
    try:
        return read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is not UTF-8 text", str(path)) from None


def own_folder(folder: Path) -> Path:
    """Create penstock's folder in a project, excluded from version control, and return it.

    Raises:
        OSError: It cannot be made.
        OutputError: It cannot be written to.
    """
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, b"*\n")
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: after a kill in the middle, a reader sees the old content or the new, never a part.

    Devices and pipes, such as ``/dev/stdout``, are written directly.

    Raises:
        OutputError: The file cannot be written; its former content is unchanged.
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
        file = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        raise NotADirectoryError(None, f"{file} is a file, not a folder") from None


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:60]}.{os.urandom(6).hex()}")
    try:
        # with the permissions of new files, as open() does
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:  # also an interrupt
        temporary.unlink(missing_ok=True)
        raise
