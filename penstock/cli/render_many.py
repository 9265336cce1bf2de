"""``penstock render --all DIR`` and ``--map``: a file for each flow, and the map of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.atomic_files import write_atomically
from penstock.cli.terminal import pluralize, tell
from penstock.embed.overview import system_map
from penstock.embed.pages import page_names
from penstock.errors import ConfigError, UnknownFormatError
from penstock.render import FORMATS, format_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from penstock.manifest import Manifest
    from penstock.model import Flow
    from penstock.model.resources import Vocabulary
    from penstock.render import Format

MAP_NAME = "system-map"
"""The name of the map's file, without a suffix."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that render more than one flow."""
    group = parser.add_argument_group("instead of one flow")
    group.add_argument(
        "--all", type=_read_folder, metavar="DIR", help="write a file for each flow, and their map, to DIR"
    )
    group.add_argument("--map", action="store_true", help="draw the map of all flows: which one triggers which")


def _read_folder(name: str) -> Path:
    if not name:
        raise ConfigError("the name of the folder is empty", where="--all")
    return Path(name)


def refuse_contradictions(parsed: argparse.Namespace) -> None:
    """Refuse options that ask for more than one thing, or for nothing.

    Raises:
        ConfigError: Not exactly one of FLOW, ``--map`` and ``--all`` is given, or ``--all`` with ``-o``, or ``--map`` with
            ``--untested``, ``--numbers`` or ``--reads``.
    """
    given = [name for name, value in (("FLOW", parsed.flow), ("--map", parsed.map), ("--all", parsed.all)) if value]
    if not given:
        raise ConfigError("name a flow, or choose --map or --all DIR; penstock list names the flows", where=parsed.prog)
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} exclude each other", where=parsed.prog)
    if parsed.map and parsed.untested:
        raise ConfigError("the map joins flows, and has no arrows that a test could take", where="--untested")
    if parsed.map and parsed.numbers not in (None, "off"):
        raise ConfigError("the map joins flows, and has no steps and arrows that could have numbers", where="--numbers")
    if parsed.map and parsed.reads:
        raise ConfigError("the map joins flows by what they write", where="--reads")
    if parsed.all and parsed.output:
        raise ConfigError("--all names the folder, so -o has no file to name; -f chooses the format", where=parsed.prog)


def choose_map(found: Manifest, vocabulary: Vocabulary) -> Flow:
    """Return the map of all flows.

    Raises:
        ConfigError: There are no flows.
    """
    if not found.flows:
        raise ConfigError("there is no flow to draw on a map", where="--map")
    return system_map(found.flows, vocabulary)


def render_all(
    flows: Iterable[Flow],
    folder: Path,
    format_name: str | None,
    draw: Callable[[Flow, Format], bytes],
    vocabulary: Vocabulary,
) -> None:
    """Write a file for each flow, and one for their map where one flow triggers another.

    Args:
        flows: The flows.
        folder: The folder, made where it is missing.
        format_name: The format; SVG by default.
        draw: Draws a flow in a format.
        vocabulary: The words for resources.

    Raises:
        OutputError: A file cannot be written.
        UnknownFormatError: There is no such format.
    """
    if format_name is not None and format_name not in FORMATS:
        raise UnknownFormatError(format_name, FORMATS)
    kind = format_of(format_name or "svg")
    chosen = list(flows)
    drawings = dict(zip(page_names(chosen), chosen, strict=True))
    if (overview := system_map(chosen, vocabulary)).edges:
        drawings[MAP_NAME if MAP_NAME not in drawings else f"{MAP_NAME}-of-all"] = overview
    for name, flow in drawings.items():
        write_atomically(folder / f"{name}{kind.suffixes[0]}", draw(flow, kind))
    tell("", f"wrote {folder}: {pluralize(len(drawings), 'file')}")
