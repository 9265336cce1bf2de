"""Records what really runs, as aggregated facts: ``pytest --penstock``, or an observer of your own process.

Memory follows the number of different contexts, not that of calls. A generator runs where it is consumed, not where
it was made; so every step around it may have made it, and it went before every step that consumes it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import _registry
from penstock._context import current_event
from penstock.check.evidence import Evidence, Fact, Orphan, Seen, save
from penstock.errors import OutputError
from penstock.propagation import LONGEST_EVIDENCE, tell_evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock._context import Run
    from penstock.observers import StepEvent

FOLDER = "PENSTOCK_EVIDENCE"
"""The environment variable that names the folder in which every process of a recording leaves its part."""

COMMIT = "PENSTOCK_EVIDENCE_COMMIT"
"""The environment variable with the commit that is recorded; a plus behind it stands for uncommitted changes."""

_NOTHING: frozenset[str] = frozenset()
_Key = tuple[str, str, str, frozenset[str], frozenset[str], frozenset[str]]


class Frame:
    """A step that runs, or ran, as seen by one flow.

    Attributes:
        step: Its name.
        parent: The nearest step of the same flow around it, other than itself.
        done: The steps that have finished inside it so far; a generator has from its first item on.
        pulled: The generators that were consumed inside it.
        ancestors: The steps around its parent, with the parent.
    """

    __slots__ = ("ancestors", "done", "known", "parent", "pulled", "step")

    def __init__(self, step: str, parent: Frame | None) -> None:
        self.step = step
        self.parent = parent
        self.done: set[str] = set()
        self.pulled: set[str] = set()
        self.known: tuple[frozenset[str], frozenset[str]] = (_NOTHING, _NOTHING)
        self.ancestors: frozenset[str] = parent.ancestors | {parent.step} if parent else _NOTHING

    def outside(self) -> frozenset[str]:
        """Return what has finished around this step, but not inside its parent."""
        found: set[str] = set()
        above = self.parent and self.parent.parent
        while above:
            found |= above.done
            above = above.parent
        return frozenset(found)

    def finish(self) -> None:
        """Tell all steps around that this one, and what ran in it, is done."""
        above = self.parent
        while above and not (self.step in above.done and self.done <= above.done):
            above.done.add(self.step)
            above.done |= self.done
            above = above.parent

    def pull(self) -> None:
        """Tell all steps around that this one is a generator which they consume."""
        above = self.parent
        while above and self.step not in above.pulled:
            above.pulled.add(self.step)
            above = above.parent


class EvidenceObserver:
    """Counts in which company each step runs: ``add_observer(EvidenceObserver())``.

    Args:
        file: Where to keep the evidence; it is written whenever something new was seen, and at the end of the process.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._facts: Counter[_Key] = Counter()
        self._orphans: Counter[tuple[str, str, bool]] = Counter()
        self._runs: Counter[tuple[str, str]] = Counter()
        self._live: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._news = False

    def __call__(self, event: StepEvent, /) -> _Running:
        """Take note that a step begins."""
        frames = {flow: self._begin(flow, event) for flow in event.flows}
        event.notes[self] = frames
        return _Running(self, event, frames)

    def evidence(self) -> Evidence:
        """Return what was seen so far."""
        sources = _sources()

        def seen(flow: str, step: str) -> Seen:
            return Seen(step, sources.get((flow, step), ""))

        def group(flow: str, steps: Iterable[str]) -> frozenset[Seen]:
            return frozenset(seen(flow, step) for step in steps)

        with self._lock:
            facts = {
                Fact(f, seen(f, b), seen(f, p), group(f, done), group(f, above), group(f, outside)): count
                for (f, b, p, done, above, outside), count in self._facts.items()
            }
            orphans = {Orphan(f, seen(f, step), lost): count for (f, step, lost), count in self._orphans.items()}
            runs = {(f, seen(f, step)): count for (f, step), count in self._runs.items()}
        return Evidence(facts, orphans, runs, {os.environ.get(COMMIT, ""): _today()})

    def clear(self) -> None:
        """Forget everything."""
        self._lock = threading.Lock()  # another thread may have held the old one when the process forked
        for counter in (self._facts, self._orphans, self._runs, self._live):
            counter.clear()
        self._news = False

    def write(self) -> None:
        """Write the evidence to the file, if anything was seen; a folder that is gone is nobody's fault."""
        self._news = False
        if self.file and (self._facts or self._orphans or self._runs):
            with contextlib.suppress(OutputError):
                save(self.evidence(), self.file)

    def _begin(self, flow: str, event: StepEvent) -> Frame:
        parent = self._nearest(flow, event)
        frame = Frame(event.step, parent)
        if parent is not None:
            frame.known = frozenset(parent.done), frame.outside()
            if event.lazy:
                frame.pull()
        self._count_start(flow, event, alone=parent is None)
        return frame

    def _count_start(self, flow: str, event: StepEvent, *, alone: bool) -> None:
        with self._lock:
            if alone and event.entrypoint:
                self._news |= (flow, event.step) not in self._runs
                self._runs[flow, event.step] += 1
            elif alone:
                key = (flow, event.step, self._live[flow] > 0)
                self._news |= key not in self._orphans
                self._orphans[key] += 1
            self._live[flow] += 1

    def _nearest(self, flow: str, event: StepEvent) -> Frame | None:
        """Return the frame of the nearest step around, other than the step itself, here or in another process."""
        above = event.parent
        while above is not None:
            frame: Frame | None = above.notes.get(self, {}).get(flow)
            while frame is not None and frame.step == event.step:
                frame = frame.parent
            if frame is not None:
                return frame
            above = above.parent
        remote = _remote(event.run).get(flow)
        return None if remote is None or remote.step == event.step else remote

    def count(self, flow: str, event: StepEvent, frame: Frame) -> None:
        """Count the fact that a step began, now that it is known which generators it consumes."""
        parent = frame.parent
        if parent is None:
            return
        done, outside = frame.known
        done |= frame.pulled
        if event.lazy:
            done |= parent.ancestors | outside
        key = (flow, frame.step, parent.step, done - {frame.step}, parent.ancestors, outside)
        with self._lock:
            self._news |= key not in self._facts
            self._facts[key] += 1

    def end(self, event: StepEvent, frames: Mapping[str, Frame]) -> None:
        """Take note that a step has ended."""
        with self._lock:
            for flow in frames:
                self._live[flow] -= 1
        if self._news and event.parent is None:
            self.write()


class _Running:
    """What is called when a step ends, and around each item of a generator."""

    __slots__ = ("_counted", "_event", "_frames", "_observer")

    def __init__(self, observer: EvidenceObserver, event: StepEvent, frames: dict[str, Frame]) -> None:
        self._observer = observer
        self._event = event
        self._frames = frames
        self._counted = False

    def __call__(self, _error: BaseException | None, /) -> None:
        self.suspend()
        for frame in self._frames.values():
            frame.finish()
        self._observer.end(self._event, self._frames)

    def suspend(self) -> None:
        """At its first item a generator has shown what it consumes, and whoever takes the item comes after it."""
        if not self._counted:
            self._counted = True
            for flow, frame in self._frames.items():
                self._observer.count(flow, self._event, frame)
                frame.finish()

    def resume(self) -> None:
        """Nothing has to be made current again."""


_recorders: list[EvidenceObserver] = []


def recorder() -> EvidenceObserver | None:
    """Return this process's part of a recording, always the same one; ``None`` if the environment tells of none."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    if not _recorders:
        _recorders.append(EvidenceObserver())
        _set_up(_recorders[0])
    observer = _recorders[0]
    if observer.file is None or observer.file.parent != Path(folder):
        observer.file = _part(folder)
    return observer


def _set_up(observer: EvidenceObserver) -> None:
    tell_evidence(lambda: told(observer))
    atexit.register(observer.write)

    def forked() -> None:
        observer.clear()
        observer.file = _part(str(observer.file.parent)) if observer.file else None

    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=forked)


def told(observer: EvidenceObserver) -> str:
    """Return what a message tells the process that receives it of the steps around, or an empty string."""
    event, frames = current_event.get(), dict[str, Frame]()
    while event is not None:
        frames = {**event.notes.get(observer, {}), **frames}
        event = event.parent
    text = json.dumps(
        {flow: [f.step, sorted(f.done), sorted(f.ancestors), sorted(f.outside())] for flow, f in frames.items()},
        separators=(",", ":"),
    )
    return text if frames and len(text) <= LONGEST_EVIDENCE else ""


def _remote(run: Run | None) -> dict[str, Frame]:
    """Return the frames that another process told of with the run; what is damaged is as good as nothing."""
    text = run.evidence if run is not None else ""
    if not text:
        return {}
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
        return {str(flow): _frame(*said) for flow, said in json.loads(text).items()}
    return {}


def _frame(step: str, done: list[str], ancestors: list[str], outside: list[str]) -> Frame:
    frame = Frame(str(step), None)
    if ancestors or outside:
        frame.parent = Frame("", None)
        frame.parent.done = set(map(str, outside))
    frame.done, frame.ancestors = set(map(str, done)), frozenset(map(str, ancestors))
    return frame


def _sources() -> dict[tuple[str, str], str]:
    with contextlib.suppress(Exception):  # objects of the application may fail with anything when they are read
        return {(flow.name, step.name): step.source_hash for flow in _registry.flows() for step in flow.steps}
    return {}


def _part(folder: str) -> Path:
    return Path(folder, f"{os.getpid()}-{os.urandom(4).hex()}.json")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
