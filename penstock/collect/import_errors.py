"""Explains failed imports: the error, its location in the user's own code, and a suggested fix."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shlex
import sys
from pathlib import Path
from traceback import walk_stack, walk_tb
from typing import TYPE_CHECKING, NamedTuple

from penstock._util import source_paths
from penstock._util.atomic_files import is_file
from penstock.errors import PenstockError, did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType

_LONGEST = 500
_MAIN_GUARD = 'Put what runs the program under: if __name__ == "__main__":'
TOO_LONG = "Nothing may wait or loop while it is imported; if it only is slow, raise `timeout`."
"""The suggested fix for an import that does not end."""

CRASH = 'Compiled code may be at fault; it can be stood in for: mock = ["…"]'
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


def describe_exception(error: BaseException, module: str, roots: Sequence[str], project: Path) -> ImportFailure:
    """Describe an exception raised by a module."""
    # The first frame is that of penstock itself, followed by those of the import system.
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)][::-1]
    file, line = place(frames, roots)
    if isinstance(error, SyntaxError) and error.filename and is_file(error.filename):
        file, line = source_paths.absolute(error.filename), error.lineno or 0
    if isinstance(error, PenstockError):  # its message already suggests a fix
        return ImportFailure(_own_message(error, f"{file}:{line}: ", project), file, line)
    return ImportFailure(f"{_sentence(cause(error))} {_cure(error, module, frames, project)}".strip(), file, line)


def describe_exit(how: str, frame: FrameType, roots: Sequence[str]) -> ImportFailure:
    """Describe code that ended the process during its import."""
    frames = [(stack_frame.f_code.co_filename, line) for stack_frame, line in walk_stack(frame)]
    return ImportFailure(f"it called {how}() while it was imported. {_MAIN_GUARD}", *place(frames, roots))


def shorten(file: str, project: Path) -> str:
    """Return a file's path for messages: relative to the project's folder if it is inside."""
    return file.removeprefix(f"{project}{os.sep}")


def internal(cause: str) -> ImportFailure:
    """Describe a failure to make the manifest after successful imports."""
    return ImportFailure(_sentence(f"everything was imported, but the flows could not be written down: {cause}"))


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


def _cure(error: BaseException, module: str, frames: Sequence[tuple[str, int]], project: Path) -> str:
    if isinstance(error, SystemExit):
        return _MAIN_GUARD
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _find(error.name, module, project)
    if isinstance(error, KeyError) and frames and frames[0][0] in ("<frozen os>", os.__file__):
        return f'Set the variable for the import: env = {{ {error.args[0]} = "…" }}'
    if type(error).__name__ in ("ImproperlyConfigured", "AppRegistryNotReady"):
        return 'Let Django set itself up first: setup = "django:setup" and env = { DJANGO_SETTINGS_MODULE = "…" }'
    return ""


def _find(missing: str, module: str, project: Path) -> str:
    """Suggest how to make a missing module importable."""
    top = missing.partition(".")[0]
    for folder in (project, project / "src"):
        if top not in sys.modules and ((folder / f"{top}.py").is_file() or any((folder / top).glob("*.py"))):
            path = source_paths.relative(folder, project)
            return f"It is in the project: path = [{json.dumps(path)}], or on the command line: -p {shlex.quote(path)}"
    if not f"{module}.".startswith(f"{missing}."):
        return f"Install it for {sys.executable}, or stand in for it: mock = [{json.dumps(missing)}]"
    package = missing.rpartition(".")[0]
    if missing.endswith(".py"):
        return f"A module has the name of its file without the suffix: {package}"
    siblings = _siblings(package)
    hint = did_you_mean(near_names(missing, siblings)).strip()
    if package and siblings:
        return hint or f"Modules in {package}: {', '.join(siblings)}."
    return f'{hint} Is its folder in `path`? For example: path = ["src"]'.strip()


def _siblings(package: str) -> list[str]:
    """Return the names of the modules in a package, or of those on ``sys.path`` outside installed libraries."""
    if package:
        folders = [str(folder) for folder in getattr(sys.modules.get(package), "__path__", ())]
        return sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(folders))
    own = [folder for folder in sys.path if not source_paths.is_installed(folder)]
    return sorted(module.name for module in pkgutil.iter_modules(own))
