"""Sorts the results of static analysis by flow."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from penstock.callgraph.helper_functions import hash_helpers
from penstock.model import Blind, Call
from penstock.model.resource_uses import StaticTouch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from penstock.callgraph.call_paths import Site
    from penstock.callgraph.program import Program
    from penstock.model import CallKind

    Arrows = Mapping[str, Collection[tuple[str, str]]]
    Links = dict[tuple[CallKind, int, int], Site]

_MAX_BLIND = 20
"""How many places are reported for one flow."""
_MAX_TOUCHES = 500
"""How many touches are reported for one flow."""
_KINDS: tuple[CallKind, ...] = ("call", "order", "data")


class Reading(NamedTuple):
    """The static relations of one flow.

    Attributes:
        calls: The relations between steps, with their kinds.
        blind: Where the reading gave up.
        touches: What the steps plainly touch outside the process.
        helper_hashes: A digest of the functions that each step calls, where it calls any.
    """

    calls: tuple[Call, ...] = ()
    blind: tuple[Blind, ...] = ()
    touches: tuple[StaticTouch, ...] = ()
    helper_hashes: Mapping[str, str] = MappingProxyType({})


def sort_by_flow(program: Program, lost: Mapping[str, list[Blind]], arrows: Arrows | None) -> dict[str, Reading]:
    """Return the static relations of each flow, by the flow's name.

    Args:
        program: The finished analysis.
        lost: The steps of each flow that could not be analysed.
        arrows: The arrows that each flow declares. Of all other pairs of steps, the mere order is left out, because a
            function that calls a thousand steps in a row knows half a million such pairs. ``None`` keeps all.
    """
    links: dict[str, Links] = {flow: {} for flow in lost}
    for key, site in program.relations.items():
        links[program.code.labels[key[1]][0]][key] = site
    places: dict[str, dict[Site, Blind]] = {flow: {} for flow in lost}
    for flow, blinds in chain(lost.items(), _blind(program)):
        for blind in blinds:
            places[flow].setdefault((blind.file, blind.line), blind)
    touches, helper_hashes = _collect_touches(program), hash_helpers(program)
    return {
        flow: Reading(
            _calls(program, links[flow], None if arrows is None else _predecessors(program, flow, arrows[flow])),
            tuple(places[flow].values())[:_MAX_BLIND],
            touches.get(flow, ()),
            helper_hashes.get(flow, {}),
        )
        for flow in lost
    }


def _blind(program: Program) -> Iterator[tuple[str, list[Blind]]]:
    """Yield a flow and its analysis gaps, for each step."""
    for tag, places in program.blind.items():
        flow, step = program.code.labels[tag]
        yield (
            flow,
            [
                Blind(step=step, reason=reason, file=site[0], line=site[1])
                for site, reason in places.items()
                if site not in program.answered
            ],
        )


def _collect_touches(program: Program) -> dict[str, tuple[StaticTouch, ...]]:
    """Return what the steps of each flow touch, by flow, sorted by step and name."""
    touches: dict[str, list[StaticTouch]] = {}
    for tag, places in program.touches.items():
        flow, step = program.code.labels[tag]
        touches.setdefault(flow, []).extend(
            StaticTouch(step=step, verb=touch.verb, target=touch.target, file=site[0], line=site[1])
            for touch, site in places.items()
        )
    order = attrgetter("step", "verb", "target")
    return {flow: tuple(sorted(rows, key=order)[:_MAX_TOUCHES]) for flow, rows in touches.items()}


def _predecessors(program: Program, flow: str, arrows: Iterable[tuple[str, str]]) -> dict[int, set[int]]:
    """Return the numbers of the declared predecessors of each step, by its number."""
    predecessors: dict[int, set[int]] = {}
    for source, target in arrows:
        predecessors.setdefault(program.code.numbers[flow, target], set()).add(program.code.numbers[flow, source])
    return predecessors


def _calls(program: Program, links: Links, predecessors: Mapping[int, set[int]] | None) -> tuple[Call, ...]:
    """Return the static relations of one flow, sorted by place."""
    rows = [
        (site, kind, program.code.labels[source][1], program.code.labels[target][1])
        for (kind, source, target), site in {**_deeper(links, predecessors), **links}.items()
        if kind != "order" or predecessors is None or source in predecessors.get(target, ())
    ]
    rows.sort(key=lambda row: (row[0], _KINDS.index(row[1]), *row[2:]))
    return tuple(
        Call(source=source, target=target, kind=kind, file=site[0], line=site[1]) for site, kind, source, target in rows
    )


def _deeper(links: Links, predecessors: Mapping[int, set[int]] | None) -> Links:
    """Return the order implied for the callees of a step: they have run, too, before later steps begin."""
    callees: dict[int, list[int]] = {}
    for kind, source, target in links:
        if kind == "call":
            callees.setdefault(source, []).append(target)
    steps_below: dict[int, set[int]] = {}
    deeper: Links = {}
    for (kind, source, target), site in links.items():
        if kind == "order" and source in callees and (predecessors is None or target in predecessors):
            if source not in steps_below:
                steps_below[source] = _reachable(callees, source)
            steps = steps_below[source] if predecessors is None else steps_below[source] & predecessors[target]
            deeper.update({("order", step, target): site for step in steps if step != target})
    return deeper


def _reachable(callees: dict[int, list[int]], start: int) -> set[int]:
    reached_steps: set[int] = set()
    waiting = list(callees[start])
    while waiting:
        step = waiting.pop()
        if step not in reached_steps:
            reached_steps.add(step)
            waiting += callees.get(step, ())
    return reached_steps
