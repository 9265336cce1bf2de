"""Plays every mutant, and tells what the check finds of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from lab.mutants import of_code, of_declarations
from lab.oracle import Oracle, is_true_too, says_nothing_of
from lab.play import SCENARIOS, play
from lab.source import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lab.mutants import Mutant
    from lab.oracle import Start
    from lab.play import Played
    from lab.source import Source
    from penstock.check.findings.finding import Finding

Outcome = Literal["found", "missed", "failed", "as true", "alarmed"]


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Attributes:
        scenario: The scenario.
        witness: What the check was given.
        mutant: The mutant.
        outcome: Whether it was found. One that is as true as before should not be, and is ``alarmed`` where it is. One
            that nothing is said of has ``failed`` where its run ends with an exception, so that any test shows it.
        said: What the check says of the steps concerned.
    """

    scenario: str
    witness: str
    mutant: Mutant
    outcome: Outcome
    said: tuple[str, ...]


@dataclass(frozen=True)
class Original:
    """A scenario as it is, before anything was done to it."""

    name: str
    source: Source
    starts: list[Start]
    played: Played


def original(name: str) -> Original:
    """Play a scenario as it is."""
    file, oracle = SCENARIOS / f"{name}.py", Oracle()
    return Original(name, parse(file.read_text(encoding="utf-8")), oracle.starts, play(file, oracle))


def results(names: Iterable[str], witnesses: Collection[str] = ("both",)) -> Iterator[Result]:
    """Play all mutants of some scenarios.

    Args:
        names: The scenarios.
        witnesses: What the check is given, in turn: the evidence, what the code says, or both.
    """
    for before in map(original, names):
        for mutant in (*of_declarations(before.source), *of_code(before.source)):
            played = _play(before.name, mutant.text)
            for witness in witnesses:
                yield from _results(before, mutant, played.seen_by(witness), witness)


def _results(before: Original, mutant: Mutant, played: Played, witness: str) -> Iterator[Result]:
    yield _result(before, mutant, played, witness)
    if mutant.kind == "missing step":
        older = replace(mutant, kind="missing step, evidence of before")
        yield _result(before, older, replace(played, evidence=before.played.evidence), witness)


def _play(name: str, text: str) -> Played:
    with TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.py")
        file.write_text(text, encoding="utf-8")
        return play(file)


def _result(before: Original, mutant: Mutant, played: Played, witness: str) -> Result:
    said = tuple(f"{finding.code} {finding.arrow}" for finding in played.alarms if _names(finding, mutant.steps))
    return Result(before.name, witness, mutant, _outcome(before, mutant, played, said=bool(said)), said)


def _outcome(before: Original, mutant: Mutant, played: Played, *, said: bool) -> Outcome:
    if _is_as_true(before, mutant):
        return "alarmed" if said else "as true"
    if said or _unconfirmed(played, mutant):
        return "found"
    return "failed" if played.error and not before.played.error else "missed"


def _names(finding: Finding, steps: frozenset[str]) -> bool:
    return bool({finding.source, finding.target} & steps) or any(repr(step) in finding.message for step in steps)


def _unconfirmed(played: Played, mutant: Mutant) -> bool:
    into = [edge for edge in played.edges.values() if edge.target == mutant.into and edge.origin == "declared"]
    return any(edge.state != "confirmed" for edge in into)


def _is_as_true(before: Original, mutant: Mutant) -> bool:
    """Tell whether, by rule, the changed scenario is one that nothing is wrong with."""
    if mutant.was and mutant.now:
        return is_true_too(before.starts, parse(mutant.text), mutant.was, mutant.now)
    if mutant.kind == "swapped":
        return says_nothing_of(before.source, *mutant.steps)
    if mutant.kind in ("missing step", "renamed"):
        return not before.source.successors(min(mutant.steps, key=len))
    return False


def rate(outcomes: Counter[str]) -> float:
    """Return the share that was found of what should be."""
    return outcomes["found"] / (outcomes["found"] + outcomes["missed"])


def table(found: Iterable[Result]) -> dict[str, Counter[str]]:
    """Count the outcomes of each kind."""
    rows: dict[str, Counter[str]] = {}
    for result in found:
        rows.setdefault(result.mutant.kind, Counter())[result.outcome] += 1
    return rows
