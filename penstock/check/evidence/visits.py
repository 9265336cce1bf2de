"""The tests in which each step began, as rows of an evidence file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._util.versioned_json import check_natural, check_text
from penstock.check.evidence.name_lists import read_set
from penstock.check.evidence.records import Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.check.evidence.records import Seen

Visits = dict[Visit, frozenset[str]]


def merge_visits(parts: Iterable[Mapping[Visit, frozenset[str]]]) -> Visits:
    """Return the visits of several recordings, each with the tests of all of them."""
    merged: dict[Visit, set[str]] = {}
    for part in parts:
        for visit, tests in part.items():
            merged.setdefault(visit, set()).update(tests)
    return {visit: frozenset(tests) for visit, tests in merged.items()}


def find_visited_steps(visit: Visit) -> Iterator[Seen]:
    """Yield each step that a visit names."""
    yield visit.step
    if visit.parent is not None:
        yield visit.parent
    for group in (visit.done, visit.ancestors, visit.outside):
        yield from group


def encode_visits(visits: Mapping[Visit, frozenset[str]], number: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    """Return the table of tests, and that of visits, in which steps and tests stand by their numbers."""
    names = sorted({name for tests in visits.values() for name in tests})
    index = {name: position for position, name in enumerate(names)}

    def numbers(flow: str, group: Iterable[Seen]) -> list[int]:
        """Return the sorted numbers of some steps of a flow."""
        return sorted(number[flow, *step] for step in group)

    rows = [
        [
            visit.flow,
            number[visit.flow, *visit.step],
            numbers(visit.flow, [visit.parent] if visit.parent else []),
            *(numbers(visit.flow, group) for group in (visit.done, visit.ancestors, visit.outside)),
            sorted(visit.replaced),
            sorted(index[name] for name in tests),
        ]
        for visit, tests in visits.items()
    ]
    return {"test_ids": [[name] for name in names], "visits": sorted(rows)}


def decode_visits(content: Mapping[str, Any], steps: Sequence[Seen]) -> Visits:
    """Return the visits that a file holds; older files have none.

    Raises:
        IndexError: A row has a number that no step or test has.
        TypeError: A value is of the wrong type.
        ValueError: A row has the wrong length.
    """
    names = [check_text(name) for (name,) in content.get("test_ids", ())]

    def group(numbers: Iterable[object]) -> frozenset[Seen]:
        """Return the steps with these numbers."""
        return frozenset(steps[check_natural(number)] for number in numbers)

    visits: Visits = {}
    for flow, step, parent, done, ancestors, outside, replaced, tests in content.get("visits", ()):
        around = [steps[check_natural(number)] for number in parent]
        sides = group(done), group(ancestors), group(outside)
        visit = Visit(
            check_text(flow), steps[check_natural(step)], around[0] if around else None, *sides, read_set(replaced)
        )
        visits[visit] = frozenset(names[check_natural(number)] for number in tests)
    return visits
