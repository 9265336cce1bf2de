"""Shares steps without a known run among all processes of a recording."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SIZE = 8
"""Bytes of the shared memory, which holds the length of the file."""


class Strays:
    """A file to which each process appends its steps, and from which it reads those of the others.

    Checking for new steps must cost next to nothing, because each step does it. So the length of the file is kept in
    memory that the processes share.

    Args:
        folder: The folder of the file, and of the file that backs the shared memory.

    Raises:
        OSError: The shared memory cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "strays.jsonl"
        self._position = 0
        with (folder / "strays.size").open("ab+") as file:
            if file.seek(0, os.SEEK_END) < _SIZE:
                file.truncate(_SIZE)
            self._length = mmap.mmap(file.fileno(), _SIZE)
        self._last_length = bytes(_SIZE)

    def add(self, flow: str, step: str) -> None:
        """Report a step to the other processes; failures are ignored."""
        line = json.dumps([os.getpid(), flow, step]) + "\n"
        with contextlib.suppress(OSError), self._file.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            self._length[:_SIZE] = file.tell().to_bytes(_SIZE, "little")

    def hear(self) -> set[tuple[str, str]]:
        """Return flow and step of those that began in other processes since the last check."""
        length = self._length[:_SIZE]
        if length == self._last_length:  # nearly always
            return set()
        self._last_length = length
        position = self._position
        try:
            with self._file.open("rb") as file:
                file.seek(position)
                text = file.read()
        except OSError:
            return set()
        whole = text[: text.rfind(b"\n") + 1]  # an incomplete line is read next time
        self._position = position + len(whole)
        return {(flow, step) for pid, flow, step in map(json.loads, whole.splitlines()) if pid != os.getpid()}
