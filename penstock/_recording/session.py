"""Records several processes: each writes its part to one folder, and the first merges all parts into one file."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._declare.patches import active, retry, undo_all
from penstock._recording import mock_hooks
from penstock._recording.effects import effect_hooks
from penstock._recording.effects.run_triggers import clear_start
from penstock._recording.evidence_observer import COMMIT
from penstock._recording.process_recorder import FOLDER, TIMES, recorder
from penstock._recording.running_test import RunningTest
from penstock._recording.startup import tell
from penstock._recording.substitutions import replacements
from penstock._resolve import resolution
from penstock._runtime.scope import add_observer, remove_observer
from penstock._util.atomic_files import is_file, own_folder
from penstock._util.git import commit_of
from penstock.check.evidence import Evidence, load, merge, save
from penstock.check.evidence.history import FileRun, History
from penstock.check.verdict.succession import inherit_history, shows_arrows
from penstock.errors import EvidenceError, OutputError

if TYPE_CHECKING:
    from penstock._declare.patches import Patch
    from penstock.check.verdict.tally import Pair

_PREFIX = "penstock-evidence-"
_FORGOTTEN = 7 * 24 * 3600
"""Seconds of inactivity after which the folder of a recording counts as abandoned."""

_MARKER = "recording"
"""A marker file in the folder of a recording; without it, the parts of other processes are lost, too."""

_NOTES = ".notes"

MANY_TESTS = 1_000_000
"""More tests than a file has: some were not selected, and their number is unknown."""

MAX_FLOWS = 4
"""Maximum number of flows in the summary."""


class RecordingSession:
    """A recording from beginning to end.

    Args:
        target: The file for the evidence of all processes; ``None`` in a worker, which writes only its part.
        root: A folder of the repository.
        times: Whether errors and durations are recorded, too; a worker does as the main process.

    Attributes:
        tried: Whether anything was run that could have been recorded.
        asked: Whether the run meant to record but did not get that far.
        cut_short: Whether the test run ended before all tests had run.
        passed: The number of passed tests of each file in this process.
        left_out: The number of tests that were not selected, were skipped, or failed.
        running_test: The test that runs.
        notes: Further messages, from any process.
        said: The final message to the user.
        failed: Whether it is an error: all evidence is lost, or some.
    """

    def __init__(self, target: Path | None, root: Path, *, times: bool = False) -> None:
        self.tried = False
        self.asked = False
        self.cut_short = False
        self.passed: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        self.said = ""
        self.failed = False
        self._target = target
        self._root = root
        self._times = times
        self._folder = ""
        self._patches: tuple[Patch, ...] = ()
        self._ended = False
        self._outer: dict[str, str | None] = {}
        self._outer_test = self.running_test = RunningTest()

    def begin(self) -> None:
        """Begin to record in this process and its child processes."""
        if self._target is not None:
            _sweep()
            self._folder = tempfile.mkdtemp(prefix=_PREFIX)
            Path(self._folder, _MARKER).touch()
            times = "1" if self._times else ""
            self._set_environment({FOLDER: self._folder, COMMIT: commit_of(self._root), TIMES: times})
        self._patches = active()
        if observer := recorder():
            self._outer_test, observer.running_test = observer.running_test, self.running_test
            self._set_environment(self.running_test.lead(os.environ[FOLDER]))
            observer.started = False  # steps that tests call on their own have lost nothing
            add_observer(observer)
            effect_hooks.watch(observer)
        mock_hooks.watch()

    def look(self) -> None:
        """Record, before the first test runs, the bindings of all imported modules and declarations."""
        retry()
        mock_hooks.look()
        replacements.learn()
        self._set_environment(tell(patch for patch in active() if patch not in self._patches))

    def _set_environment(self, variables: dict[str, str]) -> None:
        self._outer |= {name: os.environ.get(name) for name in variables if name not in self._outer}
        os.environ.update(variables)

    def between_tests(self) -> None:
        """Let a worker write now and then, because it may crash; parts are lost if the main process does."""
        clear_start()
        if self._target is None and (observer := recorder()):
            observer.write_now_and_then()

    def end(self) -> None:
        """Write this process's part, and in the main process all parts as one; a second time, do nothing."""
        if self._ended:
            return
        self._ended = True
        fault = self._leave_part()
        undo_all(self._patches)
        mock_hooks.unwatch()
        effect_hooks.unwatch()
        if self._target is not None:
            self._finish(self._target, fault)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._give_back()

    def _leave_part(self) -> str:
        """Write this process's part; return the reason if it is lost, or an empty string."""
        if not (observer := recorder()):
            return ""
        remove_observer(observer)
        folder = Path(os.environ[FOLDER])
        if not (folder / _MARKER).exists():
            return f"the folder of the recording, {folder}, was removed"
        try:
            observer.write()
            files = sorted({*self.passed, *self.left_out})
            tests = {file: FileRun(self.passed[file], self.left_out[file]) for file in files}
            if self.notes:
                (folder / f"{os.getpid()}{_NOTES}").write_text("\n".join(self.notes), encoding="utf-8")
            if tests:
                save(Evidence(history=History(tests)), folder / f"tests-{os.getpid()}.json")
        except OSError as error:
            return str(error)
        return ""

    def _give_back(self) -> None:
        """Restore the environment: another recording may be around this one."""
        for name, value in self._outer.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if outer := recorder():
            outer.running_test = self._outer_test
            add_observer(outer)

    def _finish(self, target: Path, fault: str) -> None:
        if fault:
            self.said, self.failed = f"the evidence is lost: {fault}", True
            return
        texts = (path.read_text(encoding="utf-8") for path in Path(self._folder).glob(f"*{_NOTES}"))
        self.notes = list(dict.fromkeys(line for text in texts for line in text.splitlines()))
        evidence, errors = _parts(Path(self._folder))
        before = _load_before(target)
        if not (self.tried or errors or _is_any(evidence)) and (before is None or not self.asked):
            return  # listing tests, or asking for help, keeps the previous evidence
        self.failed = bool(errors)
        if before is not None and (reason := self._find_reason_to_keep(evidence, before, errors)):
            self.said = f"{reason}, so {_format_path(target)} stays as it was{_describe(before)}"
            return
        self._replace(target, evidence, before or Evidence())
        if errors:
            self.said, self.failed = f"{self.said}\nwithout a part that cannot be read: {errors[0]}", True

    def _find_reason_to_keep(self, evidence: Evidence, before: Evidence, damaged: list[EvidenceError]) -> str:
        """Return the reason to keep the previous evidence, or an empty string."""
        is_good = shows_arrows(before) or not before.commits  # unreadable evidence may be good, too
        if not _is_any(evidence):
            return "no step of a flow ran" if is_good or before.orphans else ""
        if not is_good:
            return ""
        if not shows_arrows(evidence):
            return "steps ran only outside of flows, which shows no edge"
        if damaged:
            return f"a part of the recording cannot be read ({damaged[0]})"
        return "the tests were cut short" if self.cut_short else ""

    def _replace(self, target: Path, evidence: Evidence, before: Evidence) -> None:
        try:
            if target.parent.name == ".penstock":
                own_folder(target.parent)
            save(inherit_history(evidence, before, _declared_arrows(), lambda file: is_file(self._root / file)), target)
        except (OutputError, OSError) as error:
            self.said, self.failed = f"the evidence is lost: {error}", True
            return
        cut = ", though the tests were cut short" if self.cut_short else ""
        self.said = f"{_summary(evidence)} recorded in {_format_path(target)}{cut}. Now: penstock check{_missing(evidence, before)}"


def _sweep() -> None:
    """Remove the folders of killed recordings."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(folder, ignore_errors=True)


def _parts(folder: Path) -> tuple[Evidence, list[EvidenceError]]:
    parts, errors = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            parts.append(load(path))
        except EvidenceError as error:
            errors.append(error)
    return merge(parts), errors


def _load_before(target: Path) -> Evidence | None:
    """Return the evidence about to be replaced, ``None`` if there is no file; a damaged file counts as empty."""
    if not target.is_file():
        return None
    try:
        return load(target)
    except EvidenceError:
        return Evidence()


def _declared_arrows() -> dict[str, set[Pair]]:
    """Return the edges of the flows that this process knows completely; other processes may know more of the rest."""
    try:
        pending = {patch.flow for patch in active() if patch.is_pending}
        flows = [flow for flow in resolution.known_flows() if not flow.problems and flow.name not in pending]
        return {flow.name: {(edge.source, edge.target) for edge in flow.edges} for flow in flows}
    except Exception:  # the application's objects may raise anything when read
        return {}


def _describe(evidence: Evidence) -> str:
    runs = sum(evidence.runs.values())
    return f", with {_pluralize(runs, 'run')}" if runs else ""


def _missing(evidence: Evidence, before: Evidence) -> str:
    """Return a line on the flows with runs in the previous evidence, but not in this one."""
    ran, earlier = ({flow for flow, _ in source.runs} for source in (evidence, before))
    if not (missing := sorted(earlier - ran)):
        return ""
    names = missing if len(missing) <= MAX_FLOWS else [*missing[:MAX_FLOWS], f"{len(missing) - MAX_FLOWS:,} more"]
    runs = sum(count for (flow, _), count in before.runs.items() if flow in missing)
    return f"\nNo longer in it: {_pluralize(runs, 'run')} of {', '.join(names)}, which did not run this time."


def _is_any(evidence: Evidence) -> bool:
    return bool(evidence.facts or evidence.orphans or evidence.runs)


def _summary(evidence: Evidence) -> str:
    steps = {(flow, observed_step.step) for flow, observed_step in evidence.runs}
    steps |= {(fact.flow, fact.step.step) for fact in evidence.facts}
    steps |= {(orphan.flow, orphan.step.step) for orphan in evidence.orphans}
    counts = f"{_pluralize(sum(evidence.runs.values()), 'run')}, {_pluralize(len(steps), 'step')}"
    return f"{counts} of {_pluralize(len({flow for flow, _ in steps}), 'flow')}"


def _pluralize(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _format_path(target: Path) -> str:
    try:
        return os.path.relpath(target)
    except ValueError:  # on another drive
        return str(target)
