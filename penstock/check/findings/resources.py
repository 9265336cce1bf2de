"""Effects and triggers that do not agree with what steps were seen to touch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.findings.finding import make_step_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.findings.finding import Finding
    from penstock.check.verdict.resource_verdicts import ResourceVerdicts
    from penstock.model import Flow, Step
    from penstock.model.finding_kinds import FindingCode
    from penstock.model.resource_uses import ResourceUse


def find_wrong_uses(
    verdicts: ResourceVerdicts, uses: Iterable[ResourceUse], *, failing: bool = False
) -> Iterator[Finding]:
    """Yield a finding for each effect or trigger that was not seen, and for each effect that is not declared.

    Args:
        verdicts: The verdicts on a flow.
        uses: What they are, as :meth:`ResourceVerdicts.judge` yields them.
        failing: Whether those that runs refute are errors.
    """
    for use in uses:
        finding = _find_wrong_use(verdicts, use)
        if finding is not None:
            yield replace(finding, severity="error") if failing and use.refuted else finding


def _find_wrong_use(verdicts: ResourceVerdicts, use: ResourceUse) -> Finding | None:
    step = verdicts.flow.step(use.step)
    if use.state == "undeclared-effect":
        message = f"{step.name} writes {use.resource}, and no effect says so."
        return _make_finding(verdicts, "undeclared-effect", use, message, _advise_effects(verdicts, step))
    if use.state == "effect-never-seen":
        message = f"{step.name} never touches {use.resource}."
        return _make_finding(verdicts, "effect-never-seen", use, message, _advise_effects(verdicts, step))
    if use.state == "trigger-never-seen":
        message = f"{step.name} is never started by {use.resource}."
        return _make_finding(verdicts, "trigger-never-seen", use, message, "Correct the trigger, or what starts it.")
    return None


def find_unknown_routes(flow: Flow, uses: Iterable[ResourceUse], *, failing: bool = False) -> Iterator[Finding]:
    """Yield a finding for each trigger that no framework of the application knows.

    Args:
        flow: The flow.
        uses: The uses that say so.
        failing: Whether these are errors.
    """
    for use in uses:
        step = flow.step(use.step)
        message = f"{step.name} is started by {use.resource}, which the application does not have."
        cure = "Correct the trigger, or add what it names."
        finding = make_step_finding("route-unknown", flow, step, message, seen=use.note, cure=cure)
        yield replace(finding, severity="error") if failing else finding


def _advise_effects(verdicts: ResourceVerdicts, step: Step) -> str:
    names = ", ".join(f'"{effect}"' for effect in verdicts.propose_effects(step))
    return f"Write: effects=[{names}]" if names else "Remove the argument effects"


def _make_finding(verdicts: ResourceVerdicts, code: FindingCode, use: ResourceUse, message: str, cure: str) -> Finding:
    step = verdicts.flow.step(use.step)
    return make_step_finding(code, verdicts.flow, step, message, seen=use.note, cure=cure)
