"""One mistake, one entry: the arrow that ran, and those that were declared in its place, have the same cure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.verdict import REFUTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.check.findings import Finding


def joined(found: Sequence[Finding]) -> list[Finding]:
    """Return findings for people: that an arrow is not declared is told together with the ones it stands for.

    Programs, baselines and ignores know each finding by itself.
    """
    leads = {_mistake(finding): finding for finding in reversed(found) if finding.code == "undeclared"}
    parts: dict[tuple[str, ...], list[Finding]] = {key: [] for key in leads}
    for each in found:
        if each.code in REFUTED and _mistake(each) in parts:
            parts[_mistake(each)].append(each)
    return [
        _together(finding, parts[key]) if leads.get(key) is finding else finding
        for finding in found
        if (key := _mistake(finding)) not in leads or finding.code not in REFUTED
    ]


def _mistake(finding: Finding) -> tuple[str, ...]:
    return finding.flow, finding.target, finding.cure


def _together(lead: Finding, parts: Sequence[Finding]) -> Finding:
    said = [f"The declared arrow from {part.source} is {part.code}." for part in parts]
    return replace(
        lead,
        seen=" ".join(filter(None, (lead.seen, *said))),
        related=(*(place for part in parts for place in part.related[:1]), *lead.related),
    )
