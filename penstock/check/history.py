"""What evidence knows of the tests that ran, and of the evidence before it.

Facts say what ran. To accuse an arrow of having vanished takes more: that it was seen once, and that as many tests ran
since. So the arrows that earlier evidence showed go on from file to file until they are seen again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._versions import check_natural, check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Arrow = tuple[str, str, str]
"""A flow, and the names of the steps at both ends of an arrow."""

NO_NAMES: frozenset[str] = frozenset()
WITNESSES = ("call", "order")


class FileRun(NamedTuple):
    """The tests of one file, as a recording ran them.

    Attributes:
        passed: How many passed.
        left_out: How many were not selected, skipped, or failed.
    """

    passed: int = 0
    left_out: int = 0

    def falls_short_of(self, other: FileRun) -> bool:
        """Return whether fewer tests passed because more were left out; one that was deleted is no loss."""
        return self.passed < other.passed and self.left_out > other.left_out


class LastSeen(NamedTuple):
    """When an arrow was seen for the last time.

    Attributes:
        date: The day (ISO 8601, UTC), or an empty string.
        commit: The commit, or an empty string.
        witness: ``call`` where the source was the nearest step around, ``order`` where it had finished before.
        replaced: The steps of the flow that tests had replaced at some time in that recording.
    """

    date: str
    commit: str
    witness: str
    replaced: frozenset[str] = NO_NAMES


@dataclass(frozen=True, slots=True)
class History:
    """What evidence knows besides facts.

    Attributes:
        tests: The test files of this recording, by their path from pytest's root folder.
        replaced: The steps that tests had replaced at some time in this recording, by flow.
        last_seen: The arrows that earlier evidence showed, and this recording did not.
        tests_before: The test files of the recordings which showed those arrows.
    """

    tests: Mapping[str, FileRun] = field(default_factory=dict)
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    last_seen: Mapping[tuple[str, str, str], LastSeen] = field(default_factory=dict)
    tests_before: Mapping[str, FileRun] = field(default_factory=dict)

    def find_missed_tests(self) -> list[str]:
        """Return the test files of which less ran than in the recordings before."""
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
    """Return several histories as one; the order does not matter, nor what was merged before."""
    tests: dict[str, FileRun] = {}
    replaced: dict[str, frozenset[str]] = {}
    last_seen: dict[Arrow, LastSeen] = {}
    before: dict[str, FileRun] = {}
    for history in histories:
        for file, run in history.tests.items():
            known = tests.get(file, FileRun())
            tests[file] = FileRun(known.passed + run.passed, known.left_out + run.left_out)
        for flow, names in history.replaced.items():
            replaced[flow] = replaced.get(flow, NO_NAMES) | names
        for arrow, seen in history.last_seen.items():
            last_seen[arrow] = _later(last_seen.get(arrow, seen), seen)
        for file, run in history.tests_before.items():
            before[file] = max(run, before.get(file, run))
    return History(tests, replaced, last_seen, before)


def _later(one: LastSeen, other: LastSeen) -> LastSeen:
    latest = max(one, other, key=lambda seen: seen[:3])
    return latest._replace(replaced=one.replaced | other.replaced)


def encode_history(history: History) -> dict[str, list[list[Any]]]:
    """Return a history as rows of JSON values, sorted."""
    return {
        "tests": sorted([file, *run] for file, run in history.tests.items()),
        "replaced_steps": sorted([flow, sorted(names)] for flow, names in history.replaced.items()),
        "last_seen": sorted(
            [*arrow, seen.witness, seen.commit, seen.date, sorted(seen.replaced)]
            for arrow, seen in history.last_seen.items()
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
    return {check_text(file): FileRun(check_natural(passed), check_natural(left)) for file, passed, left in rows}


def _last_seen(
    flow: object, source: object, target: object, witness: object, commit: object, date: object, replaced: list[object]
) -> tuple[Arrow, LastSeen]:
    if witness not in WITNESSES:
        raise ValueError(f"{witness!r:.40} is no witness")
    seen = LastSeen(check_text(date), check_text(commit), check_text(witness), frozenset(map(check_text, replaced)))
    return (check_text(flow), check_text(source), check_text(target)), seen
