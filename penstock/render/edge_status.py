"""Shows the state of an edge by its line and by words, never by colour alone."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from penstock._util.display_text import plain, plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.model import Edge, Flow

Line = Literal["solid", "dashed", "dotted"]


class EdgeStyle(NamedTuple):
    """The appearance of an edge that is not simply right.

    Attributes:
        words: The state in words.
        label: The text on the edge; empty if the line is enough, because many edges may look so.
        line: The line style of the edge.
        fault: Whether something is wrong, and not just unknown.
    """

    words: str
    label: str
    line: Line
    fault: bool = False


MARKS: Mapping[str, EdgeStyle] = MappingProxyType(
    {
        "unexercised": EdgeStyle("not exercised", "", "dashed"),
        "outdated": EdgeStyle("outdated", "outdated", "dashed"),
        "context-lost": EdgeStyle("context lost", "", "dotted"),
        "never-seen": EdgeStyle("never seen", "never seen", "dashed", fault=True),
        "no-longer-seen": EdgeStyle("no longer seen", "no longer seen", "dashed", fault=True),
        "indirect": EdgeStyle("indirect", "indirect", "dashed", fault=True),
        "undeclared": EdgeStyle("not declared", "not declared", "solid", fault=True),
    }
)
"""The styled states; confirmed and unchecked edges are plain."""

MOST_DOUBTS = 40
"""Maximum number of edges spelled out below a diagram; readers skip more."""

MOST_UNFOLDED = 3
"""Maximum number of edges listed below a diagram; more are folded if a page supports it."""


class Count(NamedTuple):
    """The number of edges in a state, in words, and whether the state is a fault."""

    text: str
    fault: bool


class Provenance(NamedTuple):
    """The evidence for the states of a flow's edges, in three parts.

    Attributes:
        confirmed: The number of confirmed edges.
        basis: The evidence that confirmed them, with a leading space, or an empty string.
        doubts: The number of unconfirmed edges, a text for each kind.
    """

    confirmed: str
    basis: str
    doubts: tuple[Count, ...]

    def __str__(self) -> str:
        return "; ".join((f"{self.confirmed}{self.basis}", *(doubt.text for doubt in self.doubts)))


class Doubt(NamedTuple):
    """An unconfirmed edge: its two ends, its state in words, and a sentence that explains it."""

    source: str
    target: str
    words: str
    note: str

    def __str__(self) -> str:
        return f"{self.source} → {self.target}: {self.words}. {self.note}".rstrip()


def mark(edge: Edge) -> EdgeStyle | None:
    """Return the style of an edge, or ``None`` for a plain one.

    A state from a newer version is shown in its own words, because it may be a fault.
    """
    if edge.state in ("", "confirmed"):
        return None
    return MARKS.get(edge.state) or EdgeStyle(plain(edge.state), plain(edge.state), "dashed")


def label(edge: Edge) -> str:
    """Return the text of an edge's style, or an empty string."""
    style = mark(edge)
    return style.label if style else ""


def without_proof(flow: Flow) -> Flow:
    """Return a flow as declared, without the results of checks."""
    if not flow.provenance and not any(edge.state for edge in flow.edges):
        return flow
    edges = (edge for edge in flow.edges if edge.origin != "seen")
    bare = tuple(replace(edge, state="", witness="", note="") for edge in edges)
    return replace(flow, edges=bare, provenance="")


def provenance(flow: Flow) -> Provenance | None:
    """Return the evidence for the states of a flow's edges, or ``None`` if they were not checked."""
    first, *others = plain(flow.provenance).split("; ")
    count, word, basis = first.partition(" confirmed")
    faults = tuple(mark.words for mark in MARKS.values() if mark.fault)
    return (
        Provenance(f"{count}{word}", basis, tuple(Count(text, text.endswith(faults)) for text in others))
        if first
        else None
    )


def doubts(flow: Flow) -> tuple[Doubt, ...]:
    """Return the unconfirmed edges, faults first."""
    pairs = [(style, edge) for edge in flow.edges if (style := mark(edge))]
    pairs.sort(key=lambda pair: not pair[0].fault)
    return tuple(
        Doubt(plain_name(edge.source), plain_name(edge.target), style.words, plain(edge.note)) for style, edge in pairs
    )


def doubts_title(count: int) -> str:
    """Return the heading of the unconfirmed edges."""
    return f"{count} arrow{'' if count == 1 else 's'} not confirmed"


def rest(count: int) -> str:
    """Return the note below the edges that are spelled out, or an empty string."""
    return f"… and {count - MOST_DOUBTS} more: penstock check names them." if count > MOST_DOUBTS else ""
