"""Shows the state of triggers and effects by words and signs, never by colour alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import plain, plain_name
from penstock.model.finding_kinds import EdgeStyle
from penstock.render.edge_status import Count, Doubt, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.model import Flow, Step
    from penstock.model.resource_uses import ResourceUse

READ = "read"
"""The state of a resource that a step only reads, in drawings that show these."""

UNKNOWN = "?"
"""The mark of a trigger or an effect that the evidence neither confirms nor refutes; many may be so."""

NOT_CHECKED = EdgeStyle(words="not checked", label=UNKNOWN)
"""The style of words that name no resource."""

_STYLES: Mapping[str, EdgeStyle] = MappingProxyType(
    {
        "effect-never-seen": EdgeStyle(words="never seen", label="never seen"),
        "trigger-never-seen": EdgeStyle(words="never seen", label="never seen"),
        "route-unknown": EdgeStyle(words="unknown", label="unknown"),
        "undeclared-effect": EdgeStyle(words="not declared", label="not declared"),
        "masked": EdgeStyle(words="replaced in tests", label=UNKNOWN),
        "unexercised": EdgeStyle(words="not exercised", label=UNKNOWN),
    }
)
"""The styles of the states that are not simply right."""


class Channel(NamedTuple):
    """A trigger or an effect of a step, as it is drawn.

    Attributes:
        resource: The resource, on one line.
        state: The result of the check.
        style: How it differs from one that is right, or ``None``.
        note: The state in words, one sentence.
        is_fault: Whether runs leave no doubt that it is wrong.
    """

    resource: str
    state: str = ""
    style: EdgeStyle | None = None
    note: str = ""
    is_fault: bool = False

    @property
    def mark(self) -> str:
        """A sign or the words of the state, short enough for a drawing, or an empty string."""
        return self.style.label if self.style else ""

    @property
    def words(self) -> str:
        """The words of the state, or an empty string."""
        return self.style.words if self.style else ""

    @property
    def text(self) -> str:
        """The resource with the mark behind it, for a drawing."""
        return f"{self.resource} {self.mark}".rstrip()

    @property
    def sentence(self) -> str:
        """The words and the note, for a tooltip; empty for a channel that is right."""
        return f"{self.words}. {self.note}".rstrip() if self.style else ""

    def __str__(self) -> str:
        """Return the resource with the words of its state, for a list."""
        return f"{self.resource} ({self.words})" if self.style else self.resource


def find_trigger(flow: Flow, step: Step) -> Channel | None:
    """Return the trigger of a step with its state, or ``None`` without one."""
    uses = {use.resource: use for use in _uses_of(flow, step) if use.verb == "starts on"}
    resource = plain(step.trigger)
    return _view_channel(resource, uses.get(step.trigger)) if resource else None


def list_effects(flow: Flow, step: Step) -> list[Channel]:
    """Return the effects of a step with their states: those declared, then those that are not."""
    if not flow.uses:
        return [Channel(text) for text in map(plain, step.effects) if text]
    written = [use for use in _uses_of(flow, step) if use.verb == "writes"]
    declared = {use.resource: use for use in written if use.origin == "declared"}
    channels = [_view_channel(plain(effect), declared.get(effect)) for effect in step.effects]
    channels += [view_use(use) for use in written if use.state == "undeclared-effect"]
    reads = (plain(use.resource) for use in _uses_of(flow, step) if use.state == READ)
    channels += [Channel(f"{resource} (read)", READ) for resource in reads if resource]
    return [channel for channel in channels if channel.resource]


def show_reads(flow: Flow) -> Flow:
    """Return a flow of which drawings show the resources that steps only read."""
    uses = (replace(use, state=READ) if use.verb == "reads" and use.state == "seen" else use for use in flow.uses)
    return replace(flow, uses=tuple(uses)) if flow.uses else flow


def provenance(flow: Flow) -> Provenance | None:
    """Return how many triggers and effects are confirmed, in words, or ``None`` if none was checked."""
    declared = [use for use in flow.uses if use.origin == "declared"]
    marked = _list_marked(flow)
    if not (declared or marked):
        return None
    number, total = sum(use.state == "confirmed" for use in declared), len(declared)
    confirmed = f"{number} of {total} {_name_kinds(declared)} confirmed"
    by_code = sum(use.state == "confirmed" and use.witness == "static" for use in declared)
    basis = f", {by_code} of them by the code alone" if by_code else ""
    return Provenance(confirmed, basis, tuple(_count_states(channel for _, channel in marked)))


def doubts(flow: Flow) -> tuple[Doubt, ...]:
    """Return the triggers and effects that the evidence contradicts, faults first, as arrows from or to the step.

    Those of which it says nothing are often many, and there is nothing to say of each; they are only counted.
    """
    return tuple(_view_doubt(use, channel) for use, channel in _list_marked(flow) if channel.mark != UNKNOWN)


def doubts_title(count: int) -> str:
    """Return the heading of several triggers and effects that the evidence contradicts."""
    return f"{count} triggers or effects are not as declared"


def view_use(use: ResourceUse) -> Channel:
    """Return a use as a drawing shows it."""
    return _view_channel(plain(use.resource), use)


def _uses_of(flow: Flow, step: Step) -> Iterator[ResourceUse]:
    return (use for use in flow.uses if use.step == step.name)


def _list_marked(flow: Flow) -> list[tuple[ResourceUse, Channel]]:
    """Return the uses that drawings mark, faults first; what is only read is none of them, nor what needs no declaration."""
    shown = (use for use in flow.uses if use.origin == "declared" or use.state == "undeclared-effect")
    channels = [(use, view_use(use)) for use in shown]
    return sorted((pair for pair in channels if pair[1].style), key=lambda pair: not pair[1].is_fault)


def _view_channel(resource: str, use: ResourceUse | None) -> Channel:
    if use is None or use.state in {"confirmed", "seen"}:
        return Channel(resource, use.state if use else "")
    return Channel(resource, use.state, _choose_style(use.state), plain(use.note), use.refuted)


def _choose_style(state: str) -> EdgeStyle:
    """Return the style of a state; one from a newer version is shown in its own words."""
    if not state:
        return NOT_CHECKED
    words = plain(state).replace("-", " ")
    return _STYLES.get(state) or EdgeStyle(words=words, label=words)


def _view_doubt(use: ResourceUse, channel: Channel) -> Doubt:
    ends = (plain_name(use.step), channel.resource)
    source, target = ends[::-1] if use.verb == "starts on" else ends
    return Doubt(source, target, channel.words, channel.note)


def _name_kinds(uses: Sequence[ResourceUse]) -> str:
    """Return what some uses are, in the singular if there is one in all."""
    plural = "" if len(uses) == 1 else "s"
    kinds = {"trigger" if use.verb == "starts on" else "effect" for use in uses} or {"effect"}
    return f"{kinds.pop()}{plural}" if len(kinds) == 1 else "effects and triggers"


def _count_states(channels: Iterable[Channel]) -> Iterator[Count]:
    """Yield the number of channels in each state, with the sign that drawings have in place of its words."""
    for (words, mark, is_fault), count in Counter((item.words, item.mark, item.is_fault) for item in channels).items():
        yield Count(f"{count} {words} ({mark})" if mark == UNKNOWN else f"{count} {words}", is_fault)
