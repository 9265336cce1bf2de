"""Shows the state of an edge by its line and by words, never by colour alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import plain, plain_name
from penstock._util.git import shorten_commit
from penstock.model.finding_kinds import FINDING_KINDS, EdgeStyle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.model import Edge, EvidenceSummary, Flow

MOST_DOUBTS = 40
"""Maximum number of edges spelled out below a diagram; readers skip more."""

UNTESTED = EdgeStyle(words="taken by no test", label="no test")
"""The style of an edge that no test takes, in drawings that mark these."""

MARKED_UNTESTED = ("", "confirmed", "unexercised")
"""The states of edges that are drawn as untested; others say more, or worse."""

MOST_UNFOLDED = 3
"""Maximum number of edges listed below a diagram; more are folded if a page supports it."""


class Count(NamedTuple):
    """The number of edges in a state, in words, and whether the state is a fault."""

    text: str
    fault: bool


class Provenance(NamedTuple):
    """The evidence for the states of a flow's edges in words, in three parts.

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
    """Return the style of an edge, or ``None`` for a plain one: a confirmed edge, or one that was not checked."""
    return _style(edge.state)


def _style(state: str) -> EdgeStyle | None:
    """Return the style of a state; one from a newer version is shown in its own words, because it may be a fault."""
    if state in ("", "confirmed"):
        return None
    if state == "untested":
        return UNTESTED
    kind = FINDING_KINDS.get(state)
    return (kind and kind.style) or EdgeStyle(words=plain(state), label=plain(state))


def label(edge: Edge) -> str:
    """Return the text of an edge's style, or an empty string."""
    style = mark(edge)
    return style.label if style else ""


def without_proof(flow: Flow) -> Flow:
    """Return a flow as declared, without the results of checks."""
    if flow.evidence is None and not flow.uses and not any(edge.state for edge in flow.edges):
        return flow
    edges = (edge for edge in flow.edges if edge.origin != "seen")
    bare = tuple(replace(edge, state="", witness="", note="") for edge in edges)
    return replace(flow, edges=bare, evidence=None, uses=())


def is_confirmed(edge: Edge) -> bool:
    """Return whether an edge is confirmed, also if it is drawn as one that no test takes."""
    return edge.state == "confirmed" or (edge.state == "untested" and bool(edge.witness))


def mark_untested(flow: Flow) -> tuple[Flow, str]:
    """Return a flow whose edges say so if no test takes them, and a note with their number.

    An edge that is doubtful for another reason than that nothing ran keeps that reason.
    """
    if not flow.edges:
        return flow, ""
    total = sum(edge.origin != "seen" for edge in flow.edges)
    number = sum(edge.untested for edge in flow.edges)
    if not (number or (flow.evidence and flow.evidence.tests)):
        return flow, "The evidence does not say which test took an arrow: pytest --penstock"
    if not number:
        return flow, "Tests take all arrows."
    edges = tuple(
        replace(edge, state="untested") if edge.untested and edge.state in MARKED_UNTESTED else edge
        for edge in flow.edges
    )
    verb = "is" if number == 1 else "are"
    return replace(flow, edges=edges), f"{number} of {total} arrow{'' if total == 1 else 's'} {verb} taken by no test."


def provenance(flow: Flow) -> Provenance | None:
    """Return the evidence for the states of a flow's edges in words, or ``None`` if they were not checked."""
    if flow.evidence is None:
        return None
    states: Counter[str] = Counter(edge.state for edge in flow.edges)
    total = sum(states.values()) - states["undeclared"]
    number = sum(map(is_confirmed, flow.edges))
    confirmed = f"{number} of {total} arrow{'' if total == 1 else 's'} confirmed"
    by_code = sum(is_confirmed(edge) and edge.witness == "static" for edge in flow.edges)
    return Provenance(confirmed, _basis(number, by_code, flow.evidence), tuple(_counts(states)))


def _basis(confirmed: int, by_code: int, evidence: EvidenceSummary) -> str:
    """Return how the edges were confirmed; runs get no credit for static confirmations."""
    runs = _runs(evidence)
    if by_code and by_code == confirmed:
        return " by the code"
    return f"{runs}, {by_code} of them by the code alone" if by_code else runs


def _runs(evidence: EvidenceSummary) -> str:
    if not evidence.runs:
        return ""
    phrase = f" by {evidence.runs:,} run{'' if evidence.runs == 1 else 's'}"
    commit, date = plain(shorten_commit(evidence.commit)), plain(evidence.date)
    if commit:
        return f"{phrase} at {commit}, {date}"
    return f"{phrase} on {date}" if date else phrase


def _counts(states: Mapping[str, int]) -> Iterator[Count]:
    """Yield the number of edges in each state but confirmed, those of a newer version last."""
    for state in dict.fromkeys((*FINDING_KINDS, *states)):
        if (count := states.get(state)) and (style := _style(state)):
            yield Count(f"{count} {style.count_words or style.words}", style.fault)


def doubts(flow: Flow) -> tuple[Doubt, ...]:
    """Return the unconfirmed edges, faults first."""
    pairs = [(style, edge) for edge in flow.edges if not is_confirmed(edge) and (style := mark(edge))]
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
