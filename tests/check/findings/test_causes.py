"""One cause, one entry: what one change mends is told together, and known to programs one by one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from penstock import flow, get_flow, observing
from penstock.check.findings.finding import findings, of_problem
from penstock.check.findings.grouping import group_by_cause
from penstock.check.findings.reports import as_json, gitlab, sarif, text
from penstock.check.findings.shared_causes import with_causes
from penstock.check.verdict.judgement import judge
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.check.evidence import Evidence
    from penstock.check.findings.finding import Finding
    from penstock.model import Flow

PARTS = ("check", "price", "tax", "charge", "pack")


def declare(program: str, of: str = "f") -> dict[str, Any]:
    """Run a program that declares a flow, by the name ``f`` for its handle, and has a function ``main``."""
    names: dict[str, Any] = {"f": flow(of), "__name__": "program"}
    exec(program, names)
    return names


def program(parts: str, *, mark: str, after: str = "process", body: str = "") -> str:
    """Return a program: ``main`` calls ``load``, ``process`` and ``report``, and ``process`` calls the parts."""
    steps = "".join(f"@f.step(after={after!r})\ndef {part}(): ...\n" for part in PARTS)
    return (
        "@f.entrypoint\ndef main():\n    load()\n    process()\n    report()\n"
        '@f.step(after="main")\ndef load(): ...\n'
        f"{mark}\ndef process():\n    {parts}\n{body}{steps}"
        '@f.step(after="pack")\ndef report(): ...\n'
    )


CALLS = "; ".join(f"{part}()" for part in PARTS)
RIGHT = program(CALLS, mark='@f.step(after="load")')
WITHOUT_MARK = program(CALLS, mark="")
INNER = f'@f.step(after="process")\ndef inner():\n    {CALLS}\n'
CALL_BETWEEN = program("inner()", mark='@f.step(after="load")', body=INNER)
SECOND_DOOR = RIGHT + f"@f.entrypoint\ndef other():\n    {CALLS}\n"


def played(source: str, *starts: str) -> Evidence:
    """Return what runs when some functions of a program are called."""
    names = declare(source)
    with observing(EvidenceObserver()) as observer:
        for start in starts or ("main",):
            names[start]()
    return observer.evidence()  # type: ignore[attr-defined]


def checked(evidence: Evidence, *, of: Flow | None = None, old: bool = False) -> list[Finding]:
    """Return the findings of the flow that is declared, each with its cause."""
    judged = judge(of or get_flow("f"), evidence)
    found = [*(of_problem(problem, judged.flow) for problem in judged.flow.problems), *findings(judged, old=old)]
    return with_causes(found, [judged.flow])


def errors(found: Iterable[Finding]) -> list[Finding]:
    """Return what fails a check."""
    return [finding for finding in found if finding.severity == "error"]


def test_a_step_that_has_lost_its_mark() -> None:
    """The steps that name it, and the calls that no arrow explains, are one entry with a place for each."""
    found = checked(played(WITHOUT_MARK))
    assert Counter({"unknown-after": 5, "undeclared": 5, "unreachable": 1}) == Counter(each.code for each in found)
    (entry,) = group_by_cause(found)
    assert "unknown-after" == entry.code
    places = " ".join(place.text for place in entry.related)
    assert {*PARTS, "report"} == {part for part in (*PARTS, "report") if part in f"{places} {entry.target}"}


@pytest.mark.parametrize("old", [True, False])
def test_a_step_that_has_lost_its_mark_in_older_evidence(old: bool) -> None:
    """What the evidence still knows of it belongs to the same entry, whether it is an error or a note."""
    evidence = played(RIGHT)
    declare(WITHOUT_MARK, of="today")
    found = checked(evidence, of=replace(get_flow("today"), name="f"), old=old)
    assert "unknown-step" in {finding.code for finding in found}
    assert 1 == len(group_by_cause(found))


def test_a_step_between_a_caller_and_all_that_it_called() -> None:
    """One undeclared caller of many steps, each of which names the same other one, is one entry; it has the cure of each."""
    found = checked(played(CALL_BETWEEN))
    assert Counter({"undeclared": 5, "indirect": 5}) == Counter(each.code for each in found)
    (entry,) = group_by_cause(found)
    assert 'For charge, check, pack, price and tax: Write: after="inner"' == entry.cure


def test_a_second_door_to_the_same_steps() -> None:
    """A second caller of steps that name one other is one entry, although no arrow is refuted."""
    found = checked(played(SECOND_DOOR, "main", "other"))
    assert ({"undeclared"}, 1) == ({finding.code for finding in found}, len(group_by_cause(found)))


def test_mistakes_that_have_nothing_in_common_stay_apart() -> None:
    """Two callers, or steps that name different ones, are two mistakes."""
    steps = (
        '@f.entrypoint\ndef main(): b(); c()\n@f.step(after="main")\ndef b(): d()\n@f.step(after="main")\ndef c(): e()\n'
        '@f.step(after="main")\ndef d(): ...\n@f.step(after="main")\ndef e(): ...\n'
    )
    found = checked(played(steps))
    assert [("b", "d"), ("c", "e")] == [(entry.source, entry.target) for entry in group_by_cause(found)]


def test_a_step_without_a_name_before_it() -> None:
    """That nothing leads to a step, and that it runs after one, is one mistake with one cure."""
    found = checked(
        played('@f.entrypoint\ndef main(): b(); c()\n@f.step\ndef b(): ...\n@f.step(after="b")\ndef c(): ...\n')
    )
    assert Counter({"unreachable": 2, "undeclared": 1}) == Counter(finding.code for finding in found)
    (entry,) = group_by_cause(found)
    assert 'Write: after="main"' == entry.cure


def test_arrows_in_a_circle() -> None:
    """A circle, the steps that nothing leads to because of it, and the run that shows the way are one mistake."""
    found = checked(
        played(
            '@f.entrypoint\ndef main(): b()\n@f.step(after="c")\ndef b(): c()\n@f.step(after="b")\ndef c(): ...\n'
            '@f.step(after="c")\ndef d(): ...\n'
        )
    )
    assert {"cycle", "unreachable", "undeclared"} < {finding.code for finding in found}
    entry, *notes = [entry for entry in group_by_cause(found) if entry.severity == "error"]
    assert ("cycle", 'Write: after="main"', []) == (entry.code, entry.cure.removeprefix("For b: "), notes)


@pytest.mark.parametrize("source", [WITHOUT_MARK, CALL_BETWEEN])
def test_programs_know_each_finding_by_itself(source: str) -> None:
    """Reports for programs, and the keys of a baseline, are those of single findings; JSON has the cause besides."""
    found = checked(played(source))
    plain = [replace(finding, cause="") for finding in found]
    assert [finding.key for finding in plain] == [finding.key for finding in found]
    assert (sarif(plain), gitlab(plain)) == (sarif(found), gitlab(found))
    written = json.loads(as_json(found))["findings"]
    assert (len(found), 1) == (len(written), len({each["cause"] for each in written}))


def test_what_is_left_of_a_cause_is_told() -> None:
    """Where a project accepts some of them, the others are still one entry."""
    found = [finding for finding in checked(played(WITHOUT_MARK)) if finding.target not in ("check", "price")]
    assert 1 == len(group_by_cause(found))
    alone = [finding for finding in found if finding.target == "tax" and finding.code == "undeclared"]
    assert alone == group_by_cause(alone)
    assert "tax runs after main" in text(alone)
