"""Facts as plain rows, to compare those of several sources."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from penstock.check.evidence.name_texts import split_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.check.evidence import Evidence

Row = tuple[Any, ...]


def rows_of_evidence(evidence: Evidence) -> Counter[Row]:
    """Return the facts of evidence, without what depends on other runs: steps that were lost, and generators to come."""
    rows: Counter[Row] = Counter()
    for fact, number in evidence.facts.items():
        sides = (frozenset(seen.step for seen in side) for side in (fact.done, fact.ancestors, fact.outside))
        circumstances = fact.circumstances
        rows[fact.flow, fact.step.step, fact.parent.step, *sides, circumstances.begins, circumstances.alone] += number
    return rows


def rows_of_spans(spans: Iterable[Any]) -> Counter[Row]:
    """Return the facts that stand on spans."""
    rows: Counter[Row] = Counter()
    for span in spans:
        told = {key.removeprefix("penstock."): value for key, value in (span.attributes or {}).items()}
        if "inside" not in told:
            continue
        first = [told["flow"], *(told.get(name, "") for name in ("inside", "done", "around", "before", "run"))]
        for flow, inside, done, around, before, run in [first, *json.loads(told.get("facts", "[]"))]:
            if inside and run != "other":
                sides = map(split_names, (done, around, before))
                rows[flow, told["step"], inside, *sides, told.get("begins", False), run == "none"] += 1
    return rows
