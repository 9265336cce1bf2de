"""The options of embeds, each declared once, and the parser of their lines.

The lines use the YAML syntax of scalars: a name, a colon, a value. They need no YAML library,
and Python-Markdown does not depend on one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from penstock.embed.overview import Selection
from penstock.errors import PenstockError, did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Line = tuple[int, str]
"""A line's number on its page, and its text."""

_PAIR = re.compile(r"(\s*)([^\s:#][^:]*?)\s*:(?:\s+(.*))?$")
_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"\\]|\\.)*")(?:\s+#.*)?""")
_BLOCK_SCALARS = frozenset({"|", ">", "|-", ">-", "|+", ">+"})
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_DIRECTIONS = {"TB": "TB", "TD": "TB", "LR": "LR", "BT": "BT", "RL": "RL"}


class OptionError(PenstockError):
    """An unknown option, or an option with an invalid value.

    Attributes:
        line: The line on the page, counted from 1, or 0 if it is unknown.
    """

    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(message)


def _text(value: str) -> str:
    return value


def _truth(value: str) -> bool:
    try:
        return _TRUTH[value.lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def _level(value: str) -> int:
    if value.isdecimal() and 1 <= int(value) <= 6:
        return int(value)
    raise ValueError("must be a number from 1 to 6")


def _direction(value: str) -> str:
    try:
        return _DIRECTIONS[value.upper()]
    except KeyError:
        raise ValueError("must be TB, LR, BT or RL") from None


def _format(value: str) -> str:
    if value in {"svg", "mermaid"}:
        return value
    raise ValueError("must be svg or mermaid")


def _words(value: str) -> tuple[str, ...]:
    words = value.strip("[]").replace(",", " ").split()
    names = tuple(word.strip("'\"") for word in words if word != "-")
    if not names:
        raise ValueError("must be one name or several")
    return names


def _option(read: Callable[[str], object], kind: str, default: Any, text: str) -> Any:
    return field(default=default, metadata={"read": read, "type": kind, "help": text})


@dataclass(frozen=True, kw_only=True)
class FigureOptions:
    """The options of every embed that is a figure."""

    caption: str = _option(_text, "text", "", "A line under the diagram.")
    alt: str = _option(_text, "text", "", "The text for screen readers; by default, it lists the edges.")
    direction: str = _option(
        _direction, "TB, LR, BT or RL", "", "The direction of the edges; by default, that of the setting."
    )
    format: str = _option(_format, "svg or mermaid", "svg", "The renderer: penstock, or Mermaid's script.")


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """The options of every embed of several flows."""

    service: tuple[str, ...] = _option(_words, "names", (), "Only flows of these services.")
    tag: tuple[str, ...] = _option(_words, "names", (), "Only flows with one of these tags.")
    module: tuple[str, ...] = _option(
        _words, "names", (), "Only flows with a step in one of these modules, or in a package of that name."
    )

    @property
    def selection(self) -> Selection:
        """The flows that these options select."""
        return Selection(services=self.service, tags=self.tag, modules=self.module)


@dataclass(frozen=True, kw_only=True)
class FlowOptions(FigureOptions):
    """The options of ``penstock-flow``."""

    steps: bool = _option(_truth, "true or false", True, "Whether the steps follow below, with their docstrings.")
    diagram: bool = _option(_truth, "true or false", True, "Whether the diagram is shown.")
    proof: bool = _option(_truth, "true or false", True, "Whether the diagram shows the proof of each edge.")
    title: bool = _option(
        _truth, "true or false", False, "Whether the flow's title is shown above, outside the page's outline."
    )
    description: bool = _option(_truth, "true or false", False, "Whether the flow's description is shown above.")
    paths: bool = _option(_truth, "true or false", False, "Whether all paths through the flow are listed.")
    heading_level: int = _option(
        _level, "1 to 6", 0, "The level of the steps' headings; by default, one below the last heading."
    )
    id: str = _option(_text, "text", "", "The anchor; by default, `flow-` and the flow's name. `name` means the same.")


@dataclass(frozen=True, kw_only=True)
class FlowsOptions(SelectionOptions):
    """The options of ``penstock-flows``."""

    caption: str = _option(_text, "text", "", "The title of the table.")
    diagrams: bool = _option(_truth, "true or false", True, "Whether each flow has a small diagram.")
    id: str = _option(_text, "text", "", "The anchor; by default, `flows`. `name` means the same.")


@dataclass(frozen=True, kw_only=True)
class MapOptions(FigureOptions, SelectionOptions):
    """The options of ``penstock-map``."""

    id: str = _option(_text, "text", "", "The anchor; by default, `system-map`. `name` means the same.")


Options = TypeVar("Options", FlowOptions, FlowsOptions, MapOptions)


class Option(NamedTuple):
    """The documentation of an option: name, type in words, default, and description in Markdown."""

    name: str
    type: str
    default: str
    help: str


_ALIASES = {"name": "id"}


def describe_options(kind: type[FlowOptions | FlowsOptions | MapOptions]) -> tuple[Option, ...]:
    """Return every option of an embed, in the order of the declarations above."""
    return tuple(
        Option(spec.name, spec.metadata["type"], _format_default(spec.default), spec.metadata["help"])
        for spec in fields(kind)
    )


def _format_default(default: object) -> str:
    return str(default).lower() if default or default is False else ""


OPTIONS = describe_options(FlowOptions)
FLOWS_OPTIONS = describe_options(FlowsOptions)
MAP_OPTIONS = describe_options(MapOptions)

NAMES = frozenset(option.name for option in (*OPTIONS, *FLOWS_OPTIONS, *MAP_OPTIONS)) | _ALIASES.keys()
"""Every option name of any embed."""


def read_options(lines: Sequence[Line], kind: type[Options] = FlowOptions) -> Options:  # type: ignore[assignment]
    """Return the options parsed from lines.

    Args:
        lines: The lines.
        kind: The options of their embed.

    Raises:
        OptionError: An option is unknown, given twice, or has an invalid value.
    """
    readers: dict[str, Any] = {spec.name: spec.metadata["read"] for spec in fields(kind)}
    values: dict[str, Any] = {}
    for number, key, value in _pairs(lines):
        name = _ALIASES.get(key, key)
        if name not in readers:
            hint = did_you_mean(near_names(key, [*readers, *_ALIASES])) or f" Options: {', '.join(readers)}."
            raise OptionError(f"there is no option {key!r}.{hint}", number)
        if name in values:
            raise OptionError(f"the option {key!r} is given twice", number)
        try:
            values[name] = readers[name](_scalar(value))
        except ValueError as error:
            raise OptionError(f"the option {key!r} {error}, not {_scalar(value)!r}", number) from None
    return kind(**values)


def read_name(text: str) -> str:
    """Return a flow's name as written after ``penstock-flow``: as it is, or in double quotes with escapes."""
    return _unquote_scalar(text.strip())


def _pairs(lines: Sequence[Line]) -> list[tuple[int, str, str]]:
    pairs: list[tuple[int, str, str]] = []
    indent = 0
    for number, line in lines:
        match = _PAIR.match(line)
        depth = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if pairs and depth > indent:  # a value that goes on
            first, key, value = pairs[-1]
            pairs[-1] = first, key, f"{'' if value in _BLOCK_SCALARS else value} {line.strip()}".strip()
        elif match:
            indent = depth
            pairs.append((number, match[2], (match[3] or "").strip()))
        else:
            raise OptionError(f"an option is a name, a colon and a value, not {line.strip()!r}", number)
    return pairs


def _scalar(value: str) -> str:
    if match := _QUOTED.fullmatch(value):
        return _unquote_scalar(match[1])
    return re.split(r"\s#", f" {value}", maxsplit=1)[0].strip()


def _unquote_scalar(value: str) -> str:
    if re.fullmatch(r"'.*'", value):
        return value[1:-1].replace("''", "'")
    if re.fullmatch(r'".*"', value):
        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    return value
