"""Changes the effects and triggers of flows that were checked already: the code and its runs stay what they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock.check.all_checks import check_flows
from penstock.check.findings.topics import find_unmatched_topics
from penstock.check.questions.application import Application
from penstock.model.resources import PLAIN_WORDS, read_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.all_checks import CheckRules
    from penstock.check.evidence import Evidence
    from penstock.check.findings.finding import Finding
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step

CODES = frozenset({"undeclared-effect", "effect-never-seen", "trigger-never-seen", "undeclared-trigger"})
TOPIC_CODES = frozenset({"topic-without-consumer", "topic-without-producer"})


@dataclass(frozen=True)
class EffectMutant:
    """Flows with one changed effect or trigger.

    Attributes:
        kind: What was done.
        what: The same of this one, in words.
        flow: The changed flow.
        steps: The steps concerned; a finding has to be on one of them.
        original: The effect or trigger that it was made from.
    """

    kind: str
    what: str
    flow: Flow
    steps: frozenset[str]
    original: str = ""


@dataclass(frozen=True)
class EffectChange:
    """A mutant in words.

    Attributes:
        kind: What was done.
        what: The same of this one, in words.
        found: Whether the check finds it.
        fails: Whether the check fails, where the project lets effects fail it.
        shown: Whether runs showed the original effect or trigger, so that they can show the mistake.
    """

    kind: str
    what: str
    found: bool
    fails: bool
    shown: bool


def find_effects(manifest: Manifest, evidence: Evidence, rules: CheckRules) -> list[Finding]:
    """Return the findings on effects and triggers."""
    return [finding for finding in check_flows(manifest, evidence, rules).findings if finding.code in CODES]


def change_effects(manifest: Manifest, evidence: Evidence, rules: CheckRules) -> list[EffectChange]:
    """Return every change of one effect or trigger, as far as the changed declaration is wrong."""
    proof = check_flows(manifest, evidence, rules)
    before = {finding.key for finding in proof.findings if finding.code in CODES}
    seen = {(flow.name, use.resource) for flow in proof.manifest.flows for use in flow.uses if use.witness == "runs"}
    changes = []
    for flow in manifest.flows:
        for mutant in _mutate(flow, manifest.flows, evidence):
            flows = tuple(mutant.flow if other is flow else other for other in manifest.flows)
            new = [
                finding
                for finding in find_effects(replace(manifest, flows=flows), evidence, rules)
                if finding.key not in before and finding.target in mutant.steps
            ]
            fails = any(finding.severity == "error" for finding in new)
            shown = (flow.name, mutant.original) in seen
            changes.append(EffectChange(mutant.kind, f"{flow.name}: {mutant.what}", bool(new), fails, shown))
    return changes


def _mutate(flow: Flow, flows: Iterable[Flow], evidence: Evidence) -> Iterator[EffectMutant]:
    touched = _collect_touched(flow, evidence)
    for step in flow.steps:
        for effect in step.effects:
            yield _change(flow, step, "drop an effect", effect, without={effect})
            yield _change(flow, step, "rename an effect", effect, without={effect}, more=rename(effect))
            for other in flow.steps:
                if other.name != step.name and not PLAIN_WORDS.find(effect, touched[other.name]):
                    yield _move(flow, step, other, effect)
                    yield _change(flow, other, "add an effect of another step", effect, more=effect)
            yield _change(flow, step, "add an effect", effect, more=rename(effect, "y"))
        if step.trigger:
            yield _change_trigger(flow, step, "drop a trigger", "")
            yield _change_trigger(flow, step, "rename a trigger", rename(step.trigger))
            for other in (other for each in flows for other in each.steps):
                if other.trigger and not PLAIN_WORDS.agree(other.trigger, step.trigger) and _alike(other, step):
                    yield _change_trigger(flow, step, "move a trigger", other.trigger)


def rename(text: str, letter: str = "x") -> str:
    """Return another name: of another host, route or table."""
    if "://" in text:
        return text.replace("://", f"://{letter}")
    return text.replace("/", f"/{letter}", 1) if "/" in text else f"{text}_{letter}"


def _alike(first: Step, second: Step) -> bool:
    return read_resource(first.trigger).family == read_resource(second.trigger).family


def _collect_touched(flow: Flow, evidence: Evidence) -> dict[str, set[str]]:
    """Return what each step really touches: an effect of it is no mistake."""
    touched: dict[str, set[str]] = {step.name: set(step.effects) for step in flow.steps}
    for touch in evidence.of(flow.name).touches:
        touched.setdefault(touch.step.step, set()).add(touch.target)
    return touched


def _change(
    flow: Flow, step: Step, kind: str, what: str, *, without: Iterable[str] = (), more: str = ""
) -> EffectMutant:
    effects = (*(effect for effect in step.effects if effect not in without), *([more] if more else []))
    return EffectMutant(
        kind, f"{step.name} {what}", _with_step(flow, replace(step, effects=effects)), frozenset({step.name}), what
    )


def _move(flow: Flow, step: Step, other: Step, effect: str) -> EffectMutant:
    left = replace(step, effects=tuple(name for name in step.effects if name != effect))
    joined = replace(other, effects=(*other.effects, effect))
    what = f"{effect} from {step.name} to {other.name}"
    changed = _with_step(_with_step(flow, left), joined)
    return EffectMutant("move an effect", what, changed, frozenset({step.name, other.name}), effect)


def _change_trigger(flow: Flow, step: Step, kind: str, trigger: str) -> EffectMutant:
    changed = _with_step(flow, replace(step, trigger=trigger))
    what = f"{step.name} {step.trigger} became {trigger}"
    return EffectMutant(kind, what, changed, frozenset({step.name}), step.trigger)


def _with_step(flow: Flow, step: Step) -> Flow:
    return replace(flow, steps=tuple(step if other.name == step.name else other for other in flow.steps))


def remove_consumers(flows: Iterable[Flow]) -> list[EffectChange]:
    """Return each removal of a flow that consumes what another writes, each flow being a service of its own."""
    services = [replace(flow, service=flow.name) for flow in flows]
    before = _find_topics(services)
    written = [effect for flow in services for step in flow.steps for effect in step.effects]
    changes = []
    for flow in services:
        for trigger in (step.trigger for step in flow.steps if read_resource(step.trigger).family == "message"):
            if PLAIN_WORDS.find(trigger, written):
                new = _find_topics([other for other in services if other is not flow]) - before
                what = f"{flow.name}: {trigger}"
                changes.append(EffectChange("remove a consumer", what, bool(new), fails=False, shown=True))
    return changes


def _find_topics(flows: list[Flow]) -> set[str]:
    return {finding.key for finding in find_unmatched_topics(Application(tuple(flows), PLAIN_WORDS))}
