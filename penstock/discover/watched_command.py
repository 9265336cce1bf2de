"""Runs a command, and records the user's code in it and in every Python that it starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import penstock.discover.watch.process as watched_process
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
        (folder / watched_process.SETTINGS).write_bytes(watched_process.encode(settings))
        code = _run(command, _make_environment(folder, options))
        return merge(list(_read_parts(folder, options.project)), command), code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_environment(folder: Path, options: WatchOptions) -> dict[str, str]:
    env = {**os.environ, **(options.env or {})}
    path = filter(None, (str(_SITE), env.get("PYTHONPATH")))
    return {**env, watched_process.FOLDER: str(folder), "PYTHONPATH": os.pathsep.join(path)}


def _run(command: Sequence[str], env: Mapping[str, str]) -> int:
    processes: list[subprocess.Popen[bytes]] = []
    with _leave_signals_to(processes):
        try:
            processes.append(subprocess.Popen(command, env=env))
        except OSError as error:
            cure = "Is it installed, and on PATH?"
            raise PenstockError(f"cannot start {command[0]!r}: {error.strerror}. {cure}") from None
        return processes[0].wait()


@contextlib.contextmanager
def _leave_signals_to(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Go on at Ctrl-C, which the terminal sends to the command, too; pass on a request to end."""

    def end(*_: object) -> None:
        """Ask the command to end."""
        for process in processes:
            process.terminate()

    is_main = threading.current_thread() is threading.main_thread()  # only this one may handle signals
    handlers = {signal.SIGINT: lambda *_: None, signal.SIGTERM: end} if is_main else {}
    outer = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in outer.items():
            signal.signal(number, handler)


def _read_parts(folder: Path, project: Path) -> Iterator[Recording]:
    """Yield what each process has written; a part that cannot be read is left out with a note."""
    for path in sorted(folder.glob(f"*{watched_process.PART}")):
        try:
            yield decode_rows(watched_process.decode(path.read_bytes()), project)
        except (OSError, EOFError, KeyError, TypeError, ValueError, IndexError, AttributeError):
            yield Recording(notes=("The recording of a process cannot be read.",))
