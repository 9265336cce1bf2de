"""``manage.py test --penstock``: records what the tests of a Django project run, like ``pytest --penstock``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock._recording import mock_hooks
from penstock._recording.declared_modules import import_declarations
from penstock._recording.effects import effect_hooks
from penstock._recording.process_recorder import recorder
from penstock._recording.session import MANY_TESTS, RecordingSession
from penstock._util.optional_imports import needed
from penstock.config import evidence_file, load
from penstock.errors import PenstockError

with needed("django", "penstock[django]"):
    from django.core.management.base import CommandError
    from django.test.runner import DiscoverRunner, ParallelTestSuite
    from django.test.utils import iter_test_cases

if TYPE_CHECKING:
    from argparse import ArgumentParser


def _begin_worker(*given: Any) -> None:
    """Begin a process of ``--parallel``; steps that tests call directly have not lost their context there, either."""
    ParallelTestSuite.init_worker(*given)
    if observer := recorder():
        observer.started = False
        mock_hooks.watch()
        effect_hooks.watch(observer)
        with suppress(PenstockError):
            import_declarations(load(Path.cwd()))


class _Suite(ParallelTestSuite):  # type: ignore[misc] # Django has no types
    """Tests in several processes."""

    init_worker = _begin_worker


class FlowTestRunner(DiscoverRunner):  # type: ignore[misc] # Django has no types
    """Django's own test runner, with optional recording of evidence.

    Name it in the setting ``TEST_RUNNER``, or derive your own runner from it. Processes of ``--parallel`` and
    all processes started by tests are recorded, too.

    Args:
        penstock: Whether to record.
        penstock_evidence: Where to write the evidence, and record; by default the setting ``evidence`` of
            ``[tool.penstock]``, or ``.penstock/evidence.json``.
        penstock_times: Whether to record, and also errors and durations of steps.
        **options: Options of Django's ``DiscoverRunner``.
    """

    parallel_test_suite = _Suite

    def __init__(
        self,
        *args: Any,
        penstock: bool = False,
        penstock_evidence: str | None = None,
        penstock_times: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._records = penstock or bool(penstock_evidence) or penstock_times
        self._times = penstock_times
        self._evidence_file = penstock_evidence
        self._recording: RecordingSession | None = None
        self._selects = False

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Add the options to ``manage.py test``."""
        super().add_arguments(parser)
        parser.add_argument(
            "--penstock", action="store_true", help="Record which steps of flows run, for `penstock check`."
        )
        parser.add_argument(
            "--penstock-evidence",
            metavar="FILE",
            help="Where to write the evidence; by default the setting `evidence`, or .penstock/evidence.json.",
        )
        parser.add_argument(
            "--penstock-times",
            action="store_true",
            help="Record as --penstock does, and also errors and durations of steps, which differ from run to run.",
        )

    def run_tests(self, *args: Any, **options: Any) -> int:
        """Run the tests, and record; lost evidence counts as a failure, because CI relies on it."""
        if not self._records:
            failures: int = super().run_tests(*args, **options)
            return failures
        recording = self._recording = RecordingSession(self._target(), Path.cwd(), times=self._times)
        recording.begin()
        try:
            failures = super().run_tests(*args, **options)
        except BaseException:
            recording.cut_short = True
            raise
        finally:
            recording.end()
        for line in filter(None, (*recording.notes, recording.said)):
            self.log(line)
        return failures + recording.failed

    def build_suite(self, *labels: Any, **options: Any) -> Any:
        """Build the suite, and note whether it may have only some of the tests of a file."""
        self._selects = bool((labels and labels[0]) or self.tags or self.exclude_tags or self.test_name_patterns)
        return super().build_suite(*labels, **options)

    def run_suite(self, suite: Any, **options: Any) -> Any:
        """Run the tests, and record their number per file and how many passed."""
        recording = self._recording
        if recording is None:
            return super().run_suite(suite, **options)
        with suppress(PenstockError):
            recording.notes += import_declarations(load(Path.cwd()))
        recording.look()
        recording.passed.update(map(_file_of, iter_test_cases(suite)))
        result = super().run_suite(suite, **options)
        recording.tried |= result.testsRun > 0
        recording.cut_short |= result.shouldStop
        tests = {getattr(test, "test_case", test) for test, _ in (*result.skipped, *result.failures, *result.errors)}
        recording.left_out.update(map(_file_of, tests))
        recording.passed -= recording.left_out
        if self._selects:
            recording.left_out.update(dict.fromkeys(recording.passed, MANY_TESTS))
        return result

    def _target(self) -> Path:
        if self._evidence_file:
            return Path(self._evidence_file).resolve()
        try:
            return evidence_file(load(Path.cwd()))
        except PenstockError as error:
            raise CommandError(f"penstock: {error}") from None


def _file_of(test: object) -> str:
    """Return the file of a test, relative to the project's folder; empty for a test that could not be imported."""
    file = getattr(sys.modules.get(type(test).__module__), "__file__", None)
    return Path(os.path.relpath(file)).as_posix() if file else ""
