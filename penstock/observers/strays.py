"""Steps that began where nothing tells which run they belong to, as all processes of a recording hear of them."""

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
    """A file to which each process appends its own, and in which it finds those of the others.

    To ask whether there are new ones must cost next to nothing, for each step asks. So the length of the file stands in
    memory that the processes share.

    Args:
        folder: Where the file is, and what the memory is mapped to.

    Raises:
        OSError: There can be no such memory.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "strays.jsonl"
        self._position = 0
        with (folder / "strays.size").open("ab+") as file:
            if file.seek(0, os.SEEK_END) < _SIZE:
                file.truncate(_SIZE)
            self._length = mmap.mmap(file.fileno(), _SIZE)
        self._heard = bytes(_SIZE)

    def add(self, flow: str, step: str) -> None:
        """Let the other processes hear of a step; where that is not possible, they do not."""
        line = json.dumps([os.getpid(), flow, step]) + "\n"
        with contextlib.suppress(OSError), self._file.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            self._length[:_SIZE] = file.tell().to_bytes(_SIZE, "little")

    def hear(self) -> set[tuple[str, str]]:
        """Return flow and step of those that began in other processes since this was asked last."""
        length = self._length[:_SIZE]
        if length == self._heard:  # nearly always
            return set()
        self._heard = length
        position = self._position
        try:
            with self._file.open("rb") as file:
                file.seek(position)
                text = file.read()
        except OSError:
            return set()
        whole = text[: text.rfind(b"\n") + 1]  # what is being written now is heard of next time
        self._position = position + len(whole)
        return {(flow, step) for pid, flow, step in map(json.loads, whole.splitlines()) if pid != os.getpid()}
