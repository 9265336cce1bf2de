"""The texts of a drawing, line by line, and the size of each node and of each edge's label."""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import plain_name
from penstock.render import edge_status, use_status
from penstock.render.font_metrics import width
from penstock.render.numbers import describe_edge, describe_step
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options
    from penstock.render.use_status import Channel

MOST_WITH_TITLES = 15
"""Maximum number of steps with titles; in a larger flow, the picture would be all text."""

TITLE_WIDTH, FOLDED_TITLE_WIDTH = 30, 26
"""Maximum characters on a line of a step's title, in an ordinary drawing and in a folded one."""

NAME_SIZE, TITLE_SIZE, PILL_SIZE, LABEL_SIZE = 13, 11, 11, 11
"""Pixels."""

CHIP_PADDING, CHIP_ROOM = 6, 6
"""Pixels at each end of an effect that is written into its step's box, and those that its line is higher than its text."""

INCH = 72
"""Pixels, as Graphviz counts them."""

LEADING = 1.2
"""Line height, in units of the font size."""


INITIALS_SIZE = 9
"""Pixels of the letters in a small box."""

MOST_INITIALS = 3
"""Maximum number of letters in a small box."""

SMALL_BOX = (28, 16)
"""Pixels: the size of a small box."""

TITLE_GAP = 4
"""Pixels between a name and the title below it."""


class TextLine(NamedTuple):
    """A line of text: its font size and its width in pixels, and whether that width is reliable.

    A chip is an effect inside its step's box; a figure is a line of the step's numbers. Text may end with the mark of a
    trigger's or an effect's state.
    """

    text: str
    size: float
    width: float
    sure: bool
    bold: bool = False
    chip: bool = False
    figure: bool = False
    mark: str = ""
    note: str = ""
    is_fault: bool = False

    @property
    def height(self) -> float:
        """The height of the line, in pixels."""
        return self.size * LEADING + (CHIP_ROOM if self.chip else 0)


class TextBlock(NamedTuple):
    """The lines of a node or an edge, and the size that they need including padding, in pixels."""

    lines: tuple[TextLine, ...]
    width: float
    height: float


def of_step(step: Step, effects: Iterable[Channel] = (), *, titled: bool, folded: bool = False) -> TextBlock:
    """Return a label with a step's name, its title if titles are shown, its numbers, and the effects folded into it."""
    return _of_step(step.name, step.title if titled else "", describe_step(step), tuple(effects), folded=folded)


@lru_cache(maxsize=10_000)  # called when a diagram is laid out, and again when it is drawn
def _of_step(
    name: str, title: str, figures: tuple[str, ...], effects: tuple[Channel, ...], *, folded: bool
) -> TextBlock:
    text = plain_name(name)
    lines = [TextLine(text, NAME_SIZE, *width(text, NAME_SIZE, bold=True), bold=True)]
    lines += _lines(wrap_title(visible(title), folded=folded), TITLE_SIZE)
    lines += [line._replace(figure=True) for line in _lines(figures, TITLE_SIZE)]
    lines += [line._replace(chip=True) for line in _channel_lines(effects)]
    return _frame_lines(lines, (22, 13.5 + TITLE_GAP), (54, 36))


def of_small_step(step: Step) -> TextBlock:
    """Return the label of a small box: the initials of the step's name."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[^\W_]+", plain_name(step.name))
    text = "".join(word[0] for word in words[:MOST_INITIALS])
    line = TextLine(text, INITIALS_SIZE, *width(text, INITIALS_SIZE, bold=True), bold=True)
    return TextBlock((line,), *SMALL_BOX)


def of_channel(channels: Iterable[Channel]) -> TextBlock:
    """Return a label for the trigger of some entrypoints, or for the effects of a step."""
    return _frame_lines(_channel_lines(channels), (14.4, 4.4), (54, 20.2))


def of_arrow(edge: Edge, *, details: bool) -> TextBlock | None:
    """Return an edge's label, followed by its numbers and the text of its state, or ``None`` without any text."""
    texts = [visible(edge.label) if details else "", describe_edge(edge), edge_status.label(edge)]
    lines = _lines(filter(None, texts), LABEL_SIZE)
    return _frame_lines(lines, (8, 2), (0, 0)) if lines else None


def of_nodes(flow: Flow, options: Options) -> Iterator[tuple[str, TextBlock]]:
    """Yield the label of each node of a drawing, with the node's name: ``s0``, ``t0``, ``e0`` and so on."""
    with_titles = shows_titles(flow, options)
    for number, step in enumerate(flow.steps):
        folded = folded_effects(flow, step, options)
        label = (
            of_small_step(step) if options.small else of_step(step, folded, titled=with_titles, folded=options.folded)
        )
        yield f"s{number}", label
    if options.details:
        for number, trigger in enumerate(triggers(flow)):
            yield f"t{number}", of_channel([trigger])
        for number, channels in enumerate(effects(flow, options).values()):
            yield f"e{number}", of_channel(channels)


def shows_titles(flow: Flow, options: Options) -> bool:
    """Return whether a drawing shows the steps' titles."""
    return options.details and len(flow.steps) <= MOST_WITH_TITLES


def triggers(flow: Flow) -> dict[Channel, list[str]]:
    """Return each distinct trigger with the names of its entrypoints."""
    steps_by_trigger: dict[Channel, list[str]] = {}
    for step in flow.steps:
        if trigger := use_status.find_trigger(flow, step):
            steps_by_trigger.setdefault(trigger, []).append(step.name)
    return steps_by_trigger


def effects(flow: Flow, options: Options) -> dict[str, list[Channel]]:
    """Return the effects of each step that has any; they share a pill beside it. In a folded drawing there are no pills."""
    if options.folded:
        return {}
    effects_by_step = {step.name: use_status.list_effects(flow, step) for step in flow.steps}
    return {name: channels for name, channels in effects_by_step.items() if channels}


def folded_effects(flow: Flow, step: Step, options: Options) -> list[Channel]:
    """Return the effects that are written into a step's box; none unless the drawing is folded."""
    return use_status.list_effects(flow, step) if options.folded else []


def loops(flow: Flow) -> set[str]:
    """Return the steps with an edge to themselves; it occupies the place of their effects."""
    return {edge.source for edge in flow.edges if edge.source == edge.target}


def wrap_title(title: str, *, folded: bool = False) -> list[str]:
    """Return the lines of a step's title, at most three."""
    columns = FOLDED_TITLE_WIDTH if folded else TITLE_WIDTH
    if len(title) <= columns:  # most are short, and breaking lines is slow
        return [title] if title else []
    return textwrap.wrap(title, columns, max_lines=3, placeholder=" …")


def can_fold(flow: Flow, options: Options) -> bool:
    """Return whether folding would make a drawing of this flow narrower."""
    with_titles = shows_titles(flow, options)
    return options.details and any(
        use_status.list_effects(flow, step) or (with_titles and len(visible(step.title)) > FOLDED_TITLE_WIDTH)
        for step in flow.steps
    )


def _channel_lines(channels: Iterable[Channel]) -> list[TextLine]:
    return [
        TextLine(
            channel.text,
            PILL_SIZE,
            *width(channel.text, PILL_SIZE),
            mark=channel.mark,
            note=channel.sentence,
            is_fault=channel.is_fault,
        )
        for channel in channels
    ]


def _lines(texts: Iterable[str], size: float) -> list[TextLine]:
    return [TextLine(text, size, *width(text, size)) for text in texts]


def _frame_lines(lines: list[TextLine], padding: tuple[float, float], least: tuple[float, float]) -> TextBlock:
    widest = max(line.width + (2 * CHIP_PADDING if line.chip else 0) for line in lines)
    high = sum(line.height for line in lines)
    return TextBlock(tuple(lines), max(widest + padding[0], least[0]), max(high + padding[1], least[1]))
