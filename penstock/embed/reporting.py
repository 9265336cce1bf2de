"""What a documentation build reports, in words that are the same in every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.findings.reports import sentence

if TYPE_CHECKING:
    from penstock.check.findings.finding import Finding

LAST_GOOD = "Until then, the pages show the flows as they were before."
"""Follows the reason why flows could not be collected, where there are those of an earlier collection."""

NO_PROOF = "Until then, the pages show no proof."
"""Follows the reason why the evidence cannot be read."""


def describe_finding(finding: Finding) -> str:
    """Return a finding in words, with its flow; its place is :attr:`Finding.where`."""
    flow = f"flow {finding.flow!r}: " if finding.flow else ""
    return f"{flow}{sentence(finding)}"


def describe_located_finding(finding: Finding) -> str:
    """Return a finding in words, after its place, for messages whose own place is that of a page."""
    place = f"{finding.where}: " if finding.where else ""
    return f"{place}{describe_finding(finding)}"


def count_findings(count: int, cure: str) -> str:
    """Return the message with which a build fails because of findings.

    Args:
        count: Their number.
        cure: The setting with which it would not fail, as written in the configuration of the engine.
    """
    return f"{count} finding{'' if count == 1 else 's'} on the declared edges; see above, or write: {cure}"


def describe_refused_markup(origin: str, flow: str, step: str, refusals: str, cure: str) -> str:
    """Return the warning of markup that a docstring from a manifest of others may not use.

    Args:
        origin: The manifest.
        flow: The full name of the flow.
        step: The name of the step.
        refusals: The markup, in words.
        cure: The setting with which it is trusted, as written in the configuration of the engine.
    """
    problem = f"the docstring of step {step!r} of flow {flow!r} has {refusals}"
    what_to_do = f"If the manifest is your own, set: {cure}"
    return f"{origin}: {problem}, which a manifest of others may not. It is shown as text. {what_to_do}"
