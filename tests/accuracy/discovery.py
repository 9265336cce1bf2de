"""How well discover proposes flows, as tables in Markdown: ``make discovery``, or some applications by their names.

Exits with 1 if a goal is missed. Downloads applications into a folder that is gone afterwards.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab.discovered import APPLICATIONS, check_written, compare, unpack, watch
from measure import show

from penstock.check.proposals.search import fails
from penstock.check.verdict.judgement import judge
from penstock.model import Edge, Flow, Step

if TYPE_CHECKING:
    from lab.discovered import Comparison

    from penstock.discover.proposal import ProposedFlow

EXAMPLES = ("shop", "parts")
NAMES = (*EXAMPLES, *(app.name for app in APPLICATIONS))
GOALS = {"recall": 0.8, "precision": 0.6, "arrows right": 0.9, "effects named": 0.8}


@dataclass
class Sums:
    """The figures of one application.

    Attributes:
        rows: A row for each flow.
        shares: The shares of each flow, by goal.
    """

    rows: list[tuple[object, ...]] = field(default_factory=list)
    shares: dict[str, list[float]] = field(default_factory=lambda: {goal: [] for goal in GOALS})

    def add(self, comparison: Comparison, failing: int) -> None:
        """Add a flow."""
        common, arrows = len(comparison.common), comparison.arrows
        pairs = {
            "recall": (common, len(comparison.declared)),
            "precision": (common, len(comparison.proposed)),
            "arrows right": (len(arrows - comparison.wrong), len(arrows)),
            "effects named": (len(comparison.effects - comparison.unnamed), len(comparison.effects)),
        }
        for goal, (part, whole) in pairs.items():
            self.shares[goal] += [part / whole] if whole else []
        cells = (f"{part} of {whole}" for part, whole in pairs.values())
        self.rows.append((comparison.name, *cells, len(comparison.missed), failing))


def count_failing(proposal: ProposedFlow) -> int:
    """Return how many arrows of a proposal fail the check on its own evidence."""
    flow = Flow(
        name=proposal.name,
        steps=tuple(Step(name=step.name, entrypoint=not index) for index, step in enumerate(proposal.steps)),
        edges=tuple(Edge(source=name, target=step.name) for step in proposal.steps for name in step.after),
    )
    return sum(map(fails, judge(flow, proposal.evidence).flow.edges)) if proposal.evidence else 1


def measure(name: str, sums: Sums) -> list[str]:
    """Add the figures of an application; return what is wrong."""
    with TemporaryDirectory() as folder:
        project = unpack(Path(folder), name)
        if project is None:
            print(f"\n{name} cannot be downloaded, and is left out.")
            return [f"{name} cannot be downloaded"] if "CI" in os.environ else []
        comparisons = compare(project, watch(project))
        missed: list[str] = []
        for comparison in comparisons:
            failing = count_failing(comparison.proposal)
            sums.add(comparison, failing)
            missed += [f"{comparison.name}: {failing} arrows fail on the evidence of the proposal"] if failing else []
            if "-v" in sys.argv:
                tell(comparison)
        return [*missed, *(f"{name}, written and checked: {line}" for line in check_written(project, comparisons))]


def tell(comparison: Comparison) -> None:
    """Print a proposal, and what is different in the declared flow."""
    print(f"\n{comparison.name}")
    for step in comparison.proposal.steps:
        mark = "+" if step.function.address in comparison.common else " "
        print(f" {mark} {step.name} after {dict(step.after)} {' '.join(step.effects)} {step.trigger}")
    print("  missing:", *sorted(comparison.declared - comparison.proposed))
    print("  wrong:", *sorted(comparison.wrong), "missed:", *sorted(comparison.missed))
    print("  effects not named:", *sorted(comparison.unnamed), *comparison.proposal.notes)


def main() -> int:
    """Measure; return the exit code."""
    everything, means, missed = Sums(), [], []
    for name in [name for name in sys.argv[1:] if name != "-v"] or NAMES:
        sums = Sums()
        missed += measure(name, sums)
        everything.rows += sums.rows
        shares = {goal: sum(own) / len(own) for goal, own in sums.shares.items() if own}
        means.append((name, *(shares.get(goal, "") for goal in GOALS)))
        for goal, share in shares.items():
            everything.shares[goal].append(share)
    show(("flow", *GOALS, "arrows missed", "failing"), everything.rows)
    show(("application", *GOALS), means)
    for goal, least in GOALS.items():
        own = everything.shares[goal]
        mean = sum(own) / len(own) if own else 1.0
        print(f"\n{goal}: {mean:.2f}")
        missed += [f"{goal}: {mean:.2f}, not {least}"] if mean < least else []
    print(*("", "Missed:", *missed) if missed else ("", "All goals are reached."), sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
