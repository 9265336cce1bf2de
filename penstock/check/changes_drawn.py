"""Changes of flows as Mermaid diagrams, and as the comment of a pull request that has them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.check.changes import SIGNS, edge_words, field_words, step_words, summary
from penstock.render import mermaid as plain_mermaid
from penstock.render._plain import plain, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.check.diff import Changes, EdgeChange, FlowChange, StepChange
    from penstock.model import Edge, Flow, Step

MARKER = "<!-- penstock-diff -->"
"""Begins the comment, unseen, so that the next run finds it."""

MOST_CHARACTERS = 60_000
"""How long a comment becomes; GitHub takes 65,536 characters."""

MOST_LINES = 50
"""How many changes of a flow a comment spells out."""

ARROWS = {"added": "==>", "removed": "-.->", "changed": "-->", "": "-->"}

# Light boxes with dark text, and lines of a middle tone, are read on white and on black alike.
CLASSES = (
    "classDef added fill:#dafbe1,stroke:#1a7f37,color:#0f4d21,stroke-width:2px",
    "classDef removed fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-dasharray:5 3",
    "classDef changed fill:#fff8c5,stroke:#9a6700,color:#633c01,stroke-width:2px",
)
LINES = {"added": "#1a7f37", "removed": "#cf222e", "changed": "#9a6700"}


def mermaid(changes: Changes) -> str:
    """Return one diagram for each flow that changed, each below a comment with its name."""
    return "\n\n".join(f"%% {_comment(flow)}\n{diagram(flow)}" for flow in changes.flows)


def _comment(flow: FlowChange) -> str:
    return re.sub(r"[^\w /.-]", "", f"{flow.flow.full_name} {flow.change}")


def diagram(change: FlowChange) -> str:
    """Return the flow as it was and is, in one picture: added, removed and changed by colour, line and sign.

    What Mermaid would refuse as too large is cut down to what changed and what touches it.
    """
    whole = _both(change)
    drawn = "\n    ".join(_lines(change, whole))
    return drawn if _fits(drawn) else "\n    ".join(_lines(change, _near(change, whole)))


def _fits(drawn: str) -> bool:
    """Tell whether Mermaid, as it is set by default, draws a text."""
    edges = len(re.findall(r" (?:==>|-->|-\.->)", drawn))  # no name has one: its > would be escaped
    return edges <= plain_mermaid.MAX_EDGES and len(drawn.encode("utf-16-le")) // 2 <= plain_mermaid.MAX_TEXT


def _both(change: FlowChange) -> Flow:
    """Return a flow with what is there and what is gone."""
    steps = {step.name: step for step in change.flow.steps}
    gone = [each.step for each in change.steps if each.change == "removed" and each.step.name not in steps]
    edges = [each.edge for each in change.edges if each.change == "removed" and change.change != "removed"]
    return replace(change.flow, steps=(*change.flow.steps, *gone), edges=(*change.flow.edges, *edges), problems=())


def _near(change: FlowChange, whole: Flow) -> Flow:
    touched = {each.step.name for each in change.steps}
    touched |= {name for each in change.edges for name in (each.edge.source, each.edge.target)}
    edges = tuple(edge for edge in whole.edges if edge.source in touched or edge.target in touched)
    shown = touched | {name for edge in edges for name in (edge.source, edge.target)}
    return replace(whole, steps=tuple(step for step in whole.steps if step.name in shown), edges=edges)


def _lines(change: FlowChange, whole: Flow) -> Iterator[str]:
    named = plain_mermaid._ids(whole)
    steps = {each.step.name: each for each in change.steps}
    edges = {id(each.edge): each for each in change.edges}
    yield "graph TD"
    yield from (_node(step, named[step.name], steps.get(step.name)) for step in whole.steps)
    yield from (_arrow(edge, named, edges.get(id(edge))) for edge in whole.edges)
    yield from CLASSES
    for kind, colour in LINES.items():
        numbers = [str(number) for number, edge in enumerate(whole.edges) if _kind(edges.get(id(edge))) == kind]
        if numbers:
            yield f"linkStyle {','.join(numbers)} stroke:{colour},stroke-width:2px"


def _kind(change: StepChange | EdgeChange | None) -> str:
    return change.change if change else ""


def _node(step: Step, name: str, change: StepChange | None) -> str:
    shown = plain_mermaid._label(plain_name(step.name))
    if change:
        shown = f"{_label(SIGNS[change.change])} {shown}"
        said = [f"was {change.was}"] if change.was else []
        said += [field.name for field in change.fields]
        shown += f"\n{_label(', '.join(said))}" if said else ""
    box = f'(["{shown}"])' if step.entrypoint else f'["{shown}"]'
    return f"{name}{box}" + (f":::{change.change}" if change else "")


def _arrow(edge: Edge, named: Mapping[str, str], change: EdgeChange | None) -> str:
    said = ", ".join(map(field_words, change.fields)) if change and change.fields else edge.label
    line = ARROWS[_kind(change)]
    shown = _label(said)
    return f"{named[edge.source]} {line}" + (f'|"{shown}"| ' if shown else " ") + named[edge.target]


def _label(text: str) -> str:
    return plain_mermaid._label(plain(text))


def markdown(changes: Changes) -> str:
    """Return the comment of a pull request: a table, and for each flow what changed and a picture."""
    rows = [_row(flow) for flow in changes.flows]
    table = ["| Flow | | Steps | Arrows |", "| --- | --- | --- | --- |", *rows, ""] if rows else []
    between = f"{_code(changes.old)} → {_code(changes.new)}"
    head = "\n".join([MARKER, f"### {summary(changes).rstrip('.')}", "", *table, between, ""])
    return head + "".join(_fitting(changes.flows, MOST_CHARACTERS - len(head)))


def _row(flow: FlowChange) -> str:
    return f"| {_code(flow.flow.full_name)} | {flow.change} | {_counts(flow.steps)} | {_counts(flow.edges)} |"


def _counts(changes: Iterable[StepChange | EdgeChange]) -> str:
    count: Counter[str] = Counter(change.change for change in changes)
    return ", ".join(f"{count[change]} {change}" for change in SIGNS if count[change])


def _fitting(flows: Iterable[FlowChange], room: int) -> Iterator[str]:
    """Yield the parts of the flows, without pictures where there is no room for them, then none."""
    for flow in flows:
        part = next((each for each in (_part(flow, drawn=True), _part(flow, drawn=False)) if len(each) <= room), "")
        room -= len(part)
        if not part:
            yield "\nThere is more than a comment can hold: `penstock diff` shows all of it.\n"
            return
        yield part


def _part(flow: FlowChange, *, drawn: bool) -> str:
    said = [field_words(field) for field in flow.fields]
    said += [f"step {each.change}: {step_words(each)}" for each in flow.steps]
    said += [f"arrow {each.change}: {edge_words(each)}" for each in flow.edges]
    lines = [f"- {_code(each)}" for each in said[:MOST_LINES]]
    lines += [f"- … and {len(said) - MOST_LINES} more"] if len(said) > MOST_LINES else []
    picture = diagram(flow) if drawn else ""
    fence = ["", "```mermaid", picture, "```"] if picture and _fits(picture) else []
    return "\n".join(["", f"#### {_code(flow.flow.full_name)}", *fence, "", *lines, ""])


def _code(shown: str) -> str:
    """Return a text as code in which nothing is markup, a mention or a reference."""
    escaped = re.sub(r"[&<>|`*~\[\]\\_@#:]", lambda match: f"&#{ord(match[0])};", plain(shown))
    return f"<code>{escaped}</code>"
