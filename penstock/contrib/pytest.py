"""``pytest --penstock``: records what the tests run, in every process that they start.

Without the option there is no cost: the recorder is imported only with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Generator, Sequence
    from typing import Any

    from penstock._recording.session import RecordingSession
    from penstock.config import Config

_recording: pytest.StashKey[RecordingSession] = pytest.StashKey()
_settings: pytest.StashKey[Config | None] = pytest.StashKey()


class _Tests:
    """Notes the collection of all tests, and counts passed and omitted ones, here or in a worker."""

    def __init__(self, recording: RecordingSession, worker: str) -> None:
        self._recording = recording
        self._selects = worker in ("", "gw0")  # all workers select the same tests

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Import the modules that the settings name, before tests are collected; on xdist, only in workers."""
        from penstock._recording.declared_modules import import_declarations  # noqa: PLC0415 - see above

        settings = session.config.stash[_settings]
        if settings is not None and not session.config.pluginmanager.hasplugin("dsession"):  # else the workers do
            self._recording.notes += import_declarations(settings)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find the bindings of steps, and note the files of which the command line selects single tests."""
        from penstock._recording.session import MANY_TESTS  # noqa: PLC0415 - see above

        self._recording.look()
        config = session.config
        for name in config.args if self._selects else ():
            file, selects, _ = name.partition("::")
            if selects:  # the number of unselected tests of the file is unknown
                path = os.path.relpath(config.invocation_params.dir / file, config.rootpath)
                self._recording.left_out[Path(path).as_posix()] += MANY_TESTS

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count deselected tests by file."""
        if self._selects:
            self._recording.left_out.update(_file_of(item.nodeid) for item in items)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Let runs belong to the test, from its setup to its teardown, however often it is run again."""
        running_test = self._recording.running_test
        running_test.begin(_id_of(item))
        try:
            return (yield)
        finally:
            running_test.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Let threads and processes that a fixture of several tests starts serve all of them."""
        if fixturedef.scope == "function":
            return (yield)
        before = self._recording.running_test.begin_wide_fixture()
        try:
            return (yield)
        finally:
            self._recording.running_test.end_wide_fixture(before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count passed tests by file, and those that failed or were skipped."""
        recording = self._recording
        recording.tried |= report.when == "call" or report.skipped
        if report.when == "teardown":
            recording.between_tests()
        elif hasattr(report, "node") or type(report) is not pytest.TestReport:
            pass  # the worker counts it; or it belongs to a part of a test
        elif report.when == "call" and report.passed:
            recording.passed[_file_of(report.nodeid)] += 1
        elif report.failed or report.skipped:
            recording.left_out[_file_of(report.nodeid)] += 1

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the recording is incomplete."""
        self._recording.cut_short = True

    def pytest_internalerror(self) -> None:
        """Note that the recording is incomplete."""
        self._recording.cut_short = True

    @pytest.hookimpl(optionalhook=True)  # of pytest-xdist
    def pytest_testnodedown(self, error: object) -> None:
        """Note that the recording is incomplete if a worker crashed."""
        self._recording.cut_short |= bool(error)


def _id_of(item: pytest.Item) -> str:
    """Return the ID of a test as the command line takes it: some versions of xdist append its group."""
    marks = [mark for mark in item.iter_markers("xdist_group") if getattr(item.config.option, "loadgroup", False)]
    groups = {str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in marks}
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}" if groups else "")


def _file_of(node: str) -> str:
    return node.partition("::")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("penstock", "penstock: record what really runs")
    group.addoption("--penstock", action="store_true", help="record which steps of flows run, for `penstock check`")
    group.addoption(
        "--penstock-evidence",
        metavar="FILE",
        help="where to write the evidence; by default the setting `evidence`, or .penstock/evidence.json",
    )
    times = "errors and durations of steps, which differ from run to run"
    group.addoption("--penstock-times", action="store_true", help=f"record as --penstock does, and also {times}")
    parser.addini("penstock_times", f"whether a recording of penstock also has {times}", type="bool", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch for patches from here on: a conftest.py may patch while it is imported."""
    if _is_asked(early_config.known_args_namespace):
        from penstock._recording import mock_hooks  # noqa: PLC0415 - see above

        mock_hooks.watch()
        early_config.add_cleanup(mock_hooks.unwatch)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record; processes of pytest-xdist and those started by tests learn of it from their environment."""
    if _is_asked(config.option):
        from penstock._recording.session import RecordingSession  # noqa: PLC0415 - see above

        target = _target(config)  # which reads the settings
        times = config.getoption("--penstock-times") or config.getini("penstock_times")
        recording = RecordingSession(None if hasattr(config, "workerinput") else target, config.rootpath, times=times)
        config.stash[_recording] = recording
        worker: dict[str, str] = getattr(config, "workerinput", {})
        config.pluginmanager.register(_Tests(recording, worker.get("workerid", "")))
        config.add_cleanup(recording.end)  # even if the session never begins
        recording.begin()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the evidence when all workers have ended; lost evidence fails the session, because CI relies on it."""
    if recording := session.config.stash.get(_recording, None):
        recording.cut_short |= bool(session.shouldfail or session.shouldstop)
        recording.asked = session.exitstatus != pytest.ExitCode.OK  # listing tests succeeds without evidence
        recording.end()
        if recording.failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the result of the recording, and how to use it."""
    recording = config.stash.get(_recording, None)
    if recording and (recording.said or recording.notes):
        terminalreporter.section("penstock")
        for note in recording.notes:
            terminalreporter.line(note, yellow=True)
        if recording.said:
            terminalreporter.line(recording.said, red=recording.failed)


def _is_asked(options: Namespace) -> bool:
    return bool(options.penstock or options.penstock_evidence or options.penstock_times)


def _target(config: pytest.Config) -> Path:
    from penstock.config import evidence_file, load  # noqa: PLC0415 - see above
    from penstock.errors import PenstockError  # noqa: PLC0415 - see above

    option = config.getoption("--penstock-evidence")
    try:
        settings = config.stash[_settings] = load(config.rootpath)
    except PenstockError as error:
        if not option:
            raise pytest.UsageError(f"penstock: {error}") from None
        config.stash[_settings] = None
    return Path(config.invocation_params.dir, str(option)) if option else evidence_file(settings)
