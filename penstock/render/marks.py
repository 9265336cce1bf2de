"""How an arrow shows what the witnesses say of it: by its line and by words, never by colour alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock.render._plain import plain, plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.model import Edge, Flow

Line = Literal["solid", "dashed", "dotted"]


class Mark(NamedTuple):
    """How an arrow looks that is not simply right.

    Attributes:
        words: The state in words.
        label: What stands on the arrow; empty where the line says enough, because many arrows may look so.
        line: How the arrow's line is drawn.
        fault: Whether something is wrong, and not just unknown.
    """

    words: str
    label: str
    line: Line
    fault: bool = False


MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "unexercised": Mark("not exercised", "", "dashed"),
        "outdated": Mark("outdated", "outdated", "dashed"),
        "context-lost": Mark("context lost", "", "dotted"),
        "never-seen": Mark("never seen", "never seen", "dashed", fault=True),
        "no-longer-seen": Mark("no longer seen", "no longer seen", "dashed", fault=True),
        "indirect": Mark("indirect", "indirect", "dashed", fault=True),
        "undeclared": Mark("not declared", "not declared", "solid", fault=True),
    }
)
"""The states that are drawn; a confirmed arrow, and one of which nobody knows anything, are plain."""

MOST_DOUBTS = 40
"""Arrows that are spelled out below a diagram; nobody reads more."""

MOST_UNFOLDED = 3
"""Arrows that stand open below a diagram; more are folded where a page can fold."""


class Count(NamedTuple):
    """How many arrows are in a state, in words, and whether it is one in which something is wrong."""

    text: str
    fault: bool


class Provenance(NamedTuple):
    """What the states of a flow's arrows rest on, in three parts.

    Attributes:
        confirmed: How many arrows are confirmed.
        basis: By what, with a space before it, or nothing.
        doubts: How many are not, a text for each kind.
    """

    confirmed: str
    basis: str
    doubts: tuple[Count, ...]

    def __str__(self) -> str:
        return "; ".join((f"{self.confirmed}{self.basis}", *(doubt.text for doubt in self.doubts)))


class Doubt(NamedTuple):
    """An arrow that is not confirmed: its two ends, its state in words, and a sentence that explains it."""

    source: str
    target: str
    words: str
    note: str

    def __str__(self) -> str:
        return f"{self.source} → {self.target}: {self.words}. {self.note}".rstrip()


def mark(edge: Edge) -> Mark | None:
    """Return how an arrow is marked, or ``None`` where it is not.

    What a newer version knows of an arrow is shown in its own words, for it may be a fault.
    """
    if edge.state in ("", "confirmed"):
        return None
    return MARKS.get(edge.state) or Mark(plain(edge.state), plain(edge.state), "dashed")


def label(edge: Edge) -> str:
    """Return what the mark writes on an arrow, or nothing."""
    found = mark(edge)
    return found.label if found else ""


def without_proof(flow: Flow) -> Flow:
    """Return a flow as it was declared, without what the witnesses say of it."""
    if not flow.provenance and not any(edge.state for edge in flow.edges):
        return flow
    edges = (edge for edge in flow.edges if edge.origin != "seen")
    bare = tuple(replace(edge, state="", witness="", note="") for edge in edges)
    return replace(flow, edges=bare, provenance="")


def provenance(flow: Flow) -> Provenance | None:
    """Return what the states of a flow's arrows rest on, or ``None`` where nobody asked the witnesses."""
    first, *others = plain(flow.provenance).split("; ")
    count, word, basis = first.partition(" confirmed")
    faults = tuple(mark.words for mark in MARKS.values() if mark.fault)
    return (
        Provenance(f"{count}{word}", basis, tuple(Count(text, text.endswith(faults)) for text in others))
        if first
        else None
    )


def doubts(flow: Flow) -> tuple[Doubt, ...]:
    """Return the arrows that are not confirmed: first those with which something is wrong."""
    marked = [(found, edge) for edge in flow.edges if (found := mark(edge))]
    marked.sort(key=lambda pair: not pair[0].fault)
    return tuple(
        Doubt(plain_name(edge.source), plain_name(edge.target), found.words, plain(edge.note)) for found, edge in marked
    )


def doubts_title(count: int) -> str:
    """Return the heading of the arrows that are not confirmed."""
    return f"{count} arrow{'' if count == 1 else 's'} not confirmed"


def rest(count: int) -> str:
    """Return what stands below the arrows that are spelled out, or nothing."""
    return f"… and {count - MOST_DOUBTS} more: penstock check names them." if count > MOST_DOUBTS else ""
