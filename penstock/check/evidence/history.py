"""The tests that ran, and earlier evidence.

Facts record runs. To report that an edge has vanished takes more: that it was seen once, and that as many tests ran
since. So the edges that earlier evidence showed are passed on from file to file until they are seen again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._util.versioned_json import check_natural, check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Arrow = tuple[str, str, str]
"""A flow, and the names of the steps at both ends of an arrow."""

NO_NAMES: frozenset[str] = frozenset()
WITNESSES = ("call", "order")


class FileRun(NamedTuple):
    """The tests of one file, as a recording ran them.

    Attributes:
        passed (int): How many passed.
        left_out (int): How many were not selected, skipped, or failed.
    """

    passed: int = 0
    left_out: int = 0

    def falls_short_of(self, other: FileRun) -> bool:
        """Return whether fewer tests passed because more were left out; a deleted test does not count."""
        return self.passed < other.passed and self.left_out > other.left_out


class LastSeen(NamedTuple):
    """The last observation of an edge.

    Attributes:
        date (str): The day (ISO 8601, UTC), or an empty string.
        commit (str): The commit, or an empty string.
        witness (str): ``call`` if the source was the nearest step around, ``order`` if it had finished before.
        replaced (frozenset[str]): The steps of the flow that tests had replaced at some time in that recording.
    """

    date: str
    commit: str
    witness: str
    replaced: frozenset[str] = NO_NAMES


@dataclass(frozen=True, slots=True)
class History:
    """Evidence other than facts.

    Attributes:
        tests (Mapping[str, FileRun]): The test files of this recording, by their path from pytest's root folder.
        replaced (Mapping[str, frozenset[str]]): The steps that tests had replaced at some time in this recording, by
            flow.
        last_seen (Mapping[tuple[str, str, str], LastSeen]): The edges that earlier evidence showed, and this
            recording did not.
        tests_before (Mapping[str, FileRun]): The test files of the recordings that showed those edges.
    """

    tests: Mapping[str, FileRun] = field(default_factory=dict)
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    last_seen: Mapping[tuple[str, str, str], LastSeen] = field(default_factory=dict)
    tests_before: Mapping[str, FileRun] = field(default_factory=dict)

    def find_missed_tests(self) -> list[str]:
        """Return the test files of which fewer tests ran than in earlier recordings."""
        return sorted(
            file
            for file, run in self.tests_before.items()
            if file not in self.tests or self.tests[file].falls_short_of(run)
        )

    def has_all_tests(self) -> bool:
        """Return whether as many tests passed as before, in every file."""
        return bool(self.tests_before) and all(
            file in self.tests and self.tests[file].passed >= run.passed for file, run in self.tests_before.items()
        )


def merge_histories(histories: Iterable[History]) -> History:
    """Return several histories as one; neither order nor earlier merges matter."""
    tests: dict[str, FileRun] = {}
    replaced_steps: dict[str, frozenset[str]] = {}
    last_seen: dict[Arrow, LastSeen] = {}
    before: dict[str, FileRun] = {}
    for history in histories:
        for file, run in history.tests.items():
            total = tests.get(file, FileRun())
            tests[file] = FileRun(total.passed + run.passed, total.left_out + run.left_out)
        for flow, names in history.replaced.items():
            replaced_steps[flow] = replaced_steps.get(flow, NO_NAMES) | names
        for arrow, sighting in history.last_seen.items():
            last_seen[arrow] = _later(last_seen.get(arrow, sighting), sighting)
        for file, run in history.tests_before.items():
            before[file] = max(run, before.get(file, run))
    return History(tests, replaced_steps, last_seen, before)


def _later(first: LastSeen, second: LastSeen) -> LastSeen:
    latest = max(first, second, key=lambda seen: seen[:3])
    return latest._replace(replaced=first.replaced | second.replaced)


def encode_history(history: History) -> dict[str, list[list[Any]]]:
    """Return a history as rows of JSON values, sorted."""
    return {
        "tests": sorted([file, *run] for file, run in history.tests.items()),
        "replaced_steps": sorted([flow, sorted(names)] for flow, names in history.replaced.items()),
        "last_seen": sorted(
            [*arrow, sighting.witness, sighting.commit, sighting.date, sorted(sighting.replaced)]
            for arrow, sighting in history.last_seen.items()
        ),
        "tests_before": sorted([file, *run] for file, run in history.tests_before.items()),
    }


def decode_history(content: Mapping[str, Any]) -> History:
    """Return the history that rows hold; older files have none.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A row has the wrong length, or a value that none can have.
    """
    return History(
        _file_runs(content.get("tests", ())),
        {check_text(flow): frozenset(map(check_text, names)) for flow, names in content.get("replaced_steps", ())},
        dict(_last_seen(*row) for row in content.get("last_seen", ())),
        _file_runs(content.get("tests_before", ())),
    )


def _file_runs(rows: Iterable[tuple[object, object, object]]) -> dict[str, FileRun]:
    return {check_text(file): FileRun(check_natural(passes), check_natural(skips)) for file, passes, skips in rows}


def _last_seen(
    flow: object, source: object, target: object, witness: object, commit: object, date: object, replaced: list[object]
) -> tuple[Arrow, LastSeen]:
    if witness not in WITNESSES:
        raise ValueError(f"{witness!r:.40} is no witness")
    sighting = LastSeen(check_text(date), check_text(commit), check_text(witness), frozenset(map(check_text, replaced)))
    return (check_text(flow), check_text(source), check_text(target)), sighting
