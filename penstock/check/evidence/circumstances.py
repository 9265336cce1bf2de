"""What keeps a fact from accusing, and what a fact is while it is counted."""

from __future__ import annotations

from typing import NamedTuple

NOTHING: frozenset[str] = frozenset()


class Circumstances(NamedTuple):
    """Reasons that keep a fact from counting against an edge; they hold only for the run that showed it.

    Attributes:
        lost (frozenset[str]): Steps that began during the run and may or may not belong to it.
        pending (frozenset[str]): Generators that began in the run, but not before the step did: it may have been
            handed them.
        beside (frozenset[str]): Steps that had finished in the run with no enclosing step of the flow.
        begins (bool): Whether the step, an entrypoint, begins a run of its own there.
        alone (bool): Whether there is no run: the outermost step was called outside any run.
    """

    lost: frozenset[str] = NOTHING
    pending: frozenset[str] = NOTHING
    beside: frozenset[str] = NOTHING
    begins: bool = False
    alone: bool = False


PLAIN = Circumstances()


Key = tuple[str, str, str, frozenset[str], frozenset[str], frozenset[str], Circumstances]
"""A fact by names: flow, step, parent, done, ancestors, outside, and its circumstances.

The parent is empty for a step at the top of a run.
"""


def unrun(key: Key, replaced: frozenset[str]) -> frozenset[str]:
    """Return the replaced steps that a fact does not depend on after all, as with a spy before them."""
    return replaced - key[3] - {key[1], key[2]}
