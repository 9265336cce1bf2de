"""Takes a part of a flow, or a coarser view of it, for a drawing that shows less; and says what is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from penstock._util import graphs
from penstock.errors import RenderError, UnknownNameError
from penstock.model import Step
from penstock.render.edge_status import mark_untested
from penstock.render.numbers import check_amount, limit_numbers
from penstock.render.use_status import show_reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from penstock.model import Edge, Flow
    from penstock.model.resource_uses import ResourceUse

COLLAPSED_BY: Mapping[str, Callable[[Step], str]] = {"module": lambda step: step.module}
"""The ways to collapse a flow, each with what the steps of one box have in common."""


MOST_IN_SMALL = 40
"""Maximum number of boxes in a small drawing."""

MOST_RANKS = 8
"""Maximum number of boxes that follow each other in a small drawing."""

_PLAIN_STATES = ("confirmed", "seen")

FEWEST_MODULES = 3
"""Minimum number of modules that say something of a flow."""


class UnknownCollapseError(UnknownNameError):
    """A way to collapse a flow other than those of :data:`COLLAPSED_BY`."""

    what = "way to collapse a flow"
    whats = "ways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a flow to draw.

    Attributes:
        focus: The name of a step: only it is drawn, with the steps that lead to it and those that it leads to.
        depth: The number of edges that a drawn step may be away from the focus, or else from an entrypoint.
        collapse: ``module`` for one box a module, or an empty string.
        untested: Whether the edges that no test takes are marked.
        numbers: The numbers that steps and edges show: ``off``, ``counts`` or ``all``.
        reads: Whether the resources that steps only read are shown, too.
    """

    focus: str = ""
    depth: int | None = None
    collapse: str = ""
    untested: bool = False
    numbers: str = "off"
    reads: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self == Part(untested=self.untested, numbers=self.numbers, reads=self.reads)


def take_part(flow: Flow, part: Part) -> tuple[Flow, str]:
    """Return the part of a flow as a flow, and a note on what is left out or marked, which is empty for the whole flow.

    Raises:
        UnknownStepError: The flow has no step of the name in ``focus``.
        UnknownCollapseError: There is no such way to collapse a flow.
        UnknownAmountError: There is no such amount of numbers.
        RenderError: The depth is negative.
    """
    if part.collapse and part.collapse not in COLLAPSED_BY:
        raise UnknownCollapseError(part.collapse, COLLAPSED_BY)
    if part.depth is not None and part.depth < 0:
        raise RenderError(f"a depth counts edges, so it is 0 or more, not {part.depth}")
    shown = show_reads(flow) if part.reads else flow
    drawn, note = _select(limit_numbers(shown, check_amount(part.numbers)), part)
    if not part.untested:
        return drawn, note
    marked, count = mark_untested(drawn)
    return marked, " ".join(filter(None, (note, count)))


def _select(flow: Flow, part: Part) -> tuple[Flow, str]:
    kept = _reach(flow, part)
    steps = tuple(step for step in flow.steps if step.name in kept)
    edges = tuple(edge for edge in flow.edges if edge.source in kept and edge.target in kept)
    left_out = len(flow.steps) - len(steps)
    note = f"{left_out} of {len(flow.steps)} steps left out." if left_out else ""
    uses = tuple(use for use in flow.uses if use.step in kept)
    smaller = replace(flow, steps=steps, edges=edges, uses=uses) if left_out else flow
    if not part.collapse:
        return smaller, note
    collapsed = _collapse(smaller, COLLAPSED_BY[part.collapse])
    counts = f"{len(steps)} step{'' if len(steps) == 1 else 's'} in {len(collapsed.steps)} {part.collapse}"
    return collapsed, f"{counts}{'' if len(collapsed.steps) == 1 else 's'}. {note}".rstrip()


def shrink(flow: Flow) -> Flow:
    """Return a flow that a small drawing can show: a large one by its modules, or only its beginning."""
    for part in (Part(), Part(collapse="module"), *(Part(depth=depth) for depth in (MOST_RANKS - 1, 4, 2, 1))):
        smaller, _ = take_part(flow, part)
        if (not part.collapse or len(smaller.steps) >= FEWEST_MODULES) and _is_small(smaller):
            return smaller
    return replace(flow, steps=flow.steps[:1], edges=(), uses=())


def _is_small(flow: Flow) -> bool:
    ranks = graphs.ranks(flow.successors).values()
    return len(flow.steps) <= MOST_IN_SMALL and max(ranks, default=0) < MOST_RANKS


def _reach(flow: Flow, part: Part) -> set[str]:
    """Return the names of the steps that a part has."""
    if part.focus:
        start = [flow.step(part.focus).name]
        ways = (flow.successors, graphs.reverse(flow.successors))
        return {name for way in ways for name in _within(way, start, part.depth)}
    if part.depth is None:
        return {step.name for step in flow.steps}
    starts = flow.entrypoints or flow.steps[:1]
    return _within(flow.successors, [step.name for step in starts], part.depth)


def _within(following: Mapping[str, Iterable[str]], start: Iterable[str], depth: int | None) -> set[str]:
    """Return the names that are at most so many edges away from the first ones."""
    names, latest = set(start), set(start)
    for distance in count(1):
        if not latest or (depth is not None and distance > depth):
            break
        latest = {name for source in latest for name in following[source]} - names
        names |= latest
    return names


def _collapse(flow: Flow, key: Callable[[Step], str]) -> Flow:
    """Return a flow with one step for all steps that have a key in common."""
    members: dict[str, list[Step]] = {}
    for step in flow.steps:
        members.setdefault(key(step), []).append(step)
    names = _short_names(members)
    name_of = {step.name: names[key(step)] for step in flow.steps}
    edges: dict[tuple[str, str], list[Edge]] = {}
    for edge in flow.edges:
        ends = name_of[edge.source], name_of[edge.target]
        if ends[0] != ends[1]:
            edges.setdefault(ends, []).append(edge)
    steps = tuple(_merge_steps(names[group], steps) for group, steps in members.items())
    merged_edges = tuple(_merge_edges(*ends, several) for ends, several in edges.items())
    return replace(flow, steps=steps, edges=merged_edges, uses=_merge_uses(flow, name_of))


def _short_names(modules: Iterable[str]) -> dict[str, str]:
    """Return the last part of each module's name, and more of it where that would stand for several."""
    parts = {module: module.split(".") for module in modules}
    lengths = dict.fromkeys(parts, 1)
    while True:
        names = {module: ".".join(parts[module][-length:]) for module, length in lengths.items()}
        counts = Counter(names.values())
        longer = [module for module, name in names.items() if counts[name] > 1 and lengths[module] < len(parts[module])]
        if not longer:
            return names
        lengths.update({module: lengths[module] + 1 for module in longer})


def _merge_steps(name: str, steps: list[Step]) -> Step:
    triggers = dict.fromkeys(step.trigger for step in steps if step.trigger)
    return Step(
        name=name,
        title=", ".join(step.name for step in steps),
        module=steps[0].module,
        file=steps[0].file,
        entrypoint=any(step.entrypoint for step in steps),
        trigger=", ".join(triggers),
        effects=tuple(dict.fromkeys(effect for step in steps for effect in step.effects)),
    )


def _merge_uses(flow: Flow, name_of: Mapping[str, str]) -> tuple[ResourceUse, ...]:
    """Return the uses of the boxes; one of several steps is as doubtful as the most doubtful of them."""
    merged_uses: dict[tuple[str, str, str], ResourceUse] = {}
    for use in flow.uses:
        box = name_of[use.step]
        key = box, use.verb, use.resource
        if key not in merged_uses or merged_uses[key].state in _PLAIN_STATES:
            merged_uses[key] = replace(use, step=box)
    return tuple(merged_uses.values())


def _merge_edges(source: str, target: str, edges: list[Edge]) -> Edge:
    """Return one edge for several; it is as doubtful as the most doubtful of them."""
    doubtful = [edge for edge in edges if edge.state not in ("", "confirmed")]
    labels = dict.fromkeys(edge.label for edge in edges)
    edge = doubtful[0] if doubtful else edges[0]
    note = f"{edge.source} → {edge.target}: {edge.note}" if doubtful else edge.note
    label = edge.label if len(labels) == 1 else ""
    untested = all(edge.untested for edge in edges)
    return replace(edge, source=source, target=target, label=label, note=note, untested=untested, numbers=None)
