"""What is written in a drawing, line by line, and how much room each node and each arrow's label need."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from penstock.render import marks
from penstock.render._measure import width
from penstock.render._plain import plain_name
from penstock.render.describe import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options

MOST_WITH_TITLES = 15
"""A flow of more steps shows their names only, or its picture would be all text."""

TITLE_WIDTH = 30
"""Characters on a line of a step's title."""

NAME_SIZE, TITLE_SIZE, PILL_SIZE, LABEL_SIZE = 13, 10, 10.5, 10
"""Pixels."""

INCH = 72
"""Pixels, as Graphviz counts them."""

LEADING = 1.2
"""The distance of two lines, in sizes of the font."""


TITLE_GAP = 4
"""Pixels between a name and the title below it."""


class Line(NamedTuple):
    """A line of text: the size of its letters and its width in pixels, and whether that width is no guess."""

    text: str
    size: float
    width: float
    sure: bool
    bold: bool = False


class Label(NamedTuple):
    """The lines of a node or an arrow, and the room that they need with what is around them, in pixels."""

    lines: tuple[Line, ...]
    width: float
    height: float


def of_step(step: Step, *, titled: bool) -> Label:
    """Return a step's name and, where titles are shown, its title."""
    return _of_step(step.name, step.title if titled else "")


@lru_cache(maxsize=10_000)  # asked for when a diagram is laid out, and when it is drawn
def _of_step(name: str, title: str) -> Label:
    shown = plain_name(name)
    lines = [Line(shown, NAME_SIZE, *width(shown, NAME_SIZE, bold=True), bold=True)]
    lines += _lines(wrapped(visible(title)), TITLE_SIZE)
    return _framed(lines, (22, 13.5 + TITLE_GAP), (54, 36))


def of_channel(texts: Iterable[str]) -> Label:
    """Return the trigger of some entrypoints, or the effects of a step."""
    return _framed(_lines(texts, PILL_SIZE), (14.4, 4.4), (54, 20.2))


def of_arrow(edge: Edge, *, details: bool) -> Label | None:
    """Return an arrow's label, and below it what its mark writes, or ``None`` where nothing is written."""
    texts = [visible(edge.label) if details else "", marks.label(edge)]
    lines = _lines(filter(None, texts), LABEL_SIZE)
    return _framed(lines, (8, 2), (0, 0)) if lines else None


def of_nodes(flow: Flow, options: Options) -> Iterator[tuple[str, Label]]:
    """Yield what is written in each node of a drawing, with the node's name: ``s0``, ``t0``, ``e0`` and so on."""
    titled = shows_titles(flow, options)
    for number, step in enumerate(flow.steps):
        yield f"s{number}", of_step(step, titled=titled)
    if options.details:
        for number, trigger in enumerate(triggers(flow)):
            yield f"t{number}", of_channel([trigger])
        for number, changed in enumerate(effects(flow).values()):
            yield f"e{number}", of_channel(changed)


def shows_titles(flow: Flow, options: Options) -> bool:
    """Return whether the steps of a drawing have titles."""
    return options.details and len(flow.steps) <= MOST_WITH_TITLES


def triggers(flow: Flow) -> dict[str, list[str]]:
    """Return each distinct trigger with the names of the entrypoints that it starts."""
    found: dict[str, list[str]] = {}
    for step in flow.steps:
        if step.trigger and (trigger := visible(step.trigger)):
            found.setdefault(trigger, []).append(step.name)
    return found


def effects(flow: Flow) -> dict[str, list[str]]:
    """Return the effects of each step that has some; they share a pill beside it."""
    found = {step.name: list(filter(None, map(visible, step.effects))) for step in flow.steps if step.effects}
    return {name: changed for name, changed in found.items() if changed}


def loops(flow: Flow) -> set[str]:
    """Return the steps with an arrow to themselves; it takes the place beside them where their effects would be."""
    return {edge.source for edge in flow.edges if edge.source == edge.target}


def wrapped(title: str) -> list[str]:
    """Return the lines of a step's title: three at most."""
    if len(title) <= TITLE_WIDTH:  # most are short, and breaking lines is slow
        return [title] if title else []
    return textwrap.wrap(title, TITLE_WIDTH, max_lines=3, placeholder=" …")


def _lines(texts: Iterable[str], size: float) -> list[Line]:
    return [Line(text, size, *width(text, size)) for text in texts]


def _framed(lines: list[Line], around: tuple[float, float], least: tuple[float, float]) -> Label:
    widest = max(line.width for line in lines)
    high = sum(line.size for line in lines) * LEADING
    return Label(tuple(lines), max(widest + around[0], least[0]), max(high + around[1], least[1]))
