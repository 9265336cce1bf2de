"""Draws the arrows of a flow: from the steps that ended last before each step began, else from the one around it.

Arrows only lead forward in the order in which steps first began, so they form no circle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from penstock._util.graphs import adjacency, reachable, without_cycles
from penstock.discover.arrows.contexts import explains

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from penstock.discover.arrows.contexts import Context, Contexts

_LEAST_SHARE = 0.05
"""The share of a step's contexts that an arrow has to be seen in, where it is not needed to explain one."""

After = dict[str, list[str]]
"""The steps before each step."""


def order_steps(contexts: Contexts, entrypoints: Collection[str], names: Iterable[str]) -> list[str]:
    """Return the steps in the order in which they mostly begin, the entrypoints first.

    A step that began inside another one, with nothing done there before, comes after that one in any case: no other arrow
    can explain it.
    """
    firsts = contexts.firsts
    wins: Counter[str] = Counter()
    for (name, later_name), times in firsts.items():
        wins[name] += times > firsts[later_name, name]
        wins[later_name] -= times > firsts[later_name, name]
    ranking = sorted(names, key=lambda name: (name not in entrypoints, -wins[name]))
    forced = sorted({(context.parent, context.step) for context in contexts.counts if not context.done})
    followers = without_cycles(adjacency(ranking, (pair for pair in forced if pair[1] not in entrypoints)))
    return _sort_by_rank(ranking, followers)


def _sort_by_rank(ranking: list[str], followers: Mapping[str, list[str]]) -> list[str]:
    """Return the steps so that followers stand behind, and else as they rank."""
    waiting = Counter(follower for names in followers.values() for follower in names)
    order: list[str] = []
    rest = dict.fromkeys(ranking)
    while rest:
        name = next(name for name in rest if not waiting[name])
        order.append(name)
        del rest[name]
        waiting.subtract(followers[name])
    return order


def draw_arrows(contexts: Contexts, order: list[str], entrypoints: Collection[str]) -> After:
    """Return the steps before each step, in flow order, without those that others lead to anyway.

    Args:
        contexts: The contexts in which the steps began.
        order: The steps in flow order.
        entrypoints: The steps that begin runs.
    """
    places = {name: place for place, name in enumerate(order)}
    after: After = {}
    for name in order:
        own = {context: times for context, times in contexts.counts.items() if context.step == name}
        after[name] = [] if name in entrypoints else _choose(own, places)
    return reduce_arrows(after, contexts, order)


def _choose(contexts: Mapping[Context, int], places: Mapping[str, int]) -> list[str]:
    """Return the steps before a step: those seen right before it often enough, and those needed to explain the rest."""
    votes: Counter[str] = Counter()
    for context, times in contexts.items():
        for name in _find_nearest(context, places):
            votes[name] += times
    least = _LEAST_SHARE * sum(contexts.values())
    names = {name for name, times in votes.items() if times >= least}
    for context in sorted(contexts, key=lambda context: (-contexts[context], context.parent, sorted(context.done))):
        if not explains(names, context):
            names |= _find_nearest(context, places)
    return sorted(names, key=places.__getitem__)


def _find_nearest(context: Context, places: Mapping[str, int]) -> set[str]:
    """Return the steps right before a step that stand before it in flow order, else the nearest that would explain it."""
    place = places[context.step]
    forward = {name for name in context.before if places[name] < place}
    if not forward and places[context.parent] < place:
        forward = {context.parent}
    if not forward:
        forward = {*sorted((name for name in context.done if places[name] < place), key=places.__getitem__)[-1:]}
    return forward


def reduce_arrows(after: After, contexts: Contexts, order: list[str]) -> After:
    """Return the arrows without those that a longer way replaces, as far as all contexts stay explained."""
    by_step: dict[str, list[Context]] = defaultdict(list)
    for context in contexts.counts:
        by_step[context.step].append(context)
    reduced = {name: list(names) for name, names in after.items()}
    for target in order:
        for source in list(reduced[target]):
            rest = [name for name in reduced[target] if name != source]
            is_explained = all(explains(rest, context) for context in by_step[target])
            if rest and is_explained and _leads(reduced, source, rest):
                reduced[target] = rest
    return reduced


def _leads(after: After, source: str, names: Iterable[str]) -> bool:
    """Return whether a way leads from a step to one of others."""
    return source in reachable(after, names)
