"""Runs a process tree with a time limit, and keeps a limited part of its output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_KEPT_OUTPUT = 64 * 1024
_LOOK = 0.05
"""Seconds between two checks of a process whose output stays open, perhaps held by a child process."""


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: Callable[[], float]
) -> tuple[int | None, str]:
    """Run a command; return its status, or ``None`` if it had to be killed, and the end of its output.

    Args:
        command: The command.
        cwd: The folder to run it in.
        env: Its environment.
        seconds: Returns the total time limit; it may grow during the run.

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
    assert process.stdout is not None  # noqa: S101 - requested above
    tail = _Tail(process.stdout)
    try:
        status = _wait(process, tail, seconds)
    finally:
        _kill(process)
    return status, tail.text()


class Reply(NamedTuple):
    """The answer of a command.

    Attributes:
        output: The standard output, as far as it was read.
        errors: The end of the standard error.
        status: Its exit status, or ``None`` if it had to be killed.
        is_long: Whether it was killed because it wrote too much, not because it took too long.
    """

    output: bytes
    errors: str
    status: int | None
    is_long: bool


def ask(
    command: Sequence[str], question: bytes, *, seconds: float, size: int, end: bytes = b"", answers: int = 0
) -> Reply:
    """Run a command that reads a question and writes answers; its whole process tree ends with this call.

    Args:
        command: The command.
        question: The text for its standard input.
        seconds: The time limit for each answer.
        size: The maximum bytes of each answer.
        end: The end of each answer; without it, the whole output is one answer.
        answers: The number of expected answers. Output after the last is hardly read.

    Raises:
        OSError: It cannot be started.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None  # noqa: S101 - requested above, like the others
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    errors, output = _Tail(process.stderr), _Answers(process.stdout, size, end, answers)
    threading.Thread(target=_write, args=(process.stdin, question), daemon=True, name="penstock-input").start()
    try:
        status = _wait_for_answers(process, output, seconds)
    finally:
        _kill(process)
    output.has_ended(1.0)
    return Reply(bytes(output.content), errors.text(), status, output.is_long)


def _write(stream: IO[bytes], content: bytes) -> None:
    with contextlib.suppress(OSError):  # a command need not read all, or anything
        stream.write(content)
    with contextlib.suppress(OSError):
        stream.close()


def _wait_for_answers(process: subprocess.Popen[bytes], output: _Answers, seconds: float) -> int | None:
    """Return the status of a process, or ``None`` if it exceeds the size or the time limit of an answer."""
    while (rest := output.since + (min(seconds, 1.0) if output.is_complete else seconds) - time.monotonic()) > 0:
        if output.has_ended(min(_LOOK, rest)):
            if not output.is_long:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(rest)
            return process.poll()
        if process.poll() is not None:  # its children may still hold its output open
            return process.returncode
    return None


def _wait(process: subprocess.Popen[bytes], tail: _Tail, seconds: Callable[[], float]) -> int | None:
    """Return the status of a process, or ``None`` if it exceeds the time limit.

    Most processes end when their output ends, which is noticed at once; Python itself would check again only later.
    """
    start = time.monotonic()
    while process.poll() is None and time.monotonic() - start < seconds():
        if tail.has_ended(_LOOK):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
    return process.poll()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and its whole process tree."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


class _Reader:
    """Reads a stream in a thread."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True, name="penstock-output")
        self._thread.start()

    def _read(self) -> None:
        with self._stream as stream:
            while (chunk := os.read(stream.fileno(), _KEPT_OUTPUT)) and self._take(chunk):
                pass

    def _take(self, chunk: bytes) -> bool:
        """Store the needed part of a chunk, and return whether to read on."""
        raise NotImplementedError

    def has_ended(self, seconds: float) -> bool:
        """Wait for the end of the stream up to a time limit, and return whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


class _Answers(_Reader):
    """Reads answers, each of a limited size, and notes when the last one came."""

    def __init__(self, stream: IO[bytes], size: int, end: bytes, answers: int) -> None:
        self.content = bytearray()
        self.since = time.monotonic()
        self.is_long = False
        self._size, self._end = size, end
        self._missing = answers
        self._begin = 0  # of the answer being read
        super().__init__(stream)

    @property
    def is_complete(self) -> bool:
        """Whether all expected answers have come."""
        return bool(self._end) and self._missing <= 0

    def _take(self, chunk: bytes) -> bool:
        search_start = max(len(self.content) - len(self._end) + 1, self._begin)
        self.content += chunk
        while self._end and self._missing >= 0 and (place := self.content.find(self._end, search_start)) >= 0:
            self._begin = search_start = place + len(self._end)
            self._missing -= 1
            self.since = time.monotonic()
        self.is_long = len(self.content) - self._begin > self._size
        return not self.is_long and self._missing >= 0


class _Tail(_Reader):
    """Reads a stream to its end and keeps only the tail."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._content = b""
        super().__init__(stream)

    def _take(self, chunk: bytes) -> bool:
        self._content = (self._content + chunk)[-_KEPT_OUTPUT:]
        return True

    def text(self) -> str:
        """Return the tail; a process that escaped may keep the stream open, so waiting has a limit."""
        self.has_ended(1.0)
        return self._content.decode(errors="replace")
