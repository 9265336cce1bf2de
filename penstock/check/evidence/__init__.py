"""Evidence: aggregated facts of real runs that can be stored and merged.

A fact says after and inside which steps a step began, not when: equal facts are counted, so a million runs take no
more room than one. Each step in a fact carries the hash of its source, which tells facts of changed code from current
ones.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_text, write_atomically
from penstock._util.versioned_json import VersionedFormat, check_natural, check_text
from penstock.check.evidence import checksum
from penstock.check.evidence.circumstances import PLAIN
from penstock.check.evidence.durations import DurationSketch
from penstock.check.evidence.file_rows import (
    PLAIN_ROW,
    encode_rows,
    evidence_rows,
    read_circumstances,
)
from penstock.check.evidence.history import decode_history, merge_histories
from penstock.check.evidence.measurements import decode_measurements, decode_periods, merge_measurements, merge_periods
from penstock.check.evidence.name_lists import read_names, read_set
from penstock.check.evidence.records import Evidence, Fact, Orphan, Period, RunTrigger, Seen, StepTouch, Timing, Visit
from penstock.check.evidence.touches import decode_touches, decode_triggers, decode_watched, merge_watched
from penstock.check.evidence.visits import decode_visits, merge_visits
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "FORMAT",
    "DurationSketch",
    "Evidence",
    "Fact",
    "Orphan",
    "Period",
    "RunTrigger",
    "Seen",
    "StepTouch",
    "Timing",
    "Visit",
    "dumps",
    "load",
    "loads",
    "merge",
    "save",
]

FORMAT = VersionedFormat(
    name="penstock-evidence",
    version=(2, 0),
    subject="evidence",
    cure="record some with: pytest --penstock",
    error=EvidenceError,
    merge=checksum.CURE,
)


def merge(several: Iterable[Evidence]) -> Evidence:
    """Return all evidence as one.

    Args:
        several: The evidence, in any order; earlier merges do not matter.
    """
    facts: Counter[Fact] = Counter()
    orphans: Counter[Orphan] = Counter()
    runs: Counter[tuple[str, Seen]] = Counter()
    commits: dict[str, str] = {}
    meanwhile: dict[tuple[str, str], frozenset[str]] = {}
    parts = list(several)
    for evidence in parts:
        facts.update(evidence.facts)
        orphans.update(evidence.orphans)
        runs.update(evidence.runs)
        for commit, date in evidence.commits.items():
            commits[commit] = max(date, commits.get(commit, ""))
        for step, names in evidence.meanwhile.items():
            meanwhile[step] = names | meanwhile.get(step, frozenset())
    history = merge_histories(part.history for part in parts)
    replaced_steps, visits = _merge_replaced(parts), merge_visits(part.visits for part in parts)
    touches, triggers = Counter[StepTouch](), Counter[RunTrigger]()
    for evidence in parts:
        touches.update(evidence.touches)
        triggers.update(evidence.triggers)
    more = touches, triggers, merge_watched(parts), merge_measurements(part.measurements for part in parts)
    return Evidence(
        *(facts, orphans, runs, commits, replaced_steps, meanwhile, _is_exact(parts), history, visits, *more),
        periods=merge_periods(part.periods for part in parts),
    )


def _is_exact(parts: Iterable[Evidence]) -> bool:
    """Return whether all parts with facts or orphans are exact."""
    telling = [part.exact for part in parts if part.exact or part.facts or part.orphans]
    return bool(telling) and all(telling)


def _merge_replaced(parts: Iterable[Evidence]) -> dict[Fact | tuple[str, Seen], frozenset[str]]:
    """Return the replaced steps of each row; one observation without replacement removes the entry."""
    replaced_steps: dict[Fact | tuple[str, Seen], frozenset[str]] = {}
    genuine: set[Fact | tuple[str, Seen]] = set()
    for part in parts:
        genuine |= (part.facts.keys() | part.runs.keys()) - part.replaced.keys()
        for row, names in part.replaced.items():
            replaced_steps[row] = replaced_steps.get(row, frozenset()) | names
    return {row: names for row, names in replaced_steps.items() if row not in genuine}


def dumps(evidence: Evidence) -> str:
    """Return the evidence as JSON text: everything sorted, one fact a line, a newline at the end."""
    head = {
        "format": FORMAT.name,
        "version": ".".join(map(str, FORMAT.version)),
        "commits": dict(sorted(evidence.commits.items())),
        "exact": evidence.exact,
    }
    rows = evidence_rows(evidence)
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    lines += [f"{json.dumps(key)}: {encode_rows(value)}" for key, value in rows.items()]
    lines.append(f'"{checksum.KEY}": "{checksum.compute_checksum({**head, **rows})}"')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def loads(text: str, path: Path | None = None) -> Evidence:
    """Return the evidence in a JSON text.

    Args:
        text: The text.
        path: The text's file, for error messages.

    Raises:
        EvidenceError: The text is not evidence, is damaged, or has a newer major version.
    """
    content = FORMAT.content(text, path)
    try:
        if reason := checksum.check_checksum(content):
            raise EvidenceError(f"the evidence was edited, merged or damaged: {reason}. {checksum.CURE}", path=path)
        return _evidence(content)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise EvidenceError(f"the evidence is damaged ({error!r:.80}); record it again", path=path) from None


def load(path: Path) -> Evidence:
    """Return the evidence in a file.

    Args:
        path: A file that ``pytest --penstock`` or :func:`save` has written.

    Raises:
        EvidenceError: The file cannot be read or is not evidence.
    """
    try:
        return loads(read_text(path), path)
    except OSError as error:
        raise EvidenceError(f"cannot read the evidence: {error.strerror}", path=path) from None


def save(evidence: Evidence, path: Path) -> None:
    """Write evidence to a file, whole or not at all.

    Args:
        evidence: The evidence.
        path: The file.

    Raises:
        OutputError: The file cannot be written.
    """
    write_atomically(path, dumps(evidence).encode())


def _evidence(content: Mapping[str, Any]) -> Evidence:
    steps = [Seen(check_text(step), check_text(source)) for _, step, source in content["steps"]]

    def seen(number: object) -> Seen:
        """Return the step with a number."""
        return steps[check_natural(number)]

    facts, replaced_steps = _read_facts(content, steps)
    runs = Counter[tuple[str, Seen]]()
    for flow, step, count in content["runs"]:
        runs[check_text(flow), seen(step)] += check_natural(count)
    replaced_steps |= {
        (check_text(flow), seen(step)): read_names(names) for flow, step, names in content.get("replaced_runs", ())
    }
    commits = {check_text(commit): check_text(date) for commit, date in content["commits"].items()}
    meanwhile = {
        (check_text(flow), check_text(step)): read_set(names) for flow, step, names in content.get("meanwhile", ())
    }
    orphans = _read_orphans(content, steps)
    history, visits = decode_history(content), decode_visits(content, steps)
    is_exact = content.get("exact") is True
    effects = decode_touches(content, steps), decode_triggers(content, steps), decode_watched(content, steps)
    return Evidence(
        *(facts, orphans, runs, commits, replaced_steps, meanwhile, is_exact, history, visits, *effects),
        measurements=decode_measurements(content, steps),
        periods=decode_periods(content),
    )


def _read_facts(
    content: Mapping[str, Any], steps: Sequence[Seen]
) -> tuple[Counter[Fact], dict[Fact | tuple[str, Seen], frozenset[str]]]:
    """Return how often each fact was seen, and the replaced steps of those that were seen only with some replaced."""

    def group(numbers: Iterable[object]) -> frozenset[Seen]:
        """Return the steps with these numbers."""
        return frozenset(steps[check_natural(number)] for number in numbers)

    def fact_of(
        flow: object, step: object, parent: object, done: Any, ancestors: Any, outside: Any, *more: Any
    ) -> Fact:
        """Return the fact that a row of the file encodes."""
        ends = steps[check_natural(step)], steps[check_natural(parent)]
        sides = group(done), group(ancestors), group(outside)
        return Fact(check_text(flow), *ends, *sides, read_circumstances(*more) if more else PLAIN)

    facts = Counter[Fact]()
    replaced_steps: dict[Fact | tuple[str, Seen], frozenset[str]] = {}
    for *row, names, count in (*content.get("replaced", ()), *content.get("circumstances", ())):
        fact = fact_of(*row)  # older readers count none of these against an edge
        facts[fact] += check_natural(count)
        if hidden_steps := read_names(names) if len(row) == PLAIN_ROW else read_set(names):
            replaced_steps[fact] = replaced_steps.get(fact, frozenset()) | hidden_steps
    for *row, count in content["facts"]:
        fact = fact_of(*row)
        facts[fact] += check_natural(count)
        replaced_steps.pop(fact, None)
    return facts, replaced_steps


def _read_orphans(content: Mapping[str, Any], steps: Sequence[Seen]) -> Counter[Orphan]:
    orphans = Counter[Orphan]()
    for flow, step, concurrent, count in content["orphans"]:
        orphans[Orphan(check_text(flow), steps[check_natural(step)], concurrent is True)] += check_natural(count)
    for flow, step, done, count in content.get("tops", ()):
        orphan = Orphan(check_text(flow), steps[check_natural(step)], concurrent=True)
        orphans[orphan] = check_natural(orphans[orphan] - check_natural(count))  # older readers find all of them there
        orphans[replace(orphan, done=frozenset(steps[check_natural(number)] for number in done))] += count
    return +orphans
