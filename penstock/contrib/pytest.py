"""``pytest --penstock``: records what the tests really run, in every process that they start.

Whoever does not ask for it pays nothing: what records is imported only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from argparse import Namespace

    from penstock.contrib._recording import Recording

_recording: pytest.StashKey[Recording] = pytest.StashKey()


class _Tests:
    """Notices that all tests are there, and that one has run, here or in a worker."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def pytest_collection_finish(self) -> None:
        from penstock.contrib._recording import tests_are_there  # noqa: PLC0415 - see above

        tests_are_there()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._recording.tried |= report.when == "call"
        if report.when == "teardown":
            self._recording.between_tests()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("penstock", "penstock: record what really runs")
    group.addoption("--penstock", action="store_true", help="record which steps of flows run, for `penstock check`")
    group.addoption(
        "--penstock-evidence",
        metavar="FILE",
        help="where to write the evidence; by default the setting `evidence`, or .penstock/evidence.json",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Notice what is replaced from here on: a conftest.py may do so while it is imported."""
    if _is_asked(early_config.known_args_namespace):
        from penstock.observers import patchers  # noqa: PLC0415 - see above

        patchers.watch()
        early_config.add_cleanup(patchers.unwatch)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record; the processes of pytest-xdist and those that tests start see it in their environment."""
    if _is_asked(config.option):
        from penstock.contrib._recording import Recording  # noqa: PLC0415 - see above

        recording = Recording(None if hasattr(config, "workerinput") else _target(config), config.rootpath)
        config.stash[_recording] = recording
        config.pluginmanager.register(_Tests(recording))
        config.add_cleanup(recording.end)  # also where the session never begins
        recording.begin()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the evidence, when all workers are done; where it is lost, the session has failed: CI relies on it."""
    if recording := session.config.stash.get(_recording, None):
        recording.end()
        if recording.failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was recorded, and what to do with it."""
    recording = config.stash.get(_recording, None)
    if recording and recording.said:
        terminalreporter.section("penstock")
        terminalreporter.line(recording.said, red=recording.failed)


def _is_asked(options: Namespace) -> bool:
    return bool(options.penstock or options.penstock_evidence)


def _target(config: pytest.Config) -> Path:
    from penstock.config import evidence_file, load  # noqa: PLC0415 - see above
    from penstock.errors import PenstockError  # noqa: PLC0415 - see above

    given = config.getoption("--penstock-evidence")
    if given:
        return Path(config.invocation_params.dir, str(given))
    try:
        return evidence_file(load(config.rootpath))
    except PenstockError as error:
        raise pytest.UsageError(f"penstock: {error}") from None
