"""The layout engine: where it is installed, and one run of it, with a limit of time and of what it may answer."""

from __future__ import annotations

import shutil
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock._util import subprocesses
from penstock.errors import MissingExtraError
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE = "graphviz-pure"
TIMEOUT = 20.0
"""Seconds for one drawing."""

MAX_ANSWER = 64 * 1024 * 1024
"""Maximum bytes of one drawing; the largest that engines produce in time are a tenth of that."""

MAX_COMPLAINT = 200
"""Maximum characters of an engine's error message that are repeated."""


class Fault(NamedTuple):
    """An engine's fault, in words, and whether it was only slow."""

    words: str
    is_slow: bool = False

    def of(self, engine: str) -> str:
        """Return the same fault with the engine's name."""
        return f"the layout engine {engine!r} {self.words if self.is_slow else f'failed: {self.words}'}"


def cure(engine: str) -> str:
    """Return the remedy for an engine that fails."""
    if engine == ENGINE:
        return "The layout engine is broken; install it again: pip install --force-reinstall graphviz-pure"
    return f"Repair the layout engine {engine!r}, or leave the setting engine out: {ENGINE} draws then."


@lru_cache(maxsize=8)
def find_engine(engine: str = ENGINE) -> str:
    """Return the path of the layout engine's executable.

    The one of ``graphviz-pure`` is found in its installed package, which need not be on PATH.

    Raises:
        MissingExtraError: It is not installed.
    """
    if engine == ENGINE:
        executable = _find_program(ENGINE)
        if executable is None:
            raise MissingExtraError("DOT and pictures need the packages graphviz and graphviz-pure", "graphviz")
        return executable
    on_path = shutil.which(engine)
    if on_path is None:
        raise MissingExtraError(
            f"the layout engine {engine!r} was not found; without the setting, graphviz-pure draws, which needs no system package",
            "graphviz",
        )
    return on_path


def _find_program(name: str) -> str | None:
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return shutil.which(name)
    for file in files:
        path = Path(str(file.locate())).resolve()
        if file.stem == name and path.is_file():
            return str(path)
    return shutil.which(name)


def run_engine(
    executable: str, arguments: Sequence[str], source: str, timeout: float, *, drawings: int = 0
) -> tuple[bytes, Fault]:
    """Return an engine's answer, and its fault; the words of the fault are empty without one.

    Args:
        executable: The engine.
        arguments: Its arguments.
        source: The diagrams as DOT.
        timeout: The time limit for each drawing, in seconds.
        drawings: The number of expected drawings in the plain format; zero for an answer in another format.
    """
    # -q suppresses warnings (a label too wide for its cell); errors still come.
    command = [executable, "-q", *arguments]
    end = b"\nstop" if drawings else b""
    try:
        reply = subprocesses.ask(
            command, source.encode("utf-8", "replace"), seconds=timeout, size=MAX_ANSWER, end=end, answers=drawings
        )
    except OSError as error:
        return b"", Fault(f"cannot start {executable}: {error.strerror}")
    return reply.output, _fault(reply, timeout)


def _fault(reply: subprocesses.Reply, timeout: float) -> Fault:
    if reply.is_long:
        return Fault(f"it wrote more than {MAX_ANSWER // 1024**2} MiB for one drawing")
    if reply.status is None:
        return Fault(f"took longer than {timeout:g} s (the setting layout_timeout)", is_slow=True)
    if reply.status:
        lines = list(filter(None, map(visible, reply.errors.splitlines())))
        return Fault(f"{lines[-1][:MAX_COMPLAINT] if lines else f'exit code {reply.status}'}")
    return Fault("it wrote nothing" if not reply.output else "")
