"""Records the inputs of a manifest, and detects whether any of them changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_bytes, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NO_PACKAGES = frozenset({"__pycache__", "node_modules"})
_MODULE_SUFFIXES = (".py", ".so", ".pyd")

Stamp = tuple[int, int, int]
_CHANGING: Stamp = (-1, -1, -1)

_CLOCK_STEP_NS = 20_000_000
"""Maximum lag of a file's time behind the clock: the kernel stamps files with its tick (4 ms at 250 Hz)."""


@dataclass(frozen=True)
class Snapshot:
    """The recorded state of files and folders; all paths are absolute.

    Attributes:
        files: The stamp of each file (:func:`penstock._util.atomic_files.stamp_of`) and its SHA-256; a stamp that no file has if it
            was changing at that time.
        folders: The digest of the names of modules and subfolders in each folder.
        times: The modification time (ns) of folders in which installing a package adds or removes a name.
    """

    files: Mapping[str, tuple[Stamp, str]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, int] = field(default_factory=dict)

    def is_current(self) -> bool:
        """Return whether everything is unchanged since the snapshot."""
        return (
            all(_mtime(folder) == time for folder, time in self.times.items())
            and all(listing(folder) == state for folder, state in self.folders.items())
            and all(_is_unchanged(file, *state) for file, state in self.files.items())
        )

    def to_json(self) -> dict[str, Any]:
        """Return the snapshot as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Snapshot:
        """Return the snapshot that :meth:`to_json` gave."""
        files = {str(file): (_stamp(*stamp), str(sha)) for file, (stamp, sha) in content["files"].items()}
        return cls(files, dict(content["folders"]), dict(content["times"]))


def snapshot(
    files: Iterable[str],
    folders: Mapping[str, str],
    times: Iterable[str] = (),
    *,
    since: int,
    before: Snapshot | None = None,
) -> Snapshot:
    """Take a snapshot of the files that a child used.

    Args:
        files: The files; missing ones are left out.
        folders: The searched folders, with the digests from that time.
        times: Folders whose modification time counts.
        since: The time (ns since the epoch) before the first file was read.
        before: The previous snapshot.

    Returns:
        The current state. A file written after ``since`` may have been read before that, so it does not count
        as recorded, except if its content is that of the last time: some applications write a file on every import.
    """
    previous_files = before.files if before else {}
    file_states: dict[str, tuple[Stamp, str]] = {}
    for file in sorted(set(files)):
        with contextlib.suppress(OSError, ValueError):  # what is no path leads to nothing
            status = Path(file).stat()
            sha = digest(file)
            racy = status.st_mtime_ns >= since - _CLOCK_STEP_NS and previous_files.get(file, ((), ""))[1] != sha
            # The content is stored under a stamp that no file has, so that it is compared next time.
            file_states[file] = (_CHANGING if racy else stamp_of(status), sha)
    return Snapshot(file_states, dict(folders), {folder: _mtime(folder) for folder in times})


def digest(file: str | Path) -> str:
    """Return the SHA-256 of a file's content, in hex digits."""
    return hashlib.sha256(read_bytes(Path(file))).hexdigest()


def subfolders(folder: str) -> list[str]:
    """Return the sorted names of the folders in ``folder`` that could be packages."""
    return _names(folder)[1]


def listing(folder: str) -> str:
    """Return a digest of the names of the modules and possible packages in a folder."""
    modules, folders = _names(folder)
    return hashlib.sha256("\0".join([*modules, "/", *folders]).encode(errors="surrogateescape")).hexdigest()


def _names(folder: str) -> tuple[list[str], list[str]]:
    modules, folders = [], []
    with contextlib.suppress(OSError, ValueError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_MODULE_SUFFIXES):
                modules.append(entry.name)
            elif entry.name.isidentifier() and entry.name not in _NO_PACKAGES and os.path.isdir(entry.path):  # noqa: PTH112 - Path raises
                folders.append(entry.name)
    return sorted(modules), sorted(folders)


def _mtime(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except (OSError, ValueError):
        return -1


def _stamp(mtime_ns: Any, ctime_ns: Any, size: Any) -> Stamp:
    return int(mtime_ns), int(ctime_ns), int(size)


def _is_unchanged(file: str, stamp: Stamp, sha: str) -> bool:
    try:
        now = stamp_of(Path(file).stat())
        return now == stamp or (stamp != _CHANGING and now[-1] == stamp[-1] and digest(file) == sha)
    except (OSError, ValueError):  # an invalid path leads to nothing
        return False
