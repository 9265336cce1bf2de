"""The kind of each test, by what it needs: given here, not by hand, so that each test has exactly one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

KINDS = ("unit", "build", "browser", "service")

FIXTURES = {"browser": "browser", "redis_url": "service", "run_tool": "build"}
"""Kinds of tests that take one of these fixtures, wherever they stand."""

PLACES = {
    "tests/accuracy": "build",
    "tests/browser": "browser",
    "tests/check/diff/test_revisions.py": "build",
    "tests/check/fix": "build",
    "tests/cli/check": "build",
    "tests/cli/discovery/test_discover.py": "build",
    "tests/cli/discovery/test_sources.py": "build",
    "tests/cli/test_commands.py": "build",
    "tests/cli/testing": "build",
    "tests/cli/test_completion.py": "build",
    "tests/cli/test_examples_command.py": "build",
    "tests/cli/test_many_flows.py": "build",
    "tests/cli/test_open_flow.py": "build",
    "tests/cli/test_pre_commit.py": "build",
    "tests/cli/test_shipped_files.py": "build",
    "tests/cli/test_terminals.py": "build",
    "tests/cli/test_trace.py": "build",
    "tests/collect": "build",
    "tests/contrib/test_asgi.py": "service",
    "tests/contrib/test_celery.py": "service",
    "tests/contrib/test_celery_signatures.py": "service",
    "tests/contrib/test_crash_responses.py": "service",
    "tests/contrib/test_django_evidence.py": "build",
    "tests/contrib/test_django_tasks.py": "service",
    "tests/contrib/test_other_queues.py": "service",
    "tests/contrib/test_servers.py": "service",
    "tests/discover/test_watched_command.py": "build",
    "tests/discover/watch": "build",
    "tests/discover/test_static.py": "build",
    "tests/effects/libraries/test_postgres.py": "service",
    "tests/effects/libraries/test_queues.py": "service",
    "tests/discover/writing/test_written_flows.py": "build",
    "tests/hostile": "build",
    "tests/mkdocs/test_mkdocstrings.py": "build",
    "tests/mkdocs/test_mystmd.py": "build",
    "tests/mkdocs/test_serve.py": "service",
    "tests/mkdocs/test_usual_mistakes.py": "build",
    "tests/notebook": "build",
    "tests/recording/test_processes.py": "build",
    "tests/recording/test_pytest_runs.py": "build",
    "tests/recording/test_recorded_tests.py": "build",
    "tests/recording/test_undecorated_application.py": "build",
    "tests/sphinx": "build",
    "tests/stores/test_clickhouse.py": "service",
    "tests/test_docs.py": "build",
    "tests/test_examples.py": "build",
    "tests/test_packaging.py": "build",
}
"""Kinds of all tests in a folder or a file; what is not listed is a unit test."""


def find_kind(path: str, fixtures: Collection[str] = ()) -> str:
    """Return the kind of a test.

    Args:
        path: Its file below the project's folder.
        fixtures: The names of the fixtures that it takes.
    """
    by_fixture = (kind for name, kind in FIXTURES.items() if name in fixtures)
    by_place = (kind for place, kind in PLACES.items() if f"{path}/".startswith(f"{place}/"))
    return next(by_fixture, None) or next(by_place, "unit")
