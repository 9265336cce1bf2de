"""Groups findings for people: one entry for each mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.findings.finding import RelatedLocation
from penstock.check.verdict.masks import join_names
from penstock.model.finding_kinds import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.check.findings.finding import Finding

_LEADING = ("cycle", "unclaimed", "unmarked", "unknown-after", "no-entrypoint", "undeclared")
"""The kinds of findings that represent a group, the one nearest to the cause first."""


def group_by_cause(found: Sequence[Finding]) -> list[Finding]:
    """Return findings for people: one for each mistake.

    An undeclared edge is reported together with the edges that it replaces, and consequences of one cause together
    with it. Programs, baselines and ignores know each finding by itself.
    """
    entries = _with_replaced_arrows(found)
    groups: dict[str, list[Finding]] = {}
    for finding in entries:
        groups.setdefault(finding.cause or finding.key, []).append(finding)
    shared_groups = {cause: group for cause, group in groups.items() if group[0].cause and len(group) > 1}
    return [
        _one_of(shared_groups.pop(finding.cause)) if finding.cause in shared_groups else finding
        for finding in entries
        if not finding.cause or finding.cause in shared_groups or len(groups[finding.cause]) == 1
    ]


def _with_replaced_arrows(findings: Sequence[Finding]) -> list[Finding]:
    leads = {_mistake(finding): finding for finding in reversed(findings) if finding.code == "undeclared"}
    parts: dict[tuple[str, ...], list[Finding]] = {key: [] for key in leads}
    for part in findings:
        if part.code in REFUTED and _mistake(part) in parts:
            parts[_mistake(part)].append(part)
    return [
        _together(finding, parts[key]) if leads.get(key) is finding else finding
        for finding in findings
        if (key := _mistake(finding)) not in leads or finding.code not in REFUTED
    ]


def _mistake(finding: Finding) -> tuple[str, ...]:
    return finding.flow, finding.target, finding.cure


def _together(lead: Finding, parts: Sequence[Finding]) -> Finding:
    sentences = [f"The declared arrow from {part.source} is {part.code}." for part in parts]
    return replace(
        lead,
        seen=" ".join(filter(None, (lead.seen, *sentences))),
        related=(*(place for part in parts for place in part.related[:1]), *lead.related),
    )


def _one_of(group: Sequence[Finding]) -> Finding:
    """Return one finding for all of a cause, with the places of the others as related locations."""
    lead = min(group, key=_rank)
    others = [finding for finding in group if finding is not lead]
    steps = join_names(list(dict.fromkeys(finding.target for finding in others if finding.target)))
    return replace(
        lead,
        seen=" ".join(filter(None, (lead.seen, f"The same mistake appears at {steps}." if steps else ""))),
        cure=_cure(lead, group),
        related=(*lead.related, *_places(others)),
    )


def _rank(finding: Finding) -> tuple[bool, int]:
    rank = _LEADING.index(finding.code) if finding.code in _LEADING else len(_LEADING)
    return finding.severity != "error", rank


def _places(others: Iterable[Finding]) -> list[RelatedLocation]:
    """Return a place for each step concerned, with the kinds of its findings."""
    codes: dict[tuple[str, int, str], dict[str, None]] = {}
    for finding in others:
        codes.setdefault((finding.file, finding.line, finding.target), {})[finding.code] = None
    return [
        RelatedLocation(file, line, f"{step}: {', '.join(kinds)}")
        for (file, line, step), kinds in codes.items()
        if file
    ]


def _cure(lead: Finding, group: Sequence[Finding]) -> str:
    """Return the cure for all of them: the lead's, or that of each step."""
    cures: dict[str, list[str]] = {}
    for finding in group:
        if finding.after is not None and finding.target not in cures.setdefault(finding.cure, []):
            cures[finding.cure].append(finding.target)
    whole = " ".join(f"For {join_names(targets)}: {cure}" for cure, targets in cures.items())
    advice = next(iter(cures), "") if [[lead.target]] == [*cures.values()] else whole
    if lead.code in ("undeclared", "unreachable", "cycle"):
        return advice or lead.cure
    back = "Fixing this one fixes the others."
    return f"{back} Or, if the step is gone for good: penstock check --fix" if advice else back
