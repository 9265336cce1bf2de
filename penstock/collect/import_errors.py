"""Explains failed imports: the error, its location in the user's own code, and a suggested fix."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from traceback import walk_stack, walk_tb
from typing import TYPE_CHECKING, NamedTuple

from penstock._util import source_paths
from penstock._util.atomic_files import is_file
from penstock.collect.cures import MAIN_GUARD, ImportContext, find_cure
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType

    from penstock.config.sources import SettingsSource

_LONGEST = 500
TOO_LONG = "Imports must not block. If the module is merely slow, increase `timeout`."
"""The suggested fix for an import that does not end."""

CRASH = 'A C extension may have crashed. Mock it: mock = ["…"]'
"""The suggested fix for an import that ends Python itself."""

_MACHINERY = (str(Path(__file__).parent.parent), str(Path(importlib.__file__).parent))


class ImportFailure(NamedTuple):
    """One failed import.

    Attributes:
        message: The error and the suggested fix.
        file: The absolute path of the file at fault, or an empty string.
        line: The line in it, or 0.
    """

    message: str
    file: str = ""
    line: int = 0


def describe_exception(
    error: BaseException, module: str, roots: Sequence[str], project: Path, settings: SettingsSource
) -> ImportFailure:
    """Describe an exception raised by a module; cures are spelled as in the source of the settings."""
    # The first frame is that of penstock itself, followed by those of the import system.
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)][::-1]
    file, line = place(frames, roots)
    if isinstance(error, SyntaxError) and error.filename and is_file(error.filename):
        file, line = source_paths.absolute(error.filename), error.lineno or 0
    if isinstance(error, PenstockError):  # its message already suggests a fix
        return ImportFailure(_own_message(error, f"{file}:{line}: ", project), file, line)
    cure = find_cure(error, ImportContext(module, frames, roots, project, settings))
    if cure.file and not source_paths.is_own(file, roots):
        file, line = cure.file, cure.line
    elif not source_paths.is_own(file, roots) and isinstance(error, ModuleNotFoundError):
        file, line = "", 0  # a library only does as it was told
    return ImportFailure(f"{_sentence(cause(error))} {cure.text}".strip(), file, line)


def describe_exit(how: str, frame: FrameType, roots: Sequence[str]) -> ImportFailure:
    """Describe code that ended the process during its import."""
    frames = [(stack_frame.f_code.co_filename, line) for stack_frame, line in walk_stack(frame)]
    return ImportFailure(f"it called {how}() while it was imported. {MAIN_GUARD}", *place(frames, roots))


def shorten(file: str, project: Path) -> str:
    """Return a file's path for messages: relative to the project's folder if it is inside."""
    return file.removeprefix(f"{project}{os.sep}")


def internal(cause: str) -> ImportFailure:
    """Describe a failure to make the manifest after successful imports."""
    return ImportFailure(_sentence(f"the imports succeeded, but the flows could not be saved: {cause}"))


def place(frames: Iterable[tuple[str, int]], roots: Sequence[str]) -> tuple[str, int]:
    """Return the first of the frames (innermost first) in the user's own code, else the first in any file."""
    outside = ("", 0)
    for name, line in frames:
        file = source_paths.absolute(name)
        if name.startswith("<") or source_paths.is_own(file, _MACHINERY):
            continue
        if source_paths.is_own(file, roots):
            return file, line
        if not outside[0]:
            outside = file, line
    return outside


def _own_message(error: PenstockError, place: str, project: Path) -> str:
    """Return an error's own message, without the separately reported location, and with short file names."""
    return _sentence(str(error).removeprefix(place).replace(f"{project}{os.sep}", ""))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def cause(error: BaseException) -> str:
    """Return an exception's message on one line."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({'' if error.code is None else repr(error.code)}) while it was imported"
    if isinstance(error, SyntaxError):
        source = f": `{error.text.strip()}`" if error.text else ""
        return f"{type(error).__name__}: {error.msg}{source}"
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
