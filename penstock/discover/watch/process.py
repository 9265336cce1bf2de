"""Watches the process that it is started in, and writes what was seen to the folder of the recording."""

from __future__ import annotations

import atexit
import contextlib
import marshal
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock.discover.watch.faults import faults, swallow
from penstock.discover.watch.library_rows import LibraryRows
from penstock.discover.watch.own_code import OwnCode
from penstock.discover.watch.watcher import Watcher
from penstock.effects import LIBRARIES
from penstock.effects.audit import EVENTS
from penstock.effects.rows import LibraryFunction
from penstock.effects.sqlite import EVENT, follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.discover.watch.monitoring import Monitor
    from penstock.discover.watch.profiling import Profiler

FOLDER = "PENSTOCK_DISCOVERY"
"""The environment variable with the folder in which every process of a recording writes its part."""

SETTINGS = "settings"
"""The file there with the arguments of :class:`~penstock.discover.watch.own_code.OwnCode`."""

PART = ".part"
"""The suffix of the parts."""

_FORMAT = 4  # which all supported versions of Python have

_TEST_RUNNERS = (("_pytest.runner", "runtestprotocol"), ("unittest.case", "TestCase.run"))
"""Where tests begin."""

_PAUSE = 50
"""The pause between two writes of a process, which may be killed, as a multiple of the time that the last one took."""

_POOLS = ("multiprocessing.util", "billiard.util")
"""Modules whose child processes end without ``atexit``."""

_open, _write, _close, _replace, _clock = os.open, os.write, os.close, os.replace, time.monotonic
"""As they are when the process starts: tests replace them."""


def start() -> None:
    """Watch this process if the environment names a recording."""
    folder = os.environ.get(FOLDER)
    if folder:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            with open(os.path.join(folder, SETTINGS), "rb") as file:  # noqa: PTH118, PTH123 - pathlib costs time in every process
                settings = decode(file.read())
            _hide_from_pytest()
            WatchedProcess(folder, OwnCode(settings["roots"], settings["packages"])).start()


def encode(content: Any) -> bytes:
    """Return plain values for a file of the recording's folder, which only the user can read; ``json`` takes long to import."""
    return marshal.dumps(content, _FORMAT)


def decode(content: bytes) -> Any:
    """Return the plain values in such a file.

    Raises:
        ValueError: It is damaged; or ``EOFError``, or ``TypeError``.
    """
    return marshal.loads(content)  # noqa: S302 - the user's own processes have written it


def _hide_from_pytest() -> None:
    """Keep pytest from the warning that penstock, a plugin of it, was imported before; some projects make it an error."""
    penstock = sys.modules["penstock"]
    penstock.__doc__ = f"{penstock.__doc__}\nPYTEST_DONT_REWRITE\n"


class WatchedProcess:
    """This process.

    Args:
        folder: The folder of the recording.
        own_code: Knows which code to watch.
    """

    def __init__(self, folder: str, own_code: OwnCode) -> None:
        self._folder = folder
        rows = [row for library in LIBRARIES for row in library.FUNCTIONS]
        runners = [LibraryFunction(*runner, self._begin_test) for runner in _TEST_RUNNERS]
        self._watcher = Watcher(own_code, LibraryRows([*rows, *runners]), self._rest)
        self._backend = _choose_backend(self._watcher)
        self._part = ""
        self._notes: list[str] = []
        self._due = 0.0
        self._is_writing = False
        self._readers: dict[str, Callable[[tuple[Any, ...]], object]] = {
            name: self._make_reader(reader) for name, reader in EVENTS.items()
        }
        self._readers |= {"exec": self._read_code, EVENT: self._follow}

    def start(self) -> None:
        """Begin to watch."""
        fault = self._backend.start()
        if fault:
            self._notes = [f"A process was not watched: {fault}."]
        else:
            sys.addaudithook(self._hear if hasattr(sys, "monitoring") else self._hear_and_renew)
        if self._backend.slowness:
            self._notes.append(f"{self._backend.slowness}.")
        self._begin_part()
        atexit.register(self.write)
        if hasattr(os, "register_at_fork"):  # not on Windows
            os.register_at_fork(after_in_child=self._begin_child)

    def _begin_test(self, _arguments: object) -> tuple[()]:
        self._watcher.begin_test()
        return ()

    def _begin_part(self) -> None:
        self._part = os.path.join(self._folder, f"{os.getpid()}-{os.urandom(4).hex()}")  # noqa: PTH118 - see above
        self._due = 0.0
        self.write()

    def _begin_child(self) -> None:
        """Leave to the parent what was seen before the fork, and what is around it."""
        self._watcher.forget()
        self._begin_part()
        for module in filter(None, map(sys.modules.get, _POOLS)):
            module.register_after_fork(self, partial(_finalize, module))

    def _rest(self) -> None:
        """Write, when an outermost call has ended, unless it was done just now."""
        begin = _clock()
        if begin >= self._due:
            self.write()
            end = _clock()
            self._due = end + _PAUSE * (end - begin)

    def write(self) -> None:
        """Write what was seen so far; a recording whose folder is gone is over."""
        self._is_writing = True
        try:
            disturbance = self._backend.find_disturbance()
            notes = [*self._notes, *([f"A process was watched only in part: {disturbance}."] if disturbance else ())]
            notes += [f"penstock could not follow a call ({fault})." for fault in faults]
            content = encode({**self._watcher.encode(), "notes": notes})
            descriptor = _open(f"{self._part}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                while content:
                    content = content[_write(descriptor, content) :]
            finally:
                _close(descriptor)
            _replace(f"{self._part}.new", f"{self._part}{PART}")
        except OSError:
            pass
        finally:
            self._is_writing = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        reader = self._readers.get(event)
        if reader is not None and not self._is_writing:
            try:
                reader(arguments)
            except Exception as error:
                swallow(error)

    def _hear_and_renew(self, event: str, arguments: tuple[Any, ...]) -> None:
        self._backend.renew()
        self._hear(event, arguments)

    def _make_reader(self, read: Callable[[tuple[Any, ...]], Any]) -> Callable[[tuple[Any, ...]], None]:
        def hear(arguments: tuple[Any, ...]) -> None:
            """Note what an event touches, inside the user's code only."""
            if self._watcher.is_inside():
                with contextlib.suppress(Exception):  # an event's arguments may be anything
                    for touch in read(arguments):
                        self._watcher.note(touch)

        return hear

    def _follow(self, arguments: tuple[Any, ...]) -> None:
        follow(arguments[0], self._watcher.note)

    def _read_code(self, arguments: tuple[Any, ...]) -> None:
        self._watcher.read_module(arguments[0])


def _finalize(module: Any, process: WatchedProcess) -> None:
    """Let a process of a pool write when it ends."""
    module.Finalize(process, process.write, exitpriority=0)


def _choose_backend(watcher: Watcher) -> Monitor | Profiler:
    """Return the means of this Python; the module of the other one is not imported."""
    if hasattr(sys, "monitoring"):
        from penstock.discover.watch.monitoring import Monitor  # noqa: PLC0415 - see above

        return Monitor(watcher)
    from penstock.discover.watch.profiling import Profiler  # noqa: PLC0415 - see above

    return Profiler(watcher)
