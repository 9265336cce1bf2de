"""Evidence of this version together with evidence that an older one has written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.check.evidence import Evidence, Fact, Seen, merge
from penstock.check.evidence.circumstances import Circumstances
from penstock.check.evidence.history import History, LastSeen
from penstock.check.verdict.judgement import judge
from penstock.model import Edge, Flow, Step

FLOW = Flow(
    name="f",
    steps=tuple(Step(name=name, entrypoint=name == "go") for name in ("go", "rows", "check")),
    edges=(Edge(source="go", target="rows"), Edge(source="rows", target="check")),
)
GO, ROWS, CHECK = (Seen(step.name) for step in FLOW.steps)
OLDER = Evidence({Fact("f", ROWS, GO): 1}, runs={("f", GO): 1})
DOUBTS = {
    "lost": Circumstances(lost=frozenset({"rows"})),
    "handed on": Circumstances(pending=frozenset({"rows"})),
    "beside": Circumstances(beside=frozenset({"rows"})),
}


def states(evidence: Evidence) -> dict[str, str]:
    """Return the states of the arrows."""
    return {f"{edge.source}>{edge.target}": edge.state for edge in judge(FLOW, evidence).flow.edges}


@pytest.mark.parametrize("circumstances", DOUBTS.values(), ids=DOUBTS)
def test_older_evidence_takes_no_excuse_from_a_run(circumstances: Circumstances) -> None:
    """What keeps a run from accusing still does where evidence of an older version is merged with it."""
    newer = Evidence({Fact("f", CHECK, GO, circumstances=circumstances): 1}, runs={("f", GO): 1}, exact=True)

    assert "go>check" not in states(newer)
    assert "go>check" not in states(merge([OLDER, newer]))


def test_the_evidence_of_one_flow_knows_what_went_before() -> None:
    """An arrow that has vanished is missed in a flow's own part, too."""
    facts = {Fact("f", ROWS, GO): 1, Fact("f", CHECK, GO): 1}
    last = {("f", "rows", "check"): LastSeen("2026-11-20", "", "call")}
    evidence = Evidence(facts, runs={("f", GO): 1}, exact=True, history=History(last_seen=last))

    assert "no-longer-seen" == states(evidence)["rows>check"]
    assert states(evidence) == states(evidence.of("f"))
    assert last == replace(evidence, facts={}).of("g").history.last_seen
