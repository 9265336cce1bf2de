"""Steps that began where nothing tells which run they belong to, as all processes of a recording hear of them."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Strays:
    """A file to which each process appends its own, and in which it finds those of the others.

    Args:
        file: The file; it need not be there yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = 0

    def add(self, flow: str, step: str) -> None:
        """Let the other processes hear of a step; where that is not possible, they do not."""
        line = json.dumps([os.getpid(), flow, step]) + "\n"
        with contextlib.suppress(OSError), self._file.open("a", encoding="utf-8") as file:
            file.write(line)

    def hear(self) -> set[tuple[str, str]]:
        """Return flow and step of those that began in other processes since this was asked last."""
        position = self._position
        try:
            if os.stat(self._file).st_size == position:  # noqa: PTH116 - half as expensive
                return set()
            with self._file.open("rb") as file:
                file.seek(position)
                text = file.read()
        except OSError:
            return set()
        whole = text[: text.rfind(b"\n") + 1]  # what is being written now is heard of next time
        self._position = position + len(whole)
        return {(flow, step) for pid, flow, step in map(json.loads, whole.splitlines()) if pid != os.getpid()}
