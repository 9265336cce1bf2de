"""Runs a command, and records the user's code in it and in every Python that it starts."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import penstock.discover.watch.process as watched_process
from penstock._util.atomic_files import read_text
from penstock.discover.recording import Recording
from penstock.discover.recording_file import decode_rows, merge
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_SITE = Path(watched_process.__file__).parent / "site"
_PREFIX = "penstock-discovery-"


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """What to watch.

    Attributes:
        project (Path): The project's folder, to which files are relative.
        roots (tuple[Path, ...]): The folders with the user's code; without any, the project's.
        packages (tuple[str, ...]): Modules or packages to watch, wherever they are, instead of everything below the roots.
        env (Mapping[str, str]): Further environment variables of the command.
    """

    project: Path
    roots: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None


def watch_command(command: Sequence[str], options: WatchOptions) -> tuple[Recording, int]:
    """Run a command to its end, and return what was seen, and the command's exit code.

    Ctrl-C ends the command only; its recording is kept.

    Args:
        command: The program and its arguments.
        options: What to watch.

    Raises:
        PenstockError: The command cannot be started.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        roots = [str(root) for root in options.roots or (options.project,)]
        settings = {"roots": roots, "packages": list(options.packages)}
        (folder / watched_process.SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
        code = _run(command, _make_environment(folder, options))
        return merge(list(_read_parts(folder, options.project)), command), code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_environment(folder: Path, options: WatchOptions) -> dict[str, str]:
    env = {**os.environ, **(options.env or {})}
    path = filter(None, (str(_SITE), env.get("PYTHONPATH")))
    return {**env, watched_process.FOLDER: str(folder), "PYTHONPATH": os.pathsep.join(path)}


def _run(command: Sequence[str], env: Mapping[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=env)
    except OSError as error:
        raise PenstockError(f"cannot start {command[0]!r}: {error.strerror}. Is it installed, and on PATH?") from None
    with _leave_signals_to(process):
        return process.wait()


@contextlib.contextmanager
def _leave_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Go on at Ctrl-C, which the terminal sends to the command, too; pass on a request to end."""
    handlers = {
        signal.SIGINT: lambda *_: None,
        signal.SIGTERM: lambda *_: process.terminate(),
    }
    outer = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in outer.items():
            signal.signal(number, handler)


def _read_parts(folder: Path, project: Path) -> Iterator[Recording]:
    """Yield what each process has written; a part that cannot be read is left out with a note."""
    for path in sorted(folder.glob("*-*.json")):
        try:
            yield decode_rows(json.loads(read_text(path)), project)
        except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError):
            yield Recording(notes=("The recording of a process cannot be read.",))
