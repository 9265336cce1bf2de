"""What pages show of a flow, as texts; each engine turns them into its own nodes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from penstock.embed.language import ENGLISH
from penstock.embed.numbers import view_numbers
from penstock.render import edge_status, use_status
from penstock.render.excerpt import take_part
from penstock.render.wording import (
    KIND_CHIPS,
    after,
    before,
    isolate,
    paragraphs,
    python_signature,
    visible,
    visible_title,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.embed.language import Language
    from penstock.embed.layouts import Look
    from penstock.embed.numbers import NumbersView
    from penstock.embed.options import FlowOptions
    from penstock.embed.site import Site
    from penstock.model import Flow, Step
    from penstock.render.edge_status import Count, Doubt, Provenance
    from penstock.render.use_status import Channel
    from penstock.render.wording import Neighbour

MOST_PATHS = 24
"""Maximum number of paths on a page; ``penstock show --paths`` lists all of them."""


class IntroductionView(NamedTuple):
    """What stands above a diagram: the flow's title, unless it is empty, and the paragraphs of its description.

    Attributes:
        title: The title, which is no heading of the page.
        is_name: Whether the title is the flow's name, which is not translated.
        paragraphs: The description.
    """

    title: str
    is_name: bool
    paragraphs: tuple[str, ...]


class PathsView(NamedTuple):
    """The paths through a flow.

    Attributes:
        title: The number of paths, in words.
        paths: The first :data:`MOST_PATHS` of them, each as the names of its steps.
        rest: The number of further ones, in words, or an empty string.
    """

    title: str
    paths: tuple[tuple[str, ...], ...]
    rest: str


class EvidenceView(NamedTuple):
    """The evidence for the edges of a flow, or for its triggers and effects.

    Attributes:
        confirmed: The number of confirmed ones, in words.
        basis: The evidence that confirmed them, with a leading space, or an empty string.
        counts: The numbers of unconfirmed ones, in words, by state.
        doubts: The unconfirmed ones to spell out.
        rest: The number of further ones, in words, or an empty string.
        folded_title: The title under which a page folds the unconfirmed ones, empty where they are too few for that.
        has_confirmed: Whether any is confirmed.
    """

    confirmed: str
    basis: str
    counts: tuple[Count, ...]
    doubts: tuple[Doubt, ...]
    rest: str
    folded_title: str
    has_confirmed: bool

    @property
    def line(self) -> str:
        """The line under the diagram, as plain text."""
        return "; ".join((f"{self.confirmed}{self.basis}", *(count.text for count in self.counts)))


class Chip(NamedTuple):
    """A label beside a step's signature; a channel is what the step is triggered by, or has an effect on.

    Attributes:
        text: The label.
        is_channel: Whether it is a channel.
        state: Why a channel is not confirmed, in words, or an empty string.
        is_fault: Whether runs leave no doubt that it is wrong.
    """

    text: str
    is_channel: bool = False
    state: str = ""
    is_fault: bool = False


class SourceLink(NamedTuple):
    """The place of a step in its source, and its address, or an empty string."""

    text: str
    url: str


class StepFact(NamedTuple):
    """A part of the line below a step.

    Attributes:
        label: A word before the items, or an empty string.
        neighbours: Other steps, each with the label of the edge.
        chips: Channels.
        source: The place in the source.
    """

    label: str
    neighbours: tuple[Neighbour, ...] = ()
    chips: tuple[Chip, ...] = ()
    source: SourceLink | None = None


class DiagramView(NamedTuple):
    """A diagram.

    Attributes:
        label: Its name for screen readers.
        look: How it looks.
        flow: The flow as it is drawn.
        evidence: What stands below it, a part for the edges and a part for triggers and effects; none if these are not checked.
        numbers: How often its steps and edges ran, or ``None`` if that is not shown.
    """

    label: str
    look: Look
    flow: Flow
    evidence: tuple[EvidenceView, ...]
    numbers: NumbersView | None


class StepView(NamedTuple):
    """A step.

    Attributes:
        step: The step itself, whose docstring each engine reads with its own tools.
        name: Its name.
        signature: Its signature in Python's syntax, or an empty string.
        chips: The labels beside the signature.
        facts: The line below: the steps before and after, effects, and the source.
    """

    step: Step
    name: str
    signature: str
    chips: tuple[Chip, ...]
    facts: tuple[StepFact, ...]


class FlowView(NamedTuple):
    """All that is shown of a flow, from top to bottom; what the options leave out is ``None`` or empty."""

    introduction: IntroductionView
    diagram: DiagramView | None
    paths: PathsView | None
    steps: tuple[StepView, ...]


def view_flow(site: Site, flow: Flow, options: FlowOptions, language: Language = ENGLISH) -> FlowView:
    """Return what is shown of a flow.

    Raises:
        UnknownStepError: The flow has no step of the name in the option ``focus``.
    """
    part = shown_part(flow, options)
    whole = use_status.show_reads(flow) if options.reads else flow
    return FlowView(
        _view_introduction(flow, options),
        _view_diagram(flow, site.drawing.choose_look(options), language) if options.diagram else None,
        _view_paths(part, language) if options.paths else None,
        tuple(_view_step(site, whole, step, language) for step in part.steps) if options.steps else (),
    )


def shown_part(flow: Flow, options: FlowOptions) -> Flow:
    """Return the part of a flow of which paths and steps are shown; only a diagram is collapsed.

    Raises:
        UnknownStepError: The flow has no step of the name in the option ``focus``.
    """
    return take_part(flow, replace(options.part, collapse=""))[0]


def label_diagram(flow: Flow, language: Language = ENGLISH) -> str:
    """Return the name of a flow's diagram for screen readers."""
    return language.gettext("Diagram of %s") % isolate(visible_title(flow))


def _view_introduction(flow: Flow, options: FlowOptions) -> IntroductionView:
    title = visible_title(flow)
    description = paragraphs(flow.description) if options.description else ()
    return IntroductionView(title if options.title else "", title == visible(flow.name), description)


def _view_diagram(flow: Flow, look: Look, language: Language) -> DiagramView:
    drawn, whole = look.flow(flow), replace(look, part=replace(look.part, collapse=""))
    noted = replace(look, note=take_part(flow, look.part)[1])
    uncollapsed = whole.flow(flow)
    below = tuple(_view_evidence(uncollapsed)), view_numbers(uncollapsed, language)
    return DiagramView(label_diagram(flow, language), noted, drawn, *below)


def _view_paths(flow: Flow, language: Language) -> PathsView:
    count = flow.path_count
    more = count - MOST_PATHS
    return PathsView(
        language.ngettext("%d path", "%d paths", count) % count,
        tuple(map(tuple, islice(flow.paths(), MOST_PATHS))),
        language.ngettext("… and %d more.", "… and %d more.", more) % more if more > 0 else "",
    )


def _view_evidence(flow: Flow) -> Iterator[EvidenceView]:
    if provenance := edge_status.provenance(flow):
        is_any_confirmed = any(map(edge_status.is_confirmed, flow.edges))
        yield _list_doubts(provenance, edge_status.doubts(flow), edge_status.doubts_title, is_any_confirmed)
    if provenance := use_status.provenance(flow):
        is_any_confirmed = any(use.state == "confirmed" for use in flow.uses)
        yield _list_doubts(provenance, use_status.doubts(flow), use_status.doubts_title, is_any_confirmed)


def _list_doubts(
    provenance: Provenance, doubts: tuple[Doubt, ...], write_title: Callable[[int], str], has_confirmed: bool
) -> EvidenceView:
    count = len(doubts)
    return EvidenceView(
        provenance.confirmed,
        provenance.basis,
        provenance.doubts,
        doubts[: edge_status.MOST_DOUBTS],
        edge_status.rest(count),
        write_title(count) if count > edge_status.MOST_UNFOLDED else "",
        has_confirmed,
    )


def _view_step(site: Site, flow: Flow, step: Step, language: Language) -> StepView:
    return StepView(
        step,
        visible(step.name),
        python_signature(step) if visible(step.signature) else "",
        tuple(_iter_chips(flow, step, language)),
        tuple(_iter_facts(site, flow, step, language)),
    )


def _iter_chips(flow: Flow, step: Step, language: Language) -> Iterator[Chip]:
    if step.entrypoint:
        yield Chip(language.gettext("entrypoint"))
    if kind := KIND_CHIPS.get(step.kind, ""):
        yield Chip(kind)
    if trigger := use_status.find_trigger(flow, step):
        yield _view_chip(trigger)


def _iter_facts(site: Site, flow: Flow, step: Step, language: Language) -> Iterator[StepFact]:
    if earlier := before(flow, step):
        yield StepFact(language.gettext("after"), neighbours=_visible_labels(earlier))
    if later := after(flow, step):
        yield StepFact(language.gettext("then"), neighbours=_visible_labels(later))
    if effects := tuple(map(_view_chip, use_status.list_effects(flow, step))):
        yield StepFact(language.gettext("effects"), chips=effects)
    if place := visible(step.where):
        yield StepFact("", source=SourceLink(place, site.source_url(step)))


def _view_chip(channel: Channel) -> Chip:
    return Chip(channel.resource, is_channel=True, state=channel.words, is_fault=channel.is_fault)


def _visible_labels(neighbours: tuple[Neighbour, ...]) -> tuple[Neighbour, ...]:
    return tuple((name, visible(label)) for name, label in neighbours)
