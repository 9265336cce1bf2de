"""``pytest --penstock``: records what the tests really run, in every process that they start."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock import add_observer, remove_observer
from penstock.check.evidence import load, merge, save
from penstock.config import evidence_file
from penstock.config import load as load_config
from penstock.errors import PenstockError
from penstock.observers.evidence import COMMIT, FOLDER, recorder

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence

_recording: pytest.StashKey[Recording] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("penstock", "penstock: record what really runs")
    group.addoption("--penstock", action="store_true", help="record which steps of flows run, for `penstock check`")
    group.addoption(
        "--penstock-evidence",
        metavar="FILE",
        help="where to write the evidence; by default the setting `evidence`, or .penstock/evidence.json",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record; the processes of pytest-xdist and those that tests start see it in their environment."""
    if config.getoption("--penstock") or config.getoption("--penstock-evidence"):
        recording = Recording(None if hasattr(config, "workerinput") else _target(config), config.rootpath)
        config.stash[_recording] = recording
        recording.begin()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the evidence, when all workers are done."""
    if recording := session.config.stash.get(_recording, None):
        recording.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was recorded, and what to do with it."""
    recording = config.stash.get(_recording, None)
    if recording and recording.said:
        terminalreporter.section("penstock")
        terminalreporter.line(recording.said)


def _target(config: pytest.Config) -> Path:
    given = config.getoption("--penstock-evidence")
    if given:
        return Path(config.invocation_params.dir, str(given))
    try:
        return evidence_file(load_config(config.rootpath))
    except PenstockError as error:
        raise pytest.UsageError(f"penstock: {error}") from None


class Recording:
    """A recording from beginning to end.

    Args:
        target: Where to write the evidence of all processes; ``None`` in a worker, which leaves only its part.
        root: A folder of the repository.

    Attributes:
        said: What to tell the user at the end.
    """

    def __init__(self, target: Path | None, root: Path) -> None:
        self.said = ""
        self._target = target
        self._root = root
        self._folder = ""

    def begin(self) -> None:
        """Begin to record in this process, and in those that it starts."""
        if self._target is not None:
            self._folder = tempfile.mkdtemp(prefix="penstock-evidence-")
            os.environ[FOLDER] = self._folder
            os.environ[COMMIT] = _commit(self._root)
        if found := recorder():
            add_observer(found)

    def end(self) -> None:
        """Write this process's part, and in the main process all parts as one."""
        if found := recorder():
            remove_observer(found)
            found.write()
        if self._target is not None:
            parts = [load(part) for part in sorted(Path(self._folder).glob("*.json"))]
            self._finish(merge(parts), self._target)
            shutil.rmtree(self._folder, ignore_errors=True)
            os.environ.pop(FOLDER, None)
            os.environ.pop(COMMIT, None)

    def _finish(self, found: Evidence, target: Path) -> None:
        try:
            save(found, target)
        except PenstockError as error:
            self.said = f"the evidence is lost: {error}"
            return
        shown = os.path.relpath(target, Path.cwd())
        steps = {(flow, seen.step) for flow, seen in found.runs}
        steps |= {(fact.flow, fact.step.step) for fact in found.facts}
        steps |= {(orphan.flow, orphan.step.step) for orphan in found.orphans}
        runs = sum(found.runs.values())
        what = f"{runs:,} run{'' if runs == 1 else 's'}, {len(steps)} step{'' if len(steps) == 1 else 's'}"
        flows = len({flow for flow, _ in steps})
        of = f"{flows} flow{'' if flows == 1 else 's'}"
        self.said = f"{what} of {of} recorded in {shown}. Now: penstock check"


def _commit(root: Path) -> str:
    """Return the commit of a repository, with a plus behind it where files have changed; nothing outside of one."""
    git = shutil.which("git")
    if git is None:
        return ""
    commit, changes = (
        subprocess.run([git, *words], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
        for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{commit}+" if commit and changes else commit
