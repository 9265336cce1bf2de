"""How right the check is, as tables in Markdown: ``make accuracy``, or some parts by their names.

Exits with 1 if a goal is missed.

Downloads four applications into a folder that is gone afterwards; without a package index they are left out.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab.apps import APPS, check, fetch
from lab.deleted import check_without_calls
from lab.effect_mutants import remove_consumers
from lab.effects import check_applications, check_sources
from lab.labelled import LABELLED, compare, compare_run, share
from lab.play import SCENARIOS, WITNESSES, play
from lab.score import rate, results, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lab.apps import App, Checked
    from lab.effect_mutants import EffectChange
    from lab.labelled import Share

NAMES = sorted(file.stem for file in SCENARIOS.glob("*.py"))
GOALS = {"reverse": 1.0, "rename": 1.0, "missing step": 1.0, "delete": 0.95, "retarget": 0.85}
"""The least share of mutants of a kind that has to be found."""
DECIDED = 0.95
"""The least share of right arrows that has to be confirmed, with both witnesses."""


EFFECTS_FOUND = 0.95
"""The least share of changed effects and triggers that has to be found."""


def show(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    print("", f"| {' | '.join(head)} |", f"| --- |{' --: |' * (len(head) - 1)}", sep="\n")
    for row in rows:
        print(f"| {' | '.join(f'{cell:.3f}' if isinstance(cell, float) else str(cell) for cell in row)} |")


def measure_scenarios() -> list[str]:
    """Print false alarms and decided arrows; return the goals that are missed."""
    played = [play(SCENARIOS / f"{name}.py") for name in NAMES]
    rows, missed = [], []
    for witness in WITNESSES:
        seen = [each.seen_by(witness) for each in played]
        alarms = sum(len(each.alarms) for each in seen)
        states = [edge.state for each in seen for edge in each.edges.values() if edge.origin == "declared"]
        confirmed = states.count("confirmed")
        rows.append((witness, alarms, len(states), confirmed, confirmed / len(states)))
        missed += [f"{alarms} false alarms with {witness}"] if alarms else []
    show(("witness", "false alarms", "arrows", "confirmed", "share"), rows)
    return [*missed, *_short("arrows confirmed", float(rows[-1][-1]), DECIDED)]


def measure_mutants() -> list[str]:
    """Print what is found of the mutants; return the goals that are missed."""
    everything = list(results(NAMES, ("both", "evidence")))
    found = {name: [each for each in everything if each.witness == name] for name in ("both", "evidence")}
    rows = {witness: table(each) for witness, each in found.items()}
    columns = ("found", "missed", "failed", "as true", "alarmed")
    failing = Counter(each.mutant.kind for each in found["both"] if each.outcome == "found" and each.said)
    show(
        ("change", *columns, "exit 1", "share", "evidence only"),
        (
            (kind, *(counts[column] for column in columns), failing[kind], rate(counts), rate(rows["evidence"][kind]))
            for kind, counts in rows["both"].items()
        ),
    )
    print()
    for each in found["both"]:
        if each.outcome in ("missed", "failed", "alarmed"):
            print(f"- {each.outcome}: {each.scenario}, {each.mutant.kind}: {each.mutant.what}")
    for each in found["both"]:
        if each.outcome == "as true" and each.mutant.kind in ("retarget", "swapped"):
            print(f"- as true: {each.scenario}, {each.mutant.kind}: {each.mutant.what}")
    alarmed = sum(counts["alarmed"] for counts in rows["both"].values())
    short = [line for kind, goal in GOALS.items() for line in _short(kind, rate(rows["both"][kind]), goal)]
    return [*short, *([f"{alarmed} mutants that are as true raise an alarm"] if alarmed else [])]


def measure_reading() -> list[str]:
    """Print how right the reading of the code is; no goal is set."""
    labelled = list(LABELLED.glob("*.py"))
    shares: list[tuple[str, Share]] = [
        (f"calls in {len(labelled)} labelled programs", share(compare(file, "call") for file in labelled)),
        (f"data in {len(labelled)} labelled programs", share(compare(file, "data") for file in labelled)),
        ("calls that the scenarios make", share(compare_run(name) for name in NAMES if name != "lost_threads")),
    ]
    show(
        ("what", "found", "true", "precision", "recall"),
        ((what, each.found, each.true, each.precision, each.recall) for what, each in shares),
    )
    return []


def measure_applications() -> list[str]:
    """Print the verdict on real applications; return the goals that are missed."""
    rows, changes, missed, arrows, confirmed = [], [], [], 0, 0
    for found in (each for app, unpacked in _unpacked(missed) for each in check(app, unpacked)):
        rows.append((found.name, len(found.errors), len(found.as_tree), found.arrows, found.confirmed))
        changes += _counted(found)
        missed += [f"{found.name}: {error}" for error in (*found.errors, *found.as_tree)]
        print(f"\n{found.name}: {found.provenance}\nIts own tests: {found.tests}")
        print(f"Pairs of steps that ran: {len(found.ran)}; of these, the code calls: {len(found.ran & found.read)}")
        arrows, confirmed = arrows + found.arrows, confirmed + found.confirmed
    if rows:
        show(("application", "false alarms", "drawn as a tree", "arrows", "confirmed"), rows)
        show(("application", "change", "found", "not found"), changes)
        missed += _short("arrows of applications confirmed", confirmed / arrows, DECIDED)
    return missed


def _counted(found: Checked) -> Iterator[tuple[str, str, int, int]]:
    """Print the changes of arrows that are not found, and yield how many are and are not, by kind."""
    for kind in dict.fromkeys(change.kind for change in found.changes):
        changes = [change for change in found.changes if change.kind == kind]
        for change in changes:
            if not change.found:
                print(f"- not found: {found.name}, {kind}: {change.what}")
        yield found.name, kind, sum(change.found for change in changes), sum(not change.found for change in changes)


def measure_deleted_calls() -> list[str]:
    """Print what is found of calls that are deleted from real applications."""
    missed: list[str] = []
    counts = {app.name: _count_deleted(app, unpacked) for app, unpacked in _unpacked(missed) if app.some}
    columns = ("exit 1", "fails by itself", "missed")
    show(("a call deleted", *columns), ((name, *(found[each] for each in columns)) for name, found in counts.items()))
    return missed


def measure_effects() -> list[str]:
    """Print what is found of changed effects and triggers; return the goals that are missed."""
    sources = list(check_sources())
    checked = [*sources, *check_applications()]
    columns = ("false alarms", "notes", "effects and triggers", "confirmed by runs", "by the code")
    show(
        ("application", *columns),
        ((each.name, len(each.alarms), len(each.notes), each.uses, *each.confirmed) for each in checked),
    )
    changes = [change for each in checked for change in each.changes]
    changes += remove_consumers(flow for each in sources for flow in each.flows)
    kinds = dict.fromkeys(change.kind for change in changes)
    columns = ("found", "missed", "fails", "share", "not shown by runs", "found of these")
    show(("change", *columns), (_count_changes(kind, changes) for kind in kinds))
    print()
    for each in checked:
        for finding in (*each.alarms, *each.notes):
            print(f"- {each.name}: {finding}")
    for change in changes:
        if change.shown and not change.found:
            print(f"- missed: {change.kind}: {change.what}")
    share = _find_share([change for change in changes if change.shown])
    print(f"\nChanges of what runs show: {share:.3f}; all {len(changes)}: {_find_share(changes):.3f}")
    alarms = sum(len(each.alarms) for each in checked)
    return [
        *_short("changed effects", share, EFFECTS_FOUND),
        *([f"{alarms} false alarms on effects"] if alarms else []),
    ]


def _count_changes(kind: str, changes: Iterable[EffectChange]) -> tuple[object, ...]:
    shown = [change for change in changes if change.kind == kind and change.shown]
    others = [change for change in changes if change.kind == kind and not change.shown]
    found = sum(change.found for change in shown)
    fails = sum(change.fails for change in shown)
    rest = len(others), sum(change.found for change in others)
    return kind, found, len(shown) - found, fails, _find_share(shown), *rest


def _find_share(changes: Sequence[EffectChange]) -> float:
    return sum(change.found for change in changes) / len(changes)


def _unpacked(missed: list[str]) -> Iterator[tuple[App, Path]]:
    """Yield the applications, each in a folder of its own; what cannot be downloaded is missed where CI measures."""
    for app in APPS:
        with TemporaryDirectory() as folder:
            unpacked = fetch(app, Path(folder))
            if unpacked is not None:
                yield app, unpacked
                continue
        print(f"\n{app.name} {app.version} cannot be downloaded, and is left out.")
        missed += [f"{app.name} cannot be downloaded"] if "CI" in os.environ else []


def _count_deleted(app: App, unpacked: Path) -> Counter[str]:
    """Print the deleted calls that the check does not find, and count the outcomes."""
    outcomes: Counter[str] = Counter()
    for verdict in check_without_calls(app, unpacked):
        outcomes[verdict.outcome] += 1
        if verdict.outcome != "exit 1":
            call = verdict.deleted
            print(f"- {verdict.outcome}: {app.name}, call of {call.target} deleted in {call.file}:{call.line}")
            print(f"  its tests: {verdict.tests}")
    return outcomes


def _short(what: str, share: float, goal: float) -> list[str]:
    return [f"{what}: {share:.3f}, the goal is {goal:.3f}"] if share < goal else []


PARTS = {
    "scenarios": measure_scenarios,
    "mutants": measure_mutants,
    "applications": measure_applications,
    "calls": measure_deleted_calls,
    "reading": measure_reading,
    "effects": measure_effects,
}


def main() -> int:
    """Measure everything, or the parts that are named."""
    warnings.simplefilter("ignore")  # Celery's and the applications' own affair
    started = time.monotonic()
    missed = [line for name in sys.argv[1:] or PARTS for line in PARTS[name]()]
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} CPUs, {time.monotonic() - started:.0f} s")
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
