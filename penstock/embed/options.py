"""The options of everything that can be embedded, each declared once: name, type, default, validator and help.

Each engine makes of them what its pages need: option lines in Markdown, directives of Sphinx and of mystmd.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from penstock.embed.overview import Selection
from penstock.render.excerpt import COLLAPSED_BY, Part
from penstock.render.numbers import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class OptionType(NamedTuple):
    """The type of an option.

    Attributes:
        words: Its name in the documentation.
        read: Returns the value of a text; raises ``ValueError`` with what the value must be.
    """

    words: str
    read: Callable[[str], Any]


class Option(NamedTuple):
    """An option: its name, its type, its default, and its description in Markdown."""

    name: str
    type: OptionType
    default: Any
    help: str

    @property
    def is_flag(self) -> bool:
        """Whether it can only be on or off."""
        return self.type is TRUTH

    @property
    def default_text(self) -> str:
        """The default as written on a page; empty if it is no value that could be written."""
        return str(self.default).lower() if self.default or self.default is False else ""


DIRECTIONS = {"TB": "TB", "TD": "TB", "LR": "LR", "BT": "BT", "RL": "RL"}
"""The directions by their names, of which Mermaid has two for one."""

_TRUTH_VALUES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _read_truth(text: str) -> bool:
    try:
        return _TRUTH_VALUES[text.lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def _read_level(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 6:
        return int(text)
    raise ValueError("must be a number from 1 to 6")


def _read_direction(text: str) -> str:
    try:
        return DIRECTIONS[text.upper()]
    except KeyError:
        raise ValueError("must be TB, LR, BT or RL") from None


def _read_format(text: str) -> str:
    if text.lower() in {"svg", "mermaid"}:
        return text.lower()
    raise ValueError("must be svg or mermaid")


def _read_count(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise ValueError("must be a number, 0 or more")


def _read_collapse(text: str) -> str:
    if text in COLLAPSED_BY:
        return text
    raise ValueError(f"must be {' or '.join(COLLAPSED_BY)}")


def _read_amount(text: str) -> str:
    if text.lower() in AMOUNTS:
        return text.lower()
    raise ValueError("must be off, counts or all")


def _read_names(text: str) -> tuple[str, ...]:
    words = text.strip("[]").replace(",", " ").split()
    names = tuple(word.strip("'\"") for word in words if word != "-")
    if not names:
        raise ValueError("must be one name or several")
    return names


def _read_resources(text: str) -> tuple[str, ...]:
    """A resource may have spaces in it, as in ``POST /orders``."""
    resources = tuple(filter(None, (part.strip().strip("'\"") for part in text.strip("[]").split(","))))
    if not resources:
        raise ValueError("must be one resource or several, with commas between them")
    return resources


TEXT = OptionType("text", str)
TRUTH = OptionType("true or false", _read_truth)
LEVEL = OptionType("1 to 6", _read_level)
DIRECTION = OptionType("TB, LR, BT or RL", _read_direction)
FORMAT = OptionType("svg or mermaid", _read_format)
COUNT = OptionType("number", _read_count)
AMOUNT = OptionType("off, counts or all", _read_amount)
COLLAPSE = OptionType("module", _read_collapse)
NAMES = OptionType("names", _read_names)
RESOURCES = OptionType("resources", _read_resources)


def _option(kind: OptionType, default: Any, text: str) -> Any:
    return field(default=default, metadata={"type": kind, "help": text})


@dataclass(frozen=True, kw_only=True)
class FigureOptions:
    """The options of everything that is a figure."""

    caption: str = _option(TEXT, "", "A line under the diagram.")
    alt: str = _option(TEXT, "", "The text for screen readers; by default, it lists the edges.")
    direction: str = _option(DIRECTION, "", "The direction of the edges; by default, that of the setting.")
    format: str = _option(FORMAT, "svg", "The renderer: penstock, or Mermaid's script.")


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """The options of everything that shows several flows."""

    service: tuple[str, ...] = _option(NAMES, (), "Only flows of these services.")
    tag: tuple[str, ...] = _option(NAMES, (), "Only flows with one of these tags.")
    module: tuple[str, ...] = _option(
        NAMES, (), "Only flows with a step in one of these modules, or in a package of that name."
    )

    channel: tuple[str, ...] = _option(
        RESOURCES, (), "Only flows that use one of these tables, topics, hosts or files, such as `kafka:orders`."
    )

    @property
    def selection(self) -> Selection:
        """The flows that these options select."""
        return Selection(services=self.service, tags=self.tag, modules=self.module, channels=self.channel)


@dataclass(frozen=True, kw_only=True)
class FlowOptions(FigureOptions):
    """The options of ``penstock-flow``."""

    steps: bool = _option(TRUTH, True, "Whether the steps follow below, with their docstrings.")
    diagram: bool = _option(TRUTH, True, "Whether the diagram is shown.")
    proof: bool = _option(TRUTH, True, "Whether the diagram shows the proof of each edge.")
    title: bool = _option(TRUTH, False, "Whether the flow's title is shown above, outside the page's outline.")
    description: bool = _option(TRUTH, False, "Whether the flow's description is shown above.")
    paths: bool = _option(TRUTH, False, "Whether all paths through the flow are listed.")
    focus: str = _option(
        TEXT, "", "A step. Only this step, the steps that lead to it and those that it leads to are shown."
    )
    depth: int | None = _option(
        COUNT, None, "The greatest number of edges between a shown step and the focus or an entrypoint."
    )
    collapse: str = _option(COLLAPSE, "", "One box for all steps of a module.")
    untested: bool = _option(TRUTH, False, "Whether the diagram marks the edges that no test takes.")
    numbers: str = _option(
        AMOUNT,
        "",
        "The numbers that steps and edges show: none, counts, or durations, too; by default, those of the setting.",
    )
    reads: bool = _option(TRUTH, False, "Whether the resources that steps only read are shown, too.")
    heading_level: int = _option(LEVEL, 0, "The level of the steps' headings; by default, one below the last heading.")
    id: str = _option(TEXT, "", "The anchor; by default, `flow-` and the flow's name. `name` means the same.")

    @property
    def part(self) -> Part:
        """The part of the flow that is shown."""
        return Part(
            focus=self.focus, depth=self.depth, collapse=self.collapse, untested=self.untested, reads=self.reads
        )


@dataclass(frozen=True, kw_only=True)
class FlowsOptions(SelectionOptions):
    """The options of ``penstock-flows``."""

    caption: str = _option(TEXT, "", "The title of the table.")
    diagrams: bool = _option(TRUTH, True, "Whether each flow has a small diagram.")
    id: str = _option(TEXT, "", "The anchor; by default, `flows`. `name` means the same.")


@dataclass(frozen=True, kw_only=True)
class MapOptions(FigureOptions, SelectionOptions):
    """The options of ``penstock-map``."""

    id: str = _option(TEXT, "", "The anchor; by default, `system-map`. `name` means the same.")


@dataclass(frozen=True, kw_only=True)
class ChannelsOptions(SelectionOptions):
    """The options of ``penstock-channels``."""

    caption: str = _option(TEXT, "", "The title of the table.")
    diagrams: bool = _option(TRUTH, True, "Whether each resource has a small map of the flows that use it.")
    id: str = _option(TEXT, "", "The anchor; by default, `channels`. `name` means the same.")


EmbedOptions = FlowOptions | FlowsOptions | MapOptions | ChannelsOptions
Options = TypeVar("Options", FlowOptions, FlowsOptions, MapOptions, ChannelsOptions)

EMBEDS: Mapping[str, type[EmbedOptions]] = MappingProxyType(
    {
        "penstock-flow": FlowOptions,
        "penstock-flows": FlowsOptions,
        "penstock-map": MapOptions,
        "penstock-channels": ChannelsOptions,
    }
)
"""The options of each embed, by the name that it has in every engine."""


def options_of(kind: type[EmbedOptions]) -> dict[str, Option]:
    """Return every option of an embed by its name, in the order of the declarations above."""
    return {
        spec.name: Option(spec.name, spec.metadata["type"], spec.default, spec.metadata["help"])
        for spec in fields(kind)
    }
