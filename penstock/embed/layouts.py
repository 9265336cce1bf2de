"""How diagrams look on pages, and their layouts: those that look the same are laid out together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from penstock.embed.options import FlowOptions
from penstock.errors import LayoutError
from penstock.model.resources import Vocabulary
from penstock.render import render
from penstock.render.edge_status import without_proof
from penstock.render.excerpt import Part, shrink, take_part
from penstock.render.graphviz.layout_cache import LayoutCache
from penstock.render.graphviz.layout_cache import digest as layout_digest
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from penstock.config import Config
    from penstock.embed.options import FigureOptions
    from penstock.model import Flow
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Direction


@dataclass(frozen=True, slots=True)
class Look:
    """How a diagram on a page looks, besides its links.

    Attributes:
        direction: The direction of the edges.
        small: Whether it is a small diagram in a table, with the names alone.
        proof: Whether it shows the evidence for the edges.
        part: The part of the flow that it shows.
        flexible: Whether it may run to the right where it would be too wide, because the page does not say where it runs to.
        note: What that leaves out, in words.
    """

    direction: str
    small: bool = False
    proof: bool = True
    part: Part = field(default_factory=Part)
    flexible: bool = False
    note: str = field(default="", compare=False)

    def flow(self, flow: Flow) -> Flow:
        """Return the flow as it is drawn.

        Raises:
            UnknownStepError: The flow has no step of the name in the part's focus.
        """
        drawn = take_part(flow if self.proof else without_proof(flow), self.part)[0]
        return shrink(drawn) if self.small else drawn

    def drawing(self, links: Mapping[str, str] | None = None) -> Options:
        """Return the options of the drawing."""
        return Options(
            direction=cast("Direction", self.direction),
            details=not self.small,
            small=self.small,
            flexible=self.flexible,
            links=links or {},
            note=self.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRules:
    """How the diagrams of a project are drawn.

    Attributes:
        project: The project's folder, where layouts are stored.
        direction: The direction of the edges, unless a diagram has its own.
        engine: The layout engine.
        timeout: Seconds that the layout of one diagram may take.
        proof: Whether diagrams show what is known of each edge.
        numbers: The numbers that diagrams show, unless one has its own option.
        vocabulary: The words for resources, which join flows in a map.
    """

    project: Path
    direction: str
    engine: str
    timeout: float
    proof: bool
    numbers: str
    vocabulary: Vocabulary

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the rules that the settings describe."""
        return cls(
            project=config.project,
            direction=config.direction,
            engine=config.engine,
            timeout=config.layout_timeout,
            proof=config.proof,
            numbers=config.numbers,
            vocabulary=Vocabulary(config.effects),
        )

    @property
    def small_look(self) -> Look:
        """How small diagrams look."""
        return Look(self.direction, small=True, proof=False)

    def choose_look(self, options: FigureOptions) -> Look:
        """Return how a diagram with some options looks."""
        direction = options.direction or self.direction
        if not isinstance(options, FlowOptions):
            return Look(direction)
        part = replace(options.part, numbers=options.numbers or self.numbers)
        return Look(direction, proof=options.proof, part=part, flexible=not options.direction)

    def lay_out(self, drawn: Sequence[Flow], look: Look) -> list[Layout | LayoutError]:
        """Return the layout of each flow, or why it has none; one run of the engine makes those that are not stored.

        Args:
            drawn: The flows, as :meth:`Look.flow` returns them.
            look: How they look.

        Raises:
            MissingExtraError: There is no engine.
        """
        cache = LayoutCache(self.project)
        return cache.lay_out(drawn, look.drawing(), engine=self.engine, timeout=self.timeout)

    def lay_out_one(self, drawn: Flow, look: Look) -> Layout:
        """Return the layout of a flow, as :meth:`Look.flow` returns it.

        Raises:
            LayoutError: The engine failed.
            MissingExtraError: There is no engine.
        """
        return require_layout(self.lay_out([drawn], look)[0])

    def layout_key(self, drawn: Flow, look: Look) -> str:
        """Return the key of a layout."""
        return layout_digest(drawn, look.drawing(), self.engine, self.timeout)

    def render(self, flow: Flow, form: str, options: Options) -> str | bytes:
        """Return a flow in a format of :data:`penstock.render.FORMATS`.

        Raises:
            RenderError: The flow cannot be drawn.
        """
        return render(flow, form, options, engine=self.engine, timeout=self.timeout)


def require_layout(layout: Layout | LayoutError) -> Layout:
    """Return a layout, or raise why there is none."""
    if isinstance(layout, LayoutError):
        raise layout
    return layout
