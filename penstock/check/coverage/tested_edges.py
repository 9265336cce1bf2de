"""Edges that know whether a test takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.coverage.passages import find_tests_by_arrow, read_visits

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence
    from penstock.model import Flow


def note_tests(flow: Flow, evidence: Evidence) -> Flow:
    """Return a flow whose edges say so if no test takes them; the same if the evidence names no test."""
    if not evidence.visits:
        return flow
    visits = read_visits(flow, evidence)
    tested = find_tests_by_arrow(visits)
    edges = tuple(
        replace(edge, untested=edge.origin == "declared" and (edge.source, edge.target) not in tested)
        for edge in flow.edges
    )
    summary = flow.evidence and replace(flow.evidence, tests=len(frozenset().union(*(tests for _, tests in visits))))
    return replace(flow, edges=edges, evidence=summary)
