"""The tests that run a step, as the evidence names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence


def find_tests(evidence: Evidence, flow: str, step: str) -> frozenset[str]:
    """Return the tests that ran a step, in whatever version of its source; none where the evidence names no tests.

    Args:
        evidence: The evidence.
        flow: The flow's name, without its service.
        step: The step's name.
    """
    visits = evidence.of(flow).visits.items()
    return frozenset(test for visit, names in visits if visit.step.step == step for test in names)
