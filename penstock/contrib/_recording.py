"""A recording of many processes: each leaves its part in one folder, and the first makes one file of all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._commit import commit_of
from penstock._files import own_folder
from penstock._scope import add_observer, remove_observer
from penstock.check.evidence import load, merge, save
from penstock.errors import EvidenceError, OutputError
from penstock.observers import patchers
from penstock.observers.evidence import COMMIT
from penstock.observers.recorder import FOLDER, recorder
from penstock.observers.replaced import replacements

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence


_PREFIX = "penstock-evidence-"
_FORGOTTEN = 7 * 24 * 3600
"""Seconds without a word after which nobody records into a folder any more."""


class Recording:
    """A recording from beginning to end.

    Args:
        target: Where to write the evidence of all processes; ``None`` in a worker, which leaves only its part.
        root: A folder of the repository.

    Attributes:
        tried: Whether anything was run that could have been recorded.
        said: What to tell the user at the end.
        failed: Whether that is bad news: all evidence is lost, or some.
    """

    def __init__(self, target: Path | None, root: Path) -> None:
        self.tried = False
        self.said = ""
        self.failed = False
        self._target = target
        self._root = root
        self._folder = ""
        self._ended = False
        self._outer: dict[str, str | None] = {}

    def begin(self) -> None:
        """Begin to record in this process, and in those that it starts."""
        if self._target is not None:
            _sweep()
            self._folder = tempfile.mkdtemp(prefix=_PREFIX)
            inner = {FOLDER: self._folder, COMMIT: commit_of(self._root)}
            self._outer = {name: os.environ.get(name) for name in inner}
            os.environ.update(inner)
        if found := recorder():
            found.started = False  # steps that tests call on their own have lost nothing
            add_observer(found)
        patchers.watch()

    def between_tests(self) -> None:
        """Let a worker write now and then, which may crash; if the main process does, nobody reads what is there."""
        if self._target is None and (found := recorder()):
            found.write_now_and_then()

    def end(self) -> None:
        """Write this process's part, and in the main process all parts as one; a second time, do nothing."""
        if self._ended:
            return
        self._ended = True
        if found := recorder():
            found.leave()
            remove_observer(found)
        patchers.unwatch()
        if self._target is not None:
            self._finish(self._target)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._give_back()

    def _give_back(self) -> None:
        """Leave the environment as it was: another recording may be around this one."""
        for name, value in self._outer.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if outer := recorder():
            add_observer(outer)

    def _finish(self, target: Path) -> None:
        found, damaged = _parts(Path(self._folder))
        if not (self.tried or damaged or found.facts or found.orphans or found.runs):
            return  # who only lists tests, or asks for help, keeps what was recorded before
        try:
            if target.parent.name == ".penstock":
                own_folder(target.parent)
            save(found, target)
        except (OutputError, OSError) as error:
            self.said, self.failed = f"the evidence is lost: {error}", True
            return
        self.said = f"{_summary(found)} recorded in {_shown(target)}. Now: penstock check"
        if damaged:
            self.said, self.failed = f"{self.said}\nwithout a part that cannot be read: {damaged[0]}", True


def tests_are_there() -> None:
    """Take note, before the first test runs, of what the modules of all tests have imported."""
    patchers.look()
    replacements.learn()


def _sweep() -> None:
    """Remove the folders of recordings that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(folder, ignore_errors=True)


def _parts(folder: Path) -> tuple[Evidence, list[EvidenceError]]:
    parts, damaged = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            parts.append(load(path))
        except EvidenceError as error:
            damaged.append(error)
    return merge(parts), damaged


def _summary(found: Evidence) -> str:
    steps = {(flow, seen.step) for flow, seen in found.runs}
    steps |= {(fact.flow, fact.step.step) for fact in found.facts}
    steps |= {(orphan.flow, orphan.step.step) for orphan in found.orphans}
    what = f"{_counted(sum(found.runs.values()), 'run')}, {_counted(len(steps), 'step')}"
    return f"{what} of {_counted(len({flow for flow, _ in steps}), 'flow')}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shown(target: Path) -> str:
    try:
        return os.path.relpath(target)
    except ValueError:  # on another drive
        return str(target)
