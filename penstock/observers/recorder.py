"""One process's part of a recording: ``pytest --penstock`` starts one, and every process below it takes part."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import time
from multiprocessing import process, util
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._context import current_event, current_run
from penstock.check.frames import told
from penstock.errors import OutputError
from penstock.observers.evidence import EvidenceObserver
from penstock.observers.replaced import replacements
from penstock.observers.running import arrived, frame_of
from penstock.observers.strays import Strays
from penstock.propagation import LONGEST_EVIDENCE, tell_evidence

if TYPE_CHECKING:
    from penstock.check.frames import Frame

FOLDER = "PENSTOCK_EVIDENCE"
"""The environment variable that names the folder in which every process of a recording leaves its part."""

WORKERS = (("concurrent.futures.process", "_process_worker"), ("multiprocessing.pool", "worker"))
"""What the processes of pools run, by module and name."""

_PAUSE = 20
"""Between two times that a worker writes: so many times as long as it took to write."""

_recorders: list[Recorder] = []


class Recorder(EvidenceObserver):
    """Leaves what it sees in the recording's folder, in a file of its own."""

    _due = 0.0

    def follow(self, folder: str) -> None:
        """Take part in the recording that is kept in a folder; what belongs to another one is left there."""
        if self.file is None or self.file.parent != Path(folder):
            self.write()
            self.clear()
            self.file = _part(folder)
            with contextlib.suppress(OSError):
                self.strays = Strays(Path(folder))

    def settle(self, *, write: bool) -> None:
        """Count what has begun. Only processes that tests start write meanwhile, because they may be killed.

        In the one that runs the tests, somebody may have replaced :func:`os.replace` at this moment, and count its calls.
        """
        super().settle(write=write and self.started)

    def write(self) -> None:
        """Write the evidence; when the folder is gone, so is who would read it."""
        if self.file and self.file.parent.is_dir():
            super().write()

    def write_now_and_then(self) -> None:
        """Write what is new, unless that was done just now: to write takes longer the more there is."""
        began = time.monotonic()
        if self._news and began >= self._due:
            self.leave()
            ended = time.monotonic()
            self._due = ended + _PAUSE * (ended - began)

    def leave(self) -> None:
        """Write the evidence at the end of the process, when there is nobody to complain to."""
        with contextlib.suppress(OutputError):
            self.write()

    def forked(self) -> None:
        """Begin anew in the child; what was counted is the parent's."""
        self.clear()
        replacements.forked()
        self.started = True
        self.inherited = current_event.get()
        if self.file:
            self.file = _part(str(self.file.parent))

    def detach(self) -> None:
        """Take the steps around for unknown that this process has had since it was forked, and their run, too."""
        event, run = current_event.get(), current_run.get()
        if run is not None:
            self.detached, run.arrived = run.notes, None
        while event is not None:
            for key in [key for key in event.notes if key is self or (type(key) is tuple and key[0] is self)]:
                del event.notes[key]
            event = event.parent

    def told(self) -> str:
        """Return what a message tells the process that receives it of the steps around, or an empty string."""
        frames = self._around()
        text = json.dumps({flow: told(frame) for flow, frame in frames.items()}, separators=(",", ":"))
        return text if frames and len(text) <= LONGEST_EVIDENCE else ""

    def _around(self) -> dict[str, Frame]:
        run, event = current_run.get(), current_event.get()
        found = dict(arrived(run)) if run is not None else {}
        events = []
        while event is not None:
            events.append(event)
            event = event.parent
        for each in reversed(events):
            for flow in each.flows:
                frame = frame_of(each, self, flow)
                if frame is not None and frame.company.is_run:
                    found[flow] = frame
        return found


def recorder() -> Recorder | None:
    """Return this process's part of a recording, always the same one; ``None`` if the environment tells of none."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    if not _recorders:
        _recorders.append(_made())
    _recorders[0].follow(folder)
    return _recorders[0]


def _made() -> Recorder:
    observer = Recorder()
    tell_evidence(observer.told)
    atexit.register(observer.leave)
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=observer.forked)
    # A process of multiprocessing leaves without a look at atexit, and forgets the finalizers of its parent.
    util.register_after_fork(observer, _begun)
    _finalize(observer)
    return observer


def _begun(observer: Recorder) -> None:
    """Begin in a process of multiprocessing; that of a pool outlives the step which forked it, and works for others."""
    _finalize(observer)
    target = getattr(process.current_process(), "_target", None)
    if (getattr(target, "__module__", ""), getattr(target, "__name__", "")) in WORKERS:
        observer.detach()


def _finalize(observer: Recorder) -> None:
    util.Finalize(observer, observer.leave, exitpriority=0)


def _part(folder: str) -> Path:
    return Path(folder, f"{os.getpid()}-{os.urandom(4).hex()}.json")
