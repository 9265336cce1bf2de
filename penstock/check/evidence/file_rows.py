"""The rows of an evidence file: steps by their numbers, with the other columns."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from penstock.check.evidence.circumstances import PLAIN, Circumstances
from penstock.check.evidence.history import encode_history
from penstock.check.evidence.measurements import encode_measurements, find_measured_steps
from penstock.check.evidence.name_lists import read_set
from penstock.check.evidence.touches import encode_touches, find_touching_steps
from penstock.check.evidence.visits import encode_visits, find_visited_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence.records import Evidence, Fact, Seen

Named = tuple[str, str, str]
"""The flow, step and source that a number in the file stands for."""


def evidence_rows(evidence: Evidence) -> dict[str, list[list[Any]]]:
    """Return all tables of a file, sorted, in the order in which they stand there."""
    steps = sorted(_collect_steps(evidence))
    number = {step: index for index, step in enumerate(steps)}
    return {
        "steps": [list(step) for step in steps],
        **fact_rows(evidence, number),
        **_orphan_rows(evidence, number),
        "meanwhile": sorted([*step, sorted(names)] for step, names in evidence.meanwhile.items()),
        "runs": sorted([flow, number[flow, *step], count] for (flow, step), count in evidence.runs.items()),
        "replaced_runs": sorted(
            [run[0], number[run[0], *run[1]], sorted(evidence.replaced[run])]
            for run in evidence.runs
            if run in evidence.replaced
        ),
        **encode_history(evidence.history),
        **encode_visits(evidence.visits, number),
        **encode_touches(evidence, number),
        **encode_measurements(evidence.measurements, evidence.periods, number),
    }


def _orphan_rows(evidence: Evidence, number: Mapping[Named, int]) -> dict[str, list[list[Any]]]:
    orphans: Counter[tuple[str, int, bool]] = Counter()
    for orphan, count in evidence.orphans.items():
        orphans[orphan.flow, number[orphan.flow, *orphan.step], orphan.concurrent] += count
    tops = (
        [
            orphan.flow,
            number[orphan.flow, *orphan.step],
            sorted(number[orphan.flow, *done] for done in orphan.done),
            count,
        ]
        for orphan, count in evidence.orphans.items()
        if orphan.done is not None
    )
    return {"orphans": sorted([*orphan, count] for orphan, count in orphans.items()), "tops": sorted(tops)}


def _collect_steps(evidence: Evidence) -> set[Named]:
    found = {(flow, *step) for flow, step in evidence.runs}
    for orphan in evidence.orphans:
        found.update((orphan.flow, *seen) for seen in (orphan.step, *(orphan.done or ())))
    for fact in evidence.facts:
        for seen in (fact.step, fact.parent, *fact.done, *fact.ancestors, *fact.outside):
            found.add((fact.flow, *seen))
    for visit in evidence.visits:
        found.update((visit.flow, *seen) for seen in find_visited_steps(visit))
    return found | find_touching_steps(evidence) | {*find_measured_steps(evidence.measurements)}


def fact_rows(evidence: Evidence, number: Mapping[Named, int]) -> dict[str, list[list[Any]]]:
    """Return the facts in three tables; older readers know the first two, and would misunderstand the third."""
    rows: dict[str, list[list[Any]]] = {"facts": [], "replaced": [], "circumstances": []}
    for fact, count in evidence.facts.items():
        row, names = _encode_fact(fact, number), sorted(evidence.replaced.get(fact, ()))
        if fact.circumstances != PLAIN:
            lost_steps, pending, beside, begins, alone = fact.circumstances
            fields = [sorted(lost_steps), sorted(pending), sorted(beside), begins, alone]
            rows["circumstances"].append([*row, *fields, names, count])
        elif names:
            rows["replaced"].append([*row, names, count])
        else:
            rows["facts"].append([*row, count])
    return {table: sorted(lines) for table, lines in rows.items()}


def _encode_fact(fact: Fact, number: Mapping[Named, int]) -> list[Any]:
    def numbers(group: Iterable[Seen]) -> list[int]:
        """Return the sorted numbers of some steps of the fact's flow."""
        return sorted(number[fact.flow, *part] for part in group)

    alone = (number[fact.flow, *fact.step], number[fact.flow, *fact.parent])
    return [fact.flow, *alone, numbers(fact.done), numbers(fact.ancestors), numbers(fact.outside)]


def encode_rows(rows: list[list[Any]]) -> str:
    """Return a table as JSON, one row a line."""
    return "[" + ",".join(f"\n  {json.dumps(row)}" for row in rows) + "\n]" if rows else "[]"


PLAIN_ROW = 6
"""Fields of a fact without its circumstances."""


def read_circumstances(lost: object, pending: object, beside: object, begins: object, alone: object) -> Circumstances:
    """Return the circumstances that a row holds.

    Raises:
        TypeError: It does not hold them.
    """
    return Circumstances(read_set(lost), read_set(pending), read_set(beside), begins is True, alone is True)
