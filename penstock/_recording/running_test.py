"""The test that a run belongs to: the one during which it began, in any process of a recording.

A thread or a process may outlive the test that has started it. Then its runs may be leftovers of that test, or serve a
later one; so they belong to none. Threads of pools and servers serve every test, and so does what a fixture of a wider
scope has started.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from threading import Thread

TEST = "PENSTOCK_EVIDENCE_TEST"
"""The environment variable with the position of the test that starts a process, and the file that has its name."""

SERVING_FUNCTIONS = (
    ("concurrent.futures.thread", "_worker"),
    ("multiprocessing.pool", "worker"),
    ("socketserver", "serve_forever"),
)
"""The functions of threads that work for any test, by module and name."""

SERVING_CLASSES = (("anyio._backends._asyncio", "WorkerThread"),)

_SIZE = 8

_LEFTOVER = "\0"
"""Stands for the test that has started a process if that is not known."""


class TestLog:
    """The tests that ran, in a file, and the position of the one that runs, in memory that processes share.

    Args:
        path: The file.

    Raises:
        OSError: There is no such file, or no shared memory.
    """

    __test__ = False  # pytest collects classes by this name

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.with_suffix(".now").open("ab+") as file:
            if file.seek(0, os.SEEK_END) < _SIZE:
                file.truncate(_SIZE)
            self._now = mmap.mmap(file.fileno(), _SIZE)
        self._read = bytes(_SIZE), ""

    def begin(self, name: str) -> int:
        """Note the test that runs from here on; return its position. Failures are ignored: it has none then."""
        position = 0
        with contextlib.suppress(OSError), self.path.open("ab") as file:
            position = file.tell() + 1  # no test has position 0
            file.write(f"\n{json.dumps(name)}".encode())
        self._now[:_SIZE] = position.to_bytes(_SIZE, "little")
        return position

    def end(self) -> None:
        """Note that no test runs."""
        self._now[:_SIZE] = bytes(_SIZE)

    def read(self) -> str:
        """Return the test that runs in the process that writes this file, or an empty string."""
        now = self._now[:_SIZE]
        if now != self._read[0]:
            self._read = now, self.name_at(int.from_bytes(now, "little"))
        return self._read[1]

    def name_at(self, position: int) -> str:
        """Return the test at a position, or an empty string."""
        if not position:
            return ""
        try:
            with self.path.open("rb") as file:
                file.seek(position)
                return str(json.loads(file.readline()))
        except (OSError, ValueError):
            return ""


class RunningTest:
    """The test that runs, as one process knows it."""

    def __init__(self) -> None:
        self._log: TestLog | None = None
        self._name: str | None = ""
        self._starter = ""
        self._wide = 0
        self._threads: WeakKeyDictionary[Thread, str] = WeakKeyDictionary()

    def lead(self, folder: str) -> dict[str, str]:
        """Run tests in this process; return environment variables for the processes that it starts."""
        with contextlib.suppress(OSError):
            self._log = TestLog(Path(folder, f"{os.getpid()}.tests"))
        return {TEST: f"0 {self._log.path}" if self._log else ""}

    def follow(self) -> None:
        """Take part in the tests of the process that has started this one, as the environment says."""
        position, _, path = os.environ.get(TEST, "").partition(" ")
        if path and position.isdecimal():
            with contextlib.suppress(OSError):
                self._log = TestLog(Path(path))
                self._name = None
                self._starter = self._log.name_at(int(position))

    def begin(self, name: str) -> None:
        """Begin a test."""
        self._assign_threads("")
        self._name = name
        self._publish(self._log.begin(name) if self._log else 0)

    def end(self) -> None:
        """End the test: threads that it has started, and that still run, are its own."""
        self._assign_threads(self._name or "")
        self._name = ""
        if self._log:
            self._log.end()
        self._publish(0)

    def begin_wide_fixture(self) -> str | None:
        """Begin to set up a fixture for several tests: what it starts serves them all. Return what restores it."""
        self._assign_threads("" if self._wide else self._name or "")
        self._wide += 1
        before = os.environ.get(TEST)
        self._publish(0)
        return before

    def end_wide_fixture(self, before: str | None) -> None:
        """End what :meth:`begin_wide_fixture` began."""
        self._assign_threads("")
        self._wide -= 1
        if before is not None:
            os.environ[TEST] = before

    def _publish(self, position: int) -> None:
        if self._log:
            os.environ[TEST] = f"{position} {self._log.path}"

    def _assign_threads(self, name: str) -> None:
        """Note which test has started each thread that is new, or none."""
        for thread in threading.enumerate():
            if thread not in self._threads:
                self._threads[thread] = "" if _serves_all(thread) else name

    def find(self) -> str:
        """Return the test that a run which begins here and now belongs to, or an empty string."""
        name = self._current()
        starter = self._starter
        if name and not starter and (thread := threading.current_thread()) is not threading.main_thread():
            starter = self._threads.get(thread, "")
        return name if starter in ("", name) else ""

    def _current(self) -> str:
        if self._name is not None:
            return self._name
        return self._log.read() if self._log else ""

    def fork(self, *, serves_all: bool = False) -> None:
        """Go on in a forked process, which the test that runs has started."""
        is_free = serves_all or self._wide or not self._current()
        self._starter = "" if is_free else self.find() or _LEFTOVER
        self._name = None if self._log else ""
        self._threads = WeakKeyDictionary()


def _serves_all(thread: Thread) -> bool:
    function, kind = getattr(thread, "_target", None), type(thread)
    name = getattr(function, "__module__", ""), getattr(function, "__name__", "")
    return name in SERVING_FUNCTIONS or (kind.__module__, kind.__name__) in SERVING_CLASSES
