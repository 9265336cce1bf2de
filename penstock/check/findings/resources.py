"""Effects and triggers that do not agree with what steps were seen to touch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.findings.finding import make_step_finding
from penstock.check.proposals.effect_proposal import propose_effects, propose_trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.findings.finding import Finding
    from penstock.check.verdict.resource_verdicts import ResourceVerdicts
    from penstock.model import Flow, Step
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
    all_uses = tuple(uses)
    for use in all_uses:
        finding = _find_wrong_use(verdicts, use, all_uses)
        if finding is not None:
            yield replace(finding, severity="error") if failing and use.refuted else finding


def _find_wrong_use(verdicts: ResourceVerdicts, use: ResourceUse, uses: tuple[ResourceUse, ...]) -> Finding | None:
    step = verdicts.flow.step(use.step)
    match use.state:
        case "undeclared-effect":
            message = f"{step.name} writes {use.resource}, and no effect says so."
        case "effect-never-seen":
            message = f"{step.name} never touches {use.resource}."
        case "trigger-never-seen":
            message = f"{step.name} is never started by {use.resource}."
        case "undeclared-trigger":
            message = f"{step.name} is started by {use.resource}, and no trigger says so."
        case _:
            return None
    finding = make_step_finding(use.state, verdicts.flow, step, message, seen=use.note)
    if use.verb == "starts on":
        starts = verdicts.find_starts(step)
        trigger = propose_trigger(step, starts) if step.trigger else use.resource if len(starts) == 1 else ""
        cure = f'Write: trigger="{trigger}"' if trigger else _advise_trigger(step)
        return replace(finding, cure=cure, trigger=trigger)
    effects = propose_effects(verdicts.flow, step, uses)
    if use.origin == "declared" and not use.refuted:
        return replace(finding, cure="Remove it from effects, or let a test show it: pytest --penstock")
    return replace(finding, cure=_advise_effects(effects), effects=effects)


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


def _advise_trigger(step: Step) -> str:
    return "Correct the trigger, or what starts it." if step.trigger else "Declare the one that a reader should know."


def _advise_effects(effects: Iterable[str]) -> str:
    names = ", ".join(f'"{effect}"' for effect in effects)
    return f"Write: effects=[{names}]" if names else "Remove the argument effects"
