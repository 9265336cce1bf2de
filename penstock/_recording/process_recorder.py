"""Records one process: ``pytest --penstock`` starts a recorder, and every process below it takes part."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
from multiprocessing import process, util
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._recording.evidence_observer import EvidenceObserver
from penstock._recording.running_step import frame_of
from penstock._recording.running_test import RunningTest
from penstock._recording.step_header import encode_step_frames, remote_frames
from penstock._recording.strays import Strays
from penstock._recording.substitutions import replacements
from penstock._runtime.context import current_event, current_run
from penstock._runtime.evidence_header import LONGEST_EVIDENCE, set_evidence_source
from penstock.check.evidence.frames import StepFrame
from penstock.errors import OutputError

if TYPE_CHECKING:
    from penstock._runtime.events import StepEvent

FOLDER = "PENSTOCK_EVIDENCE"
"""The environment variable with the folder in which every process of a recording writes its part."""

TIMES = "PENSTOCK_EVIDENCE_TIMES"
"""The environment variable that is not empty if steps are measured."""

WORKERS = (("concurrent.futures.process", "_process_worker"), ("multiprocessing.pool", "worker"))
"""The worker functions of process pools, by module and name."""

_PAUSE = 20
"""The pause between two writes of a worker, as a multiple of the time that the last one took."""

_SHORT_PAUSE = 4
"""The same in a process that a test has started, for tests that ran nothing new: it may be killed with the last test."""

_MAX_TEST = 1024
"""Characters of a test's ID that a message carries at most."""

NO_FLOW = ""
"""The name under which messages carry the test, as if it was a step: other readers pass it over."""

_recorders: list[Recorder] = []


class Recorder(EvidenceObserver):
    """Writes its observations to the recording's folder, in a file of its own."""

    _due = 0.0

    def __init__(self, file: Path | None = None) -> None:
        super().__init__(file, source="tests")
        self.running_test = RunningTest()

    def follow(self, folder: str, *, times: bool) -> None:
        """Join the recording in a folder; patches of another recording are left alone.

        Args:
            folder: The folder.
            times: Whether steps are measured.
        """
        self.timings.is_active = times
        if self.file is None or self.file.parent != Path(folder):
            self.write()
            self.clear()
            self.file = _part(folder)
            with contextlib.suppress(OSError):
                self.strays = Strays(Path(folder))

    def settle(self, *, write: bool) -> None:
        """Count pending steps. Only processes started by tests write meanwhile, because they may be killed.

        In the process that runs the tests, a test may have replaced :func:`os.replace`, and count its calls.
        """
        super().settle(write=write and self.started)
        if write and self.started and self._visits.has_news:
            self.write_now_and_then(_SHORT_PAUSE)

    def find_test(self, event: StepEvent) -> str:
        """Return the test that a step with no step around it in this process belongs to, or an empty string."""
        frames = remote_frames(event.run) if event.run is not None else {}
        if frames:
            return frames[NO_FLOW].step if NO_FLOW in frames else ""
        return self.running_test.find()

    def write(self) -> None:
        """Write the evidence unless the recording folder was removed."""
        if self.file and self.file.parent.is_dir():
            self._visits.has_news = False
            token = current_event.set(None)  # the files written here are not touched by the step that ends
            try:
                super().write()
            finally:
                current_event.reset(token)

    def write_now_and_then(self, pause: int = _PAUSE) -> None:
        """Write new observations unless it was done just now: writing takes longer the more there are.

        Args:
            pause: The pause between two writes, as a multiple of the time that the last one took.
        """
        began = time.monotonic()
        if (self._news or self._visits.has_news) and began >= self._due:
            self.leave()
            end = time.monotonic()
            self._due = end + pause * (end - began)

    def leave(self) -> None:
        """Write the evidence at the end of the process, ignoring errors, which cannot be reported then."""
        with contextlib.suppress(OutputError):
            self.write()

    def reset_after_fork(self) -> None:
        """Start with empty counts in the child; the old counts belong to the parent."""
        self.clear()
        replacements.reset_after_fork()
        self.started = True
        self.running_test.fork()
        self.inherited = current_event.get()
        if self.file:
            self.file = _part(str(self.file.parent))

    def detach(self) -> None:
        """Treat the steps around the fork as unknown in this process, and their run, too."""
        event, run = current_event.get(), current_run.get()
        self.running_test.fork(serves_all=True)
        if run is not None:
            self.detached, run.arrived = run.notes, None
        while event is not None:
            for key in [key for key in event.notes if key is self or (type(key) is tuple and key[0] is self)]:
                del event.notes[key]
            event = event.parent

    def encode_step_context(self) -> str:
        """Return the encoded steps around, for the receiver of a message, or an empty string."""
        frames = self._around()
        text = encode_step_frames(frames)
        return text if frames and len(text) <= LONGEST_EVIDENCE else ""

    def _around(self) -> dict[str, StepFrame]:
        run, event = current_run.get(), current_event.get()
        frames = dict(remote_frames(run)) if run is not None else {}
        events = []
        while event is not None:
            events.append(event)
            event = event.parent
        for outer_event in reversed(events):
            for flow in outer_event.flows:
                frame = frame_of(outer_event, self, flow)
                if frame is not None and frame.company.is_run:
                    frames[flow] = frame
        if frames and events:
            self._add_test(frames, events[0])
        return frames

    def _add_test(self, frames: dict[str, StepFrame], event: StepEvent) -> None:
        """Add the test to the frames that a message carries, or remove that of the message that arrived."""
        running = event.notes.get(self)
        if running is not None and 0 < len(running.test) <= _MAX_TEST:
            frames[NO_FLOW] = StepFrame(NO_FLOW, running.test, None)
        else:
            frames.pop(NO_FLOW, None)


def has_recorder() -> bool:
    """Return whether this process has a recorder already."""
    return bool(_recorders)


def recorder() -> Recorder | None:
    """Return this process's recorder, always the same one; ``None`` if the environment names no recording."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    if not _recorders:
        _recorders.append(_make_recorder())
    _recorders[0].follow(folder, times=bool(os.environ.get(TIMES)))
    return _recorders[0]


def _make_recorder() -> Recorder:
    observer = Recorder()
    observer.running_test.follow()
    set_evidence_source(observer.encode_step_context)
    atexit.register(observer.leave)
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=observer.reset_after_fork)
    # A process of multiprocessing exits without atexit, and drops the finalizers of its parent.
    util.register_after_fork(observer, _after_worker_fork)
    _finalize(observer)
    return observer


def _after_worker_fork(observer: Recorder) -> None:
    """Begin in a process of multiprocessing; a pool's process outlives the step that forked it, and serves others."""
    _finalize(observer)
    target = getattr(process.current_process(), "_target", None)
    if (getattr(target, "__module__", ""), getattr(target, "__name__", "")) in WORKERS:
        observer.detach()


def _finalize(observer: Recorder) -> None:
    util.Finalize(observer, observer.leave, exitpriority=0)


def _part(folder: str) -> Path:
    return Path(folder, f"{os.getpid()}-{os.urandom(4).hex()}.json")
