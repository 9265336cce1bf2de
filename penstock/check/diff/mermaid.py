"""Changes of flows as Mermaid diagrams, and as the comment of a pull request that has them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from penstock._util.display_text import plain, plain_name
from penstock.check.diff.text import SIGNS, edge_words, field_words, step_words, summary
from penstock.render import mermaid as plain_mermaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.check.diff.compare import Changes, EdgeChange, FlowChange, StepChange
    from penstock.model import Edge, Flow, Step

MARKER = "<!-- penstock-diff -->"
"""Begins the comment, invisibly, so that the next run finds it."""

MOST_CHARACTERS = 60_000
"""The maximum length of a comment; GitHub takes 65,536 characters."""

MOST_LINES = 50
"""The maximum number of changes that a comment lists for a flow."""

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

    A diagram that exceeds Mermaid's limits is reduced to the changes and their neighbours.
    """
    merged_flow = _both(change)
    picture = "\n    ".join(_lines(change, merged_flow))
    return picture if _fits(picture) else "\n    ".join(_lines(change, _near(change, merged_flow)))


def _fits(picture: str) -> bool:
    """Return whether Mermaid draws a text with its default limits."""
    edges = len(re.findall(r" (?:==>|-->|-\.->)", picture))  # no name has one: its > would be escaped
    return edges <= plain_mermaid.MAX_EDGES and len(picture.encode("utf-16-le")) // 2 <= plain_mermaid.MAX_TEXT


def _both(change: FlowChange) -> Flow:
    """Return a flow with its present and its removed steps and edges."""
    steps = {step.name: step for step in change.flow.steps}
    old_steps = [item.step for item in change.steps if item.change == "removed" and item.step.name not in steps]
    edges = [item.edge for item in change.edges if item.change == "removed" and change.change != "removed"]
    return replace(change.flow, steps=(*change.flow.steps, *old_steps), edges=(*change.flow.edges, *edges), problems=())


def _near(change: FlowChange, whole: Flow) -> Flow:
    changed_names = {item.step.name for item in change.steps}
    changed_names |= {name for item in change.edges for name in (item.edge.source, item.edge.target)}
    edges = tuple(edge for edge in whole.edges if edge.source in changed_names or edge.target in changed_names)
    visible_names = changed_names | {name for edge in edges for name in (edge.source, edge.target)}
    return replace(whole, steps=tuple(step for step in whole.steps if step.name in visible_names), edges=edges)


def _lines(change: FlowChange, whole: Flow) -> Iterator[str]:
    ids = plain_mermaid._ids(whole)
    steps = {item.step.name: item for item in change.steps}
    edges = {id(item.edge): item for item in change.edges}
    yield "graph TD"
    yield from (_node(step, ids[step.name], steps.get(step.name)) for step in whole.steps)
    yield from (_arrow(edge, ids, edges.get(id(edge))) for edge in whole.edges)
    yield from CLASSES
    for kind, colour in LINES.items():
        numbers = [str(number) for number, edge in enumerate(whole.edges) if _kind(edges.get(id(edge))) == kind]
        if numbers:
            yield f"linkStyle {','.join(numbers)} stroke:{colour},stroke-width:2px"


def _kind(change: StepChange | EdgeChange | None) -> str:
    return change.change if change else ""


def _node(step: Step, name: str, change: StepChange | None) -> str:
    label = plain_mermaid._label(plain_name(step.name))
    if change:
        label = f"{_label(SIGNS[change.change])} {label}"
        details = [f"was {change.was}"] if change.was else []
        details += [field.name for field in change.fields]
        label += f"\n{_label(', '.join(details))}" if details else ""
    box = f'(["{label}"])' if step.entrypoint else f'["{label}"]'
    return f"{name}{box}" + (f":::{change.change}" if change else "")


def _arrow(edge: Edge, named: Mapping[str, str], change: EdgeChange | None) -> str:
    text = ", ".join(map(field_words, change.fields)) if change and change.fields else edge.label
    line = ARROWS[_kind(change)]
    label = _label(text)
    return f"{named[edge.source]} {line}" + (f'|"{label}"| ' if label else " ") + named[edge.target]


def _label(text: str) -> str:
    return plain_mermaid._label(plain(text))


def markdown(changes: Changes) -> str:
    """Return the comment of a pull request: a table, and the changes and a diagram of each flow."""
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
    """Yield the parts of the flows; without diagrams, or not at all, where there is no room."""
    for flow in flows:
        part = next((text for text in (_part(flow, drawn=True), _part(flow, drawn=False)) if len(text) <= room), "")
        room -= len(part)
        if not part:
            yield "\nThere is more than a comment can hold: `penstock diff` shows all of it.\n"
            return
        yield part


def _part(flow: FlowChange, *, drawn: bool) -> str:
    changes = [field_words(field) for field in flow.fields]
    changes += [f"step {item.change}: {step_words(item)}" for item in flow.steps]
    changes += [f"arrow {item.change}: {edge_words(item)}" for item in flow.edges]
    lines = [f"- {_code(item)}" for item in changes[:MOST_LINES]]
    lines += [f"- … and {len(changes) - MOST_LINES} more"] if len(changes) > MOST_LINES else []
    picture = diagram(flow) if drawn else ""
    fence = ["", "```mermaid", picture, "```"] if picture and _fits(picture) else []
    return "\n".join(["", f"#### {_code(flow.flow.full_name)}", *fence, "", *lines, ""])


def _code(text: str) -> str:
    """Return a text as code in which nothing is markup, a mention or a reference."""
    escaped_text = re.sub(r"[&<>|`*~\[\]\\_@#:]", lambda match: f"&#{ord(match[0])};", plain(text))
    return f"<code>{escaped_text}</code>"
