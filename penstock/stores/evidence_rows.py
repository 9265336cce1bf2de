"""Counts of a store as evidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from penstock.check.evidence import Evidence, Fact, Orphan, Seen
from penstock.check.evidence.circumstances import NOTHING, Circumstances
from penstock.check.evidence.durations import DurationSketch
from penstock.check.evidence.measurements import strip_circumstances
from penstock.check.evidence.name_texts import split_names
from penstock.check.evidence.records import Period, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from penstock.check.evidence.records import Row

    Step = tuple[str, str]


class FactRows:
    """Takes the rows that a store has counted, and returns their evidence.

    Some circumstances of a fact depend on the other steps of its run, which a row does not show. They hold for the whole
    flow then, so that a fact accuses less than the run itself would: each generator of the flow may have been handed on, and
    each step that began outside a run while one was going on may belong to any.
    """

    def __init__(self) -> None:
        self._rows: list[Mapping[str, Any]] = []
        self._tops: Counter[Orphan] = Counter()
        self._top_timings: dict[Row, Timing] = {}

    @property
    def has_lone_steps(self) -> bool:
        """Whether steps began outside every run."""
        return any(row["run"] == "none" and not row["inside"] for row in self._rows)

    def add_facts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take counted facts."""
        self._rows += [{**row, **{side: row[side] or "" for side in ("done", "around", "before")}} for row in rows]

    def add_tops(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take counted steps outside every run."""
        for row in rows:
            orphan = Orphan(row["flow"], Seen(row["step"]), bool(row["is_concurrent"]))
            self._tops[orphan] += int(row["number"])
            _add_timing(self._top_timings, orphan, row)

    def evidence(self) -> Evidence:
        """Return the evidence of all rows."""
        facts, orphans, runs = Counter[Fact](), Counter(self._tops), Counter[tuple[str, Seen]]()
        lost, generators = self._find_lost_steps(), self._find_generators()
        timings = dict(self._top_timings)
        for row in self._rows:
            key = self._read_row(row, lost[row["flow"]], generators[row["flow"]])
            if key is None:
                continue
            number = int(row["number"])
            if isinstance(key, Fact):
                facts[key] += number
            elif isinstance(key, tuple):
                runs[key] += number
            else:
                orphans[key] += number
            if row["begins"] and isinstance(key, Fact):
                runs[key.flow, key.step] += number
                key = (key.flow, key.step)  # it is measured as a run
            _add_timing(timings, strip_circumstances(key), row)
        meanwhile = {(flow, step): self._find_steps(flow) for flow, steps in lost.items() for step in steps}
        return Evidence(
            facts,
            orphans,
            runs,
            self._find_versions(),
            meanwhile=meanwhile,
            exact=True,
            measurements={"production": timings},
            periods={"production": self._find_period()},
        )

    def _read_row(self, row: Mapping[str, Any], lost: frozenset[str], generators: frozenset[str]) -> Row | None:
        """Return what a row counts; ``None`` if nothing."""
        flow, step, inside, run = row["flow"], row["step"], row["inside"], row["run"]
        if not inside:
            if run in ("again", "none"):  # those outside every run are counted as tops
                return None
            return Orphan(flow, Seen(step), run == "lost") if run else (flow, Seen(step))
        if run == "other":
            return None
        done, ancestors, outside = (split_names(row[side]) for side in ("done", "around", "before"))
        pending = generators.difference((step, inside), done, ancestors, outside)
        circumstances = Circumstances(lost, pending, NOTHING, bool(row["begins"]), run == "none")
        return Fact(flow, Seen(step), Seen(inside), _seen(done), _seen(ancestors), _seen(outside), circumstances)

    def _find_lost_steps(self) -> Mapping[str, frozenset[str]]:
        """Return the steps of each flow that may have lost the context of a run."""
        lost: dict[str, frozenset[str]] = defaultdict(frozenset)
        for row in self._rows:
            if row["run"] == "lost" and not row["inside"]:
                lost[row["flow"]] |= {row["step"]}
        for orphan in self._tops:
            if orphan.concurrent:
                lost[orphan.flow] |= {orphan.step.step}
        return lost

    def _find_generators(self) -> Mapping[str, frozenset[str]]:
        generators: dict[str, frozenset[str]] = defaultdict(frozenset)
        for row in self._rows:
            if row["is_lazy"]:
                generators[row["flow"]] |= {row["step"]}
        return generators

    def _find_steps(self, flow: str) -> frozenset[str]:
        """Return the steps of a flow that ran in other steps."""
        return frozenset(row["step"] for row in self._rows if row["flow"] == flow and row["inside"])

    def _find_versions(self) -> dict[str, str]:
        versions: dict[str, str] = {}
        for row in self._rows:
            version, day = row["version"], str(row["last_day"])
            versions[version] = max(day, versions.get(version, ""))
        return versions

    def _find_period(self) -> Period:
        return Period(min(str(row["first_day"]) for row in self._rows), max(str(row["last_day"]) for row in self._rows))


def _seen(steps: Iterable[str]) -> frozenset[Seen]:
    return frozenset(map(Seen, steps))


def _add_timing(timings: dict[Row, Timing], key: Row, counts: Mapping[str, Any]) -> None:
    buckets = {int(bucket): int(number) for bucket, number in counts["buckets"].items()}
    timing = Timing(int(counts["errors"]), DurationSketch(buckets))
    timings[key] = timings[key].merge(timing) if key in timings else timing
