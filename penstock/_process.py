"""A process that has a limited time, and all that it starts with it; of what they print, the end is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_KEPT_OUTPUT = 64 * 1024
_LOOK = 0.05
"""Seconds between two looks at a process whose output goes on, perhaps from another one that it has started."""


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: Callable[[], float]
) -> tuple[int | None, str]:
    """Run a command; return its status, or ``None`` if it had to be killed, and the end of its output.

    Args:
        command: The command.
        cwd: The folder to run it in.
        env: Its environment.
        seconds: Returns how long it may take in all; this may grow while it runs.

    Raises:
        OSError: It cannot be started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    tail = _Tail(process.stdout)
    try:
        status = _wait(process, tail, seconds)
    finally:
        _kill(process)
    return status, tail.text()


def _wait(process: subprocess.Popen[bytes], tail: _Tail, seconds: Callable[[], float]) -> int | None:
    """Return the status of a process, or ``None`` if it goes on for longer.

    Where its output ends, most end themselves, which is known at once; Python itself would look again only after a while.
    """
    start = time.monotonic()
    while process.poll() is None and time.monotonic() - start < seconds():
        if tail.has_ended(_LOOK):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
    return process.poll()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and everything that it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


class _Tail:
    """Reads a stream to its end and keeps only the last of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True, name="penstock-output")
        self._thread.start()

    def _read(self) -> None:
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), _KEPT_OUTPUT):
                self._kept = (self._kept + chunk)[-_KEPT_OUTPUT:]

    def has_ended(self, seconds: float) -> bool:
        """Wait so long for the end of the stream, and tell whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def text(self) -> str:
        """Return what was kept; a process that slipped away may keep the stream open, so waiting has an end."""
        self.has_ended(1.0)
        return self._kept.decode(errors="replace")
