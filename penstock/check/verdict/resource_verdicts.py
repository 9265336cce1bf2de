"""The verdict on effects and triggers: what steps declare, compared with what they were seen to touch.

Nothing is held against a declaration that could not have been seen: of a step that no test ran, of a client that tests replaced
whenever it ran, or of a kind of resource that nothing in the whole evidence touched, because the tests have no such thing.
What the code of a step plainly does confirms an effect that no run shows, and never accuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from penstock.model.resource_uses import ResourceUse
from penstock.model.resources import read_resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Self

    from penstock.check.evidence import Evidence, Seen
    from penstock.model import Flow, Step
    from penstock.model.resource_uses import Verb
    from penstock.model.resources import Vocabulary

Kind = tuple[str, str]
"""The family of a resource, such as ``table``, and its product, such as ``postgres``; empty where that is not known."""

_FAMILIES_OF_PRODUCTS = frozenset({"table", "message", "key"})

ANY_KIND = "*"
"""Stands for all kinds of targets, in what tests had replaced."""


class SeenKinds(NamedTuple):
    """The kinds of resources in the whole evidence.

    Attributes:
        touched: Those that any step touched.
        starting: Those that started any run.
        declared_triggers: Those that any flow declares as triggers.
        declared_effects: Those that any flow declares as effects.
    """

    touched: frozenset[Kind]
    starting: frozenset[Kind]
    declared_triggers: frozenset[Kind] = frozenset()
    declared_effects: frozenset[Kind] = frozenset()

    @classmethod
    def of(cls, evidence: Evidence, flows: Iterable[Flow] = ()) -> Self:
        """Return the kinds of some evidence, and of the declarations of some flows."""
        targets = {touch.target for touch in evidence.touches}
        triggers = {row.trigger for row in evidence.triggers}
        steps = [step for flow in flows for step in flow.steps]
        effects = {effect for step in steps for effect in step.effects}
        all_texts = (targets, triggers, {step.trigger for step in steps}, effects)
        return cls(*(frozenset(kind for text in texts for kind in _find_kinds(text)) for texts in all_texts))


@dataclass(frozen=True)
class ResourceVerdicts:
    """What the steps of a flow declare to use, and what they were seen to use.

    Attributes:
        flow (Flow): The flow.
        evidence (Evidence): All evidence.
        vocabulary (Vocabulary): The words for resources.
        seen_kinds (SeenKinds): The kinds of resources in all evidence.
    """

    flow: Flow
    evidence: Evidence
    vocabulary: Vocabulary
    seen_kinds: SeenKinds

    def judge(self) -> Iterator[ResourceUse]:
        """Yield each declared use with its state, and each that was only seen, in flow order.

        The state is ``confirmed``, ``masked``, ``unexercised``, or the code of a finding; it is empty for words that name no
        resource. It is ``seen`` for what needs no declaration.
        """
        for step in self.flow.steps:
            if step.trigger:
                yield self._judge_trigger(step)
            elif step.entrypoint:
                yield from self._list_undeclared_triggers(step)
            yield from (self._judge_effect(step, effect) for effect in step.effects)
            yield from self._list_seen(step, "writes", self._writes)
            yield from self._list_seen(step, "reads", self._reads)

    def _list_seen(self, step: Step, verb: Verb, seen: Mapping[str, Mapping[str, int]]) -> Iterator[ResourceUse]:
        undeclared = {*self.find_undeclared(step)} if verb == "writes" else set()
        for target, count in sorted(seen.get(step.name, {}).items()):
            if not self.vocabulary.find(target, step.effects):
                state = "undeclared-effect" if target in undeclared else "seen"
                note = f"It was seen {_count(count)}."
                yield ResourceUse(
                    step=step.name,
                    verb=verb,
                    resource=target,
                    origin="seen",
                    state=state,
                    note=note,
                    refuted=target in undeclared,
                )

    def _list_undeclared_triggers(self, step: Step) -> Iterator[ResourceUse]:
        """Yield what started an entrypoint without a trigger, of the kinds that some flow declares."""
        use = ResourceUse(step=step.name, verb="starts on", resource="", origin="seen", state="undeclared-trigger")
        for start, count in sorted(self.find_starts(step).items()):
            if _is_any_related(_find_kinds(start), self.seen_kinds.declared_triggers):
                yield replace(use, resource=start, note=f"It was seen {_count(count)}.", refuted=True)

    def find_undeclared(self, step: Step) -> list[str]:
        """Return what a step was seen to write without declaring it, of the kinds that flows declare.

        A flow without any effect and trigger has not been described so far.
        """
        return [
            target
            for target in sorted(self._writes.get(step.name, ()))
            if _is_any_related(_find_kinds(target), self._declared_kinds)
            and not self.vocabulary.find(target, step.effects)
        ]

    def find_starts(self, step: Step) -> dict[str, int]:
        """Return what was seen to start a step, and how often."""
        rows = self._own.triggers.items()
        return {row.trigger: count for row, count in rows if row.step.step == step.name and self._is_current(row.step)}

    def _judge_effect(self, step: Step, effect: str) -> ResourceUse:
        use = ResourceUse(step=step.name, verb="writes", resource=effect)
        kinds = self._explain(effect)
        touches = {**self._reads.get(step.name, {}), **self._writes.get(step.name, {})}
        places = self._touches_in_code.get(step.name, {})
        if matching := self.vocabulary.find(effect, touches):
            note = f"{step.name} touched {matching[0]} {_count(touches[matching[0]])}."
            return replace(use, state="confirmed", witness="runs", note=note)
        if matching := self.vocabulary.find(effect, places):
            note = f"No run shows it; the code of {step.name} touches {matching[0]} at {places[matching[0]]}."
            return replace(use, state="confirmed", witness="static", note=note)
        if not kinds:
            return use
        if state := self._explain_absence(step, kinds):
            return replace(use, state=state)
        note = _describe(step.name, "wrote", self._writes.get(step.name, ()))
        is_refuted = self._is_refuted(step, effect, kinds)
        return replace(use, state="effect-never-seen", note=note, refuted=is_refuted)

    def _is_refuted(self, step: Step, effect: str, kinds: frozenset[Kind]) -> bool:
        """Return whether something undeclared takes the place of an effect: the step's own, or the same elsewhere.

        That a step wrote nothing of the kind may mean that no test takes its way there, so it is no proof.
        """
        own = self.find_undeclared(step)
        everywhere = [target for other in self.flow.steps for target in self.find_undeclared(other)]
        is_renamed = any(_is_any_related(_find_kinds(target), kinds) for target in own)
        return is_renamed or bool(self.vocabulary.find(effect, everywhere))

    def _explain_absence(self, step: Step, kinds: frozenset[Kind]) -> str:
        """Return the state of an effect that cannot have been seen, or an empty string."""
        hidden = self._watched.get(step.name)
        if hidden is None or not _is_any_related(kinds, self.seen_kinds.touched):
            return "unexercised"
        return "masked" if hidden & {ANY_KIND, *(family for family, _ in kinds)} else ""

    def _judge_trigger(self, step: Step) -> ResourceUse:
        state, note, witness = "", "", ""
        kinds = self._explain(step.trigger)
        starts = self.find_starts(step)
        if matching := self.vocabulary.find(step.trigger, starts):
            state, witness = "confirmed", "runs"
            note = f"{matching[0]} started {step.name} {_count(starts[matching[0]])}."
        elif kinds:
            is_shown = bool(starts) and _is_any_related(kinds, self.seen_kinds.starting)
            state = "trigger-never-seen" if is_shown else "unexercised"
            note = f"It was started by {', '.join(sorted(starts))}." if is_shown else ""
        return ResourceUse(
            step=step.name,
            verb="starts on",
            resource=step.trigger,
            state=state,
            note=note,
            witness=witness,
            refuted=state == "trigger-never-seen",
        )

    def _explain(self, text: str) -> frozenset[Kind]:
        """Return the kinds of resources that a text may name, by the words of the project; none if it only names itself."""
        meanings = self.vocabulary.aliases.get(text, (text,))
        return frozenset(kind for meaning in meanings for kind in _find_kinds(meaning))

    @cached_property
    def _own(self) -> Evidence:
        return self.evidence.of(self.flow.name)

    @cached_property
    def _watched(self) -> dict[str, frozenset[str]]:
        """What tests had replaced, for each step that was watched and is still the same."""
        return {seen.step: kinds for (_, seen), kinds in self._own.watched.items() if self._is_current(seen)}

    @cached_property
    def _writes(self) -> dict[str, dict[str, int]]:
        return self._collect("writes")

    @cached_property
    def _reads(self) -> dict[str, dict[str, int]]:
        return self._collect("reads")

    def _collect(self, verb: str) -> dict[str, dict[str, int]]:
        targets: dict[str, dict[str, int]] = {}
        for touch, count in self._own.touches.items():
            if touch.verb == verb and self._is_current(touch.step):
                counts = targets.setdefault(touch.step.step, {})
                counts[touch.target] = counts.get(touch.target, 0) + count
        return targets

    @cached_property
    def _touches_in_code(self) -> dict[str, dict[str, str]]:
        """The places in the code that plainly touch something, by step and target."""
        places: dict[str, dict[str, str]] = {}
        for touch in self.flow.touches:
            places.setdefault(touch.step, {})[touch.target] = f"{touch.file}:{touch.line}"
        return places

    @cached_property
    def _declared_kinds(self) -> frozenset[Kind]:
        texts = {text for step in self.flow.steps for text in (step.trigger, *step.effects) if text}
        kinds = frozenset(kind for text in texts for kind in self._explain(text))
        return kinds | self.seen_kinds.declared_effects | self.seen_kinds.declared_triggers if texts else kinds

    def _is_current(self, seen: Seen) -> bool:
        """Return whether a step is still declared, and its code the same, as far as that is known."""
        source = self._sources.get(seen.step)
        return source is not None and (seen.source in {"", source} or not source)

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {step.name: step.source_hash for step in self.flow.steps}


def _find_kinds(text: str) -> frozenset[Kind]:
    """Return the family and the product of a resource; none if the text only names itself."""
    resource = read_resource(text)
    kind = resource.kind if resource.family in _FAMILIES_OF_PRODUCTS else ""
    return frozenset({(resource.family, kind)} if resource.family else ())


def _is_any_related(kinds: Iterable[Kind], others: Collection[Kind]) -> bool:
    """Return whether some are of one family, and of one product as far as that is known; SQLite stands in for others."""
    return any(
        family == other_family and (kind == other_kind or not kind or not other_kind or "sqlite" in {kind, other_kind})
        for family, kind in kinds
        for other_family, other_kind in others
    )


def _count(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _describe(step: str, verb: str, targets: Iterable[str]) -> str:
    names = ", ".join(sorted(targets))
    return f"{step} {verb} {names}." if names else f"{step} ran, and {verb} nothing."
