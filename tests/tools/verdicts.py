"""What the check says of flows that are declared in this process, by runs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock import get_flow
from penstock.check.evidence import dumps, loads, merge
from penstock.check.findings.finding import findings
from penstock.check.verdict.judgement import judge

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence
    from penstock.check.findings.finding import Finding


def states(flow: str, *evidence: Evidence) -> dict[str, str]:
    """Return the state of each arrow, those that only ran included, after the evidence was stored and merged."""
    judged = judge(get_flow(flow), merge(loads(dumps(each)) for each in evidence)).flow
    return {f"{edge.source}>{edge.target}": edge.state for edge in judged.edges}


def failures(flow: str, *evidence: Evidence) -> dict[str, str]:
    """Return the arrows that fail the check."""
    bad = ("undeclared", "never-seen", "indirect")
    return {arrow: state for arrow, state in states(flow, *evidence).items() if state in bad}


def reported(flow: str, *evidence: Evidence) -> list[Finding]:
    """Return what the check finds."""
    return findings(judge(get_flow(flow), merge(loads(dumps(each)) for each in evidence)))
