"""What the reading of the code found, sorted by flow."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from penstock.model import Blind, Call

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from penstock.check.callgraph._program import Program
    from penstock.check.callgraph._ways import Site
    from penstock.model import CallKind

    Arrows = Mapping[str, Collection[tuple[str, str]]]
    Links = dict[tuple[CallKind, int, int], Site]

_MAX_BLIND = 20
"""How many places are reported for one flow."""
_KINDS: tuple[CallKind, ...] = ("call", "order", "data")


class Reading(NamedTuple):
    """What the code says of one flow.

    Attributes:
        calls: Which step leads to which, in which way.
        blind: Where the reading gave up.
    """

    calls: tuple[Call, ...] = ()
    blind: tuple[Blind, ...] = ()


def sort_by_flow(program: Program, lost: Mapping[str, list[Blind]], arrows: Arrows | None) -> dict[str, Reading]:
    """Return what the code says of each flow, by the flow's name.

    Args:
        program: What was read.
        lost: The steps of each flow that could not be read.
        arrows: The arrows that each flow declares. Of all other pairs of steps, the mere order is left out, because a
            function that calls a thousand steps in a row knows half a million such pairs. ``None`` keeps all.
    """
    links: dict[str, Links] = {flow: {} for flow in lost}
    for key, site in program.found.items():
        links[program.labels[key[1]][0]][key] = site
    places: dict[str, dict[Site, Blind]] = {flow: {} for flow in lost}
    for flow, blinds in chain(lost.items(), _blind(program)):
        for blind in blinds:
            places[flow].setdefault((blind.file, blind.line), blind)
    return {
        flow: Reading(
            _calls(program, links[flow], None if arrows is None else _predecessors(program, flow, arrows[flow])),
            tuple(places[flow].values())[:_MAX_BLIND],
        )
        for flow in lost
    }


def _blind(program: Program) -> Iterator[tuple[str, list[Blind]]]:
    """Yield a flow and the places at which the reading gave up, for each step."""
    for tag, places in program.blind.items():
        flow, step = program.labels[tag]
        yield (
            flow,
            [
                Blind(step=step, reason=reason, file=site[0], line=site[1])
                for site, reason in places.items()
                if site not in program.answered
            ],
        )


def _predecessors(program: Program, flow: str, arrows: Iterable[tuple[str, str]]) -> dict[int, set[int]]:
    """Return the numbers of the steps that declared arrows come from, by that of the step that they lead to."""
    predecessors: dict[int, set[int]] = {}
    for source, target in arrows:
        predecessors.setdefault(program.numbers[flow, target], set()).add(program.numbers[flow, source])
    return predecessors


def _calls(program: Program, links: Links, predecessors: Mapping[int, set[int]] | None) -> tuple[Call, ...]:
    """Return what the code says of one flow, sorted by place."""
    rows = [
        (site, kind, program.labels[source][1], program.labels[target][1])
        for (kind, source, target), site in {**_deeper(links, predecessors), **links}.items()
        if kind != "order" or predecessors is None or source in predecessors.get(target, ())
    ]
    rows.sort(key=lambda row: (row[0], _KINDS.index(row[1]), *row[2:]))
    return tuple(
        Call(source=source, target=target, kind=kind, file=site[0], line=site[1]) for site, kind, source, target in rows
    )


def _deeper(links: Links, predecessors: Mapping[int, set[int]] | None) -> Links:
    """Return the order that follows for what steps call: it has run, too, when what comes after them begins."""
    callees: dict[int, list[int]] = {}
    for kind, source, target in links:
        if kind == "call":
            callees.setdefault(source, []).append(target)
    below: dict[int, set[int]] = {}
    deeper: Links = {}
    for (kind, source, target), site in links.items():
        if kind == "order" and source in callees and (predecessors is None or target in predecessors):
            if source not in below:
                below[source] = _reachable(callees, source)
            steps = below[source] if predecessors is None else below[source] & predecessors[target]
            deeper.update({("order", step, target): site for step in steps if step != target})
    return deeper


def _reachable(callees: dict[int, list[int]], start: int) -> set[int]:
    reached: set[int] = set()
    waiting = list(callees[start])
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting += callees.get(step, ())
    return reached
