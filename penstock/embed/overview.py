"""Overviews of several flows: a selection, and a map of the channels between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock._util import graphs
from penstock.embed.channel_states import ChannelStates
from penstock.embed.language import ENGLISH
from penstock.errors import did_you_mean, near_names
from penstock.model import Flow, Step
from penstock.model.resource_uses import list_uses
from penstock.model.resources import PLAIN_WORDS
from penstock.render.edge_status import mark, without_proof
from penstock.render.numbers import limit_numbers
from penstock.render.wording import paragraphs, visible, visible_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.embed.language import Language
    from penstock.model import Edge
    from penstock.model.resources import Vocabulary

MAP = "system map"
"""The name of the flow that :func:`system_map` returns."""

MOST_TRIGGERS = 3
"""Maximum number of external triggers that a flow shows on the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A selection of flows; an empty field selects all.

    Attributes:
        services: The services of the flows.
        tags: Tags of which a flow must have at least one.
        modules: Modules, or packages above them, in one of which a flow must have at least one step.
        channels: Resources, such as ``kafka:orders``, of which a flow must use at least one.
    """

    services: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    def of(self, flows: Iterable[Flow], vocabulary: Vocabulary = PLAIN_WORDS) -> tuple[Flow, ...]:
        """Return the selected flows, in the given order.

        Args:
            flows: All flows.
            vocabulary: The words for resources.
        """
        return tuple(flow for flow in flows if self._has(flow) and self._uses(flow, vocabulary))

    def _uses(self, flow: Flow, vocabulary: Vocabulary) -> bool:
        return not self.channels or any(
            vocabulary.agree(channel, use.resource) for channel in self.channels for use in list_uses(flow)
        )

    def _has(self, flow: Flow) -> bool:
        return (
            (not self.services or flow.service in self.services)
            and (not self.tags or not set(self.tags).isdisjoint(flow.tags))
            and (not self.modules or any(_under(step.module, self.modules) for step in flow.steps))
        )

    def __str__(self) -> str:
        words = (
            ("service", self.services),
            ("tag", self.tags),
            ("module", self.modules),
            ("channel", self.channels),
        )
        return ", ".join(f"{word} {' or '.join(values)}" for word, values in words if values)


def system_map(flows: Sequence[Flow], vocabulary: Vocabulary = PLAIN_WORDS, shown_channels: Sequence[str] = ()) -> Flow:
    """Return the map of some flows, as a flow itself: a step for each flow, an edge for each channel between two.

    A channel is an effect of one flow that is a trigger of another one, such as ``kafka:orders``. Flows
    started from outside are the map's entrypoints.

    Args:
        flows: The flows.
        vocabulary: The words for resources.
        shown_channels: Resources that are drawn with the flows which write them, also where they start no other flow.
    """
    listening = _listening(flows)
    matching = vocabulary.match(dict.fromkeys(effect for _, effect in _iter_effects(flows)), listening)
    channels = _channels(flows, listening, matching)
    states = ChannelStates(flows, vocabulary)
    edges = [states.make_edge(source, target, of) for (source, target), of in channels.items()]
    fed_channels = {
        (target, trigger) for (_, target), of in channels.items() for channel in of for trigger in matching[channel]
    }
    shown_effects = {
        effect for effect in matching for channel in shown_channels if vocabulary.agree(channel, effect)
    } - {channel for of in channels.values() for channel in of}
    steps = [_as_step(flow, fed_channels, shown_effects) for flow in flows]
    ranks = graphs.ranks(
        graphs.adjacency([step.name for step in steps], ((edge.source, edge.target) for edge in edges))
    )
    sorted_steps = sorted(steps, key=lambda step: ranks[step.name])
    position = {step.name: number for number, step in enumerate(sorted_steps)}
    edges.sort(key=lambda edge: (position[edge.source], position[edge.target]))
    return Flow(name=MAP, title="System map", steps=tuple(sorted_steps), edges=tuple(edges))


def map_text(drawn: Flow) -> str:
    """Return the map in words, as a text alternative."""
    count = len(drawn.steps)
    sentences = [f"System map: {count} flow{'' if count == 1 else 's'}."]
    sentences += (
        f"{visible(edge.source)} leads to {visible(edge.target)} through {visible(edge.label)}{_in_words(edge)}."
        for edge in drawn.edges
    )
    return " ".join(sentences)


def summary(flow: Flow) -> str:
    """Return the purpose of a flow: the first paragraph of its description, else the title of its first entrypoint."""
    description = next(iter(paragraphs(flow.description)), "")
    first = next(iter((*flow.entrypoints, *flow.steps)), None)
    return description or (visible(first.title) if first else "")


def triggers(flow: Flow) -> tuple[str, ...]:
    """Return the distinct triggers of a flow."""
    return tuple(dict.fromkeys(visible(step.trigger) for step in flow.steps if step.trigger))


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A flow in a table of flows.

    Attributes:
        flow: The flow.
        title: Its title, or its name where it has none.
        facts: Its size and its service.
        channels: Its triggers.
        summary: What it does.
    """

    flow: Flow
    title: str
    facts: tuple[str, ...]
    channels: tuple[str, ...]
    summary: str


def name_columns(*, diagrams: bool, language: Language = ENGLISH) -> tuple[str, ...]:
    """Return the heads of the columns of a table of flows."""
    heads = (language.gettext("Flow"), language.gettext("What it does"))
    return (*heads, language.gettext("Diagram")) if diagrams else heads


def view_row(flow: Flow, language: Language = ENGLISH) -> OverviewRow:
    """Return a flow's row in a table of flows."""
    count = len(flow.steps)
    facts = (language.ngettext("%d step", "%d steps", count) % count, visible(flow.service))
    return OverviewRow(flow, visible_title(flow), tuple(filter(None, facts)), triggers(flow), summary(flow))


def fault(selection: Selection, flows: Sequence[Flow], vocabulary: Vocabulary = PLAIN_WORDS) -> str:
    """Return the error of a selection that selects nothing, as a whole or by one of its names; else an empty string."""
    if not flows:
        return "there are no flows to show"
    wrong = (candidate for candidate in (selection, *_singly(selection)) if not candidate.of(flows, vocabulary))
    return next((_no_flow_has(candidate, flows) for candidate in wrong), "")


def _singly(selection: Selection) -> Iterator[Selection]:
    """Yield a selection for each single name: a wrong name beside a matching one would go unnoticed."""
    yield from (Selection(services=(name,)) for name in selection.services)
    yield from (Selection(tags=(name,)) for name in selection.tags)
    yield from (Selection(modules=(name,)) for name in selection.modules)
    yield from (Selection(channels=(name,)) for name in selection.channels)


def _no_flow_has(selection: Selection, flows: Sequence[Flow]) -> str:
    choices = {
        "service": ({flow.service for flow in flows}, selection.services),
        "tag": ({tag for flow in flows for tag in flow.tags}, selection.tags),
        "module": ({step.module for flow in flows for step in flow.steps}, selection.modules),
        "channel": ({use.resource for flow in flows for use in list_uses(flow)}, selection.channels),
    }
    near = tuple(
        name
        for existing_names, selected_names in choices.values()
        for selected_name in selected_names
        if selected_name not in existing_names
        for name in near_names(selected_name, existing_names)
    )
    return f"no flow has {selection}.{did_you_mean(near)}"


def outline(flow: Flow) -> Flow:
    """Return a flow reduced to its small picture and its line of text."""
    return Flow(
        name=flow.name,
        title=flow.title,
        description=summary(flow),
        service=flow.service,
        tags=flow.tags,
        steps=tuple(
            Step(
                name=step.name,
                module=step.module,
                entrypoint=step.entrypoint,
                trigger=step.trigger,
                effects=step.effects,
            )
            for step in flow.steps
        ),
        edges=limit_numbers(without_proof(flow), "off").edges,
    )


def _listening(flows: Iterable[Flow]) -> dict[str, list[Flow]]:
    """Return the flows that each trigger starts."""
    listening: dict[str, list[Flow]] = {}
    for flow in flows:
        for channel in dict.fromkeys(step.trigger for step in flow.steps if step.trigger):
            listening.setdefault(channel, []).append(flow)
    return listening


def _channels(
    flows: Iterable[Flow], listening: Mapping[str, Sequence[Flow]], matching: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], dict[str, None]]:
    """Return the channels between each two flows, by their full names; a flow may feed itself."""
    channels: dict[tuple[str, str], dict[str, None]] = {}
    for source, channel in _iter_effects(flows):
        for trigger in matching[channel]:
            for target in listening[trigger]:
                channels.setdefault((source.full_name, target.full_name), {})[channel] = None
    return channels


def _iter_effects(flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
    """Yield the effects of flows: what steps declare, and what they were seen to write without declaring it."""
    for flow in flows:
        yield from ((flow, effect) for step in flow.steps for effect in step.effects)
        yield from ((flow, use.resource) for use in flow.uses if use.state == "undeclared-effect")


def _in_words(edge: Edge) -> str:
    style = mark(edge)
    return f" ({style.words})" if style else ""


def _as_step(flow: Flow, fed: set[tuple[str, str]], shown_effects: set[str]) -> Step:
    triggers = dict.fromkeys(step.trigger for step in flow.steps if step.trigger)
    outside = [trigger for trigger in triggers if (flow.full_name, trigger) not in fed]
    starts = outside or not triggers
    sources = outside[:MOST_TRIGGERS] + (["…"] if len(outside) > MOST_TRIGGERS else [])
    title = flow.title if flow.title != flow.name else summary(flow)
    effects = dict.fromkeys(effect for step in flow.steps for effect in step.effects if effect in shown_effects)
    return Step(
        name=flow.full_name,
        title=title,
        signature="",
        entrypoint=bool(starts),
        trigger=", ".join(sources),
        effects=tuple(effects),
    )


def _under(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
