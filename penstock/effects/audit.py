"""What Python's audit events tell of effects: files that are written, processes that are started, mail that is sent."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from penstock.effects.rows import Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    EventReader = Callable[[tuple[Any, ...]], tuple[Touch, ...]]

_WRITING = os.O_WRONLY | os.O_RDWR
_OWN_FOLDERS = re.compile(
    r"(?:^|/)(?:dev|proc|sys)/|/(?:__pycache__|site-packages|dist-packages|\.[\w.-]+)/|\.pyc(?:\.\d+)?$"
)
"""Files that Python and tools keep for themselves: devices, compiled code, installed packages, hidden folders."""

_TEMPORARY = re.compile(r"tmp[a-z0-9_]{8}(?:\..*)?|.*\.tmp|pytest-\d+", re.IGNORECASE)
"""Names that :mod:`tempfile` makes; a file that is to stay is renamed, which is seen."""

_TEMPORARY_FOLDERS = frozenset({"/tmp", "/var/tmp", os.environ.get("TMPDIR", "").rstrip("/")})  # noqa: S108 - only compared
_PROBE = re.compile(r"[a-z0-9_]{8}")
"""The name of a file by which :mod:`tempfile` tries a folder."""

_MAILDIR = re.compile(r"(?:.*/)?([^/]+)/(?:tmp|new|cur)/\d+\.(?:M\d+)?P\d+Q\d+\.[^/]*")
"""A message in a Maildir, whose name ends with that of the host: as :mod:`mailbox` writes it."""

_FOLDER = re.compile(r"[A-Za-z][A-Za-z_-]*")
"""A folder's name that programmers write; tests add numbers to theirs."""

_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}")
_PROGRAM = re.compile(r"[A-Za-z_][\w.+-]{0,63}")
_VERSION = re.compile(r"[\d.]+$")
_SHELLS = frozenset({"sh", "bash", "cmd.exe"})


def _name_file(path: object) -> tuple[Touch, ...]:
    """Return the file that is written, by its suffix; nothing for descriptors, and for what belongs to Python or a tool."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return ()
    text = os.fsdecode(path).replace("\\", "/")
    if maildir := _MAILDIR.fullmatch(text):
        is_named = _FOLDER.fullmatch(maildir[1]) and not _TEMPORARY.fullmatch(maildir[1])
        return (Touch("writes", f"maildir:{maildir[1] if is_named else '*'}"),)
    folder, _, name = text.rstrip("/").rpartition("/")
    is_probe = text in _TEMPORARY_FOLDERS or (folder in _TEMPORARY_FOLDERS and _PROBE.fullmatch(name))
    if is_probe or name.startswith(".") or _OWN_FOLDERS.search(text) or _TEMPORARY.fullmatch(name):
        return ()
    suffix = _SUFFIX.fullmatch(os.path.splitext(name)[1])  # noqa: PTH122 - the path is only a text here
    return (Touch("writes", f"files:*{suffix[0].lower()}" if suffix else "files"),)


def _read_open(arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    path, _mode, flags = arguments
    return _name_file(path) if flags & _WRITING else ()


def _read_first(arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    return _name_file(arguments[0])


def _read_second(arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    return _name_file(arguments[1])


def _name_program(program: object, command: str = "") -> tuple[Touch, ...]:
    """Return the program that is started, or the first word of a shell's command; never an argument."""
    path = os.fsdecode(program) if isinstance(program, (str, bytes, os.PathLike)) else ""
    name = path.replace("\\", "/").rpartition("/")[2]
    if name in _SHELLS and command:
        word = command.split(maxsplit=1)[0].rpartition("/")[2]
        name = word if _PROGRAM.fullmatch(word) else name
    if path == sys.executable or name.startswith("python"):
        name = _VERSION.sub("", name)
    return (Touch("writes", f"process:{name}"),) if name else ()


def _read_process(arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    program, words = arguments[:2]
    listed = [words] if isinstance(words, (str, bytes, os.PathLike)) else list(words or ())
    command = os.fsdecode(listed[2]) if len(listed) > 2 and os.fsdecode(listed[1]) == "-c" else ""
    return _name_program(program or (listed or [""])[0], command)


def _read_system(arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    return _name_program("sh", os.fsdecode(arguments[0]))


def _read_mail(_arguments: tuple[Any, ...]) -> tuple[Touch, ...]:
    return (Touch("writes", "mail"),)


EVENTS: Mapping[str, EventReader] = {
    "open": _read_open,
    "os.rename": _read_second,
    "os.remove": _read_first,
    "os.link": _read_second,
    "os.symlink": _read_second,
    "os.truncate": _read_first,
    "shutil.copyfile": _read_second,
    "shutil.move": _read_second,
    "shutil.copytree": _read_second,
    "shutil.make_archive": _read_first,
    "subprocess.Popen": _read_process,
    "os.posix_spawn": _read_process,
    "os.exec": _read_process,
    "os.spawn": lambda arguments: _read_process(arguments[1:]),
    "os.system": _read_system,
    "smtplib.send": _read_mail,
}
"""Readers of the arguments of events, by their names. Each returns what the call touches, and may raise anything."""
