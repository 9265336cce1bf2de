"""The options of the directives: those that all engines share, in the syntax of docutils, and Sphinx's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils.parsers.rst import directives

from penstock.embed.options import options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from penstock.embed.options import EmbedOptions, Option, Options

    Converter = Callable[[str], Any]

NOT_IN_SPHINX = frozenset({"heading_level", "id"})
"""Shared options that directives lack: steps have no headings of the page, and ``name`` is the anchor."""

OWN_OF_FIGURES: Mapping[str, Converter] = {
    "name": directives.unchanged_required,
    "align": lambda argument: directives.choice(argument, ("left", "center", "right")),
    "class": directives.class_option,
}
"""The options that Sphinx gives to every figure."""


def make_spec(kind: type[EmbedOptions], own: Mapping[str, Converter]) -> dict[str, Converter]:
    """Return the options of a directive, each with its converter.

    Args:
        kind: The shared options. One that is on by default becomes a flag that turns it off: ``no-…``.
        own: The options that only Sphinx has.
    """
    return {**{_written_name(option): _converter(option) for option in _options(kind)}, **own}


def read_options(kind: type[Options], given: Mapping[str, Any]) -> Options:
    """Return the shared options of a directive, from its converted ones."""
    values: dict[str, Any] = {}
    for option in _options(kind):
        name = _written_name(option)
        if name in given:
            values[option.name] = not option.default if option.is_flag else given[name]
    return kind(**values)


def _options(kind: type[EmbedOptions]) -> list[Option]:
    return [option for option in options_of(kind).values() if option.name not in NOT_IN_SPHINX]


def _written_name(option: Option) -> str:
    name = option.name.replace("_", "-")
    return f"no-{name}" if option.default is True else name


def _converter(option: Option) -> Converter:
    if option.is_flag:
        return directives.flag
    read = option.type.read
    return lambda argument: read(directives.unchanged_required(argument))
