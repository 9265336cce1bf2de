"""What steps touched outside the process, and what started their runs, as rows of an evidence file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from penstock._util.versioned_json import check_natural, check_text
from penstock.check.evidence.name_lists import read_set
from penstock.check.evidence.records import RunTrigger, StepTouch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.check.evidence.records import Evidence, Seen

Named = tuple[str, str, str]
"""A flow, a step and its source."""

VERBS = ("reads", "writes")


def merge_watched(parts: Iterable[Evidence]) -> dict[tuple[str, Seen], frozenset[str]]:
    """Return the watched steps of several recordings; what one of them did not replace, is not replaced in all."""
    merged: dict[tuple[str, Seen], frozenset[str]] = {}
    for part in parts:
        for step, names in part.watched.items():
            merged[step] = names & merged.get(step, names)
    return merged


def find_touching_steps(evidence: Evidence) -> set[Named]:
    """Return the steps that the tables of touches name."""
    rows = {*evidence.watched}
    rows.update((touch.flow, touch.step) for touch in evidence.touches)
    rows.update((trigger.flow, trigger.step) for trigger in evidence.triggers)
    return {(flow, *step) for flow, step in rows}


def encode_touches(evidence: Evidence, number: Mapping[Named, int]) -> dict[str, list[list[Any]]]:
    """Return the tables of touches, triggers and watched steps, in which steps stand by their numbers."""
    return {
        "touches": sorted(
            [row.flow, number[row.flow, *row.step], row.verb, row.target, count]
            for row, count in evidence.touches.items()
        ),
        "triggers": sorted(
            [row.flow, number[row.flow, *row.step], row.trigger, count] for row, count in evidence.triggers.items()
        ),
        "watched": sorted(
            [flow, number[flow, *step], sorted(names)] for (flow, step), names in evidence.watched.items()
        ),
    }


def decode_touches(content: Mapping[str, Any], steps: Sequence[Seen]) -> Counter[StepTouch]:
    """Return how often each step touched what, as a file says it; older files say nothing.

    Raises:
        IndexError: A row has a number that no step has.
        TypeError: A value is of the wrong type.
        ValueError: A row has the wrong length, or an unknown verb.
    """
    touches = Counter[StepTouch]()
    for flow, step, verb, target, count in content.get("touches", ()):
        if verb not in VERBS:
            raise ValueError(verb)
        touches[StepTouch(check_text(flow), steps[check_natural(step)], verb, check_text(target))] += check_natural(
            count
        )
    return touches


def decode_triggers(content: Mapping[str, Any], steps: Sequence[Seen]) -> Counter[RunTrigger]:
    """Return how often what started a run; raises as :func:`decode_touches` does."""
    triggers = Counter[RunTrigger]()
    for flow, step, trigger, count in content.get("triggers", ()):
        row = RunTrigger(check_text(flow), steps[check_natural(step)], check_text(trigger))
        triggers[row] += check_natural(count)
    return triggers


def decode_watched(content: Mapping[str, Any], steps: Sequence[Seen]) -> dict[tuple[str, Seen], frozenset[str]]:
    """Return the watched steps, with what tests had replaced; raises as :func:`decode_touches` does."""
    return {
        (check_text(flow), steps[check_natural(step)]): read_set(names)
        for flow, step, names in content.get("watched", ())
    }
