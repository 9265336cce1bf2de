"""The rows of an evidence file: steps by their numbers, and what a row holds beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock._versions import check_text
from penstock.check.frames import PLAIN, Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence import Evidence, Fact, Seen

Named = tuple[str, str, str]
"""Flow, step and source: what a number in the file stands for."""


def fact_rows(evidence: Evidence, number: Mapping[Named, int]) -> dict[str, list[list[Any]]]:
    """Return the facts in three tables; older readers know the first two, and would misunderstand the third."""
    rows: dict[str, list[list[Any]]] = {"facts": [], "replaced": [], "circumstances": []}
    for fact, count in evidence.facts.items():
        row, names = _numbered(fact, number), sorted(evidence.replaced.get(fact, ()))
        if fact.circumstances != PLAIN:
            lost, pending, beside, begins, alone = fact.circumstances
            told = [sorted(lost), sorted(pending), sorted(beside), begins, alone]
            rows["circumstances"].append([*row, *told, names, count])
        elif names:
            rows["replaced"].append([*row, names, count])
        else:
            rows["facts"].append([*row, count])
    return {table: sorted(lines) for table, lines in rows.items()}


def _numbered(fact: Fact, number: Mapping[Named, int]) -> list[Any]:
    def numbers(group: Iterable[Seen]) -> list[int]:
        return sorted(number[fact.flow, *seen] for seen in group)

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


def read_set(values: object) -> frozenset[str]:
    """Return names, of which there may be none.

    Raises:
        TypeError: There is something else.
    """
    return read_names(values) if values != [] else frozenset()


def read_names(values: object) -> frozenset[str]:
    """Return names, one at least.

    Raises:
        TypeError: There is something else.
    """
    if not isinstance(values, list) or not values:
        raise TypeError(f"{values!r:.40} are no names")
    return frozenset(map(check_text, values))
