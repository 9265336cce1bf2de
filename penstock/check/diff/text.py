"""Changes of flows, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from penstock._util.display_text import columns
from penstock.check.findings.reports import STYLED, hang_indent
from penstock.render.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from penstock.check.diff.compare import Changes, EdgeChange, Field, FlowChange, StepChange

    Style = Callable[[str, str], str]
    """Takes a text and the number of a terminal's style, and returns what to print."""

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
COLOURS = {"added": "32", "removed": "31", "changed": "33"}
_INDENT = 11
"""The column that words begin in."""

LONG = ("docstring", "source", "description")
"""Fields whose change is reported without their values."""


def text(changes: Changes, style: Style = lambda shown, _: shown, width: int = 0) -> str:
    """Return the changes as lines for people: added green, removed red, changed yellow.

    Args:
        changes: The changes.
        style: Styles a text for the terminal.
        width: The terminal's columns; 0 keeps lines unfolded.
    """
    parts = ["\n".join(_flow(flow, style, width)) for flow in changes.flows]
    return "\n\n".join([*parts, summary(changes)])


def summary(changes: Changes) -> str:
    """Return how many flows are different, in one line."""
    count = Counter(flow.change for flow in changes.flows)
    parts = [f"{count[change]} {change}" for change in ("changed", "added", "removed") if count[change]]
    return f"Flows: {', '.join(parts)}." if parts else "No flow is different."


def _flow(flow: FlowChange, style: Style, width: int) -> Iterator[str]:
    yield f"{style(visible(flow.flow.full_name), '1')} {style(flow.change, COLOURS[flow.change])}"
    for field in flow.fields:
        yield _line("changed", "flow", field_words(field), style, width)
    for step in flow.steps:
        location = f"  {style(visible(step.step.where), '2')}" if step.step.where else ""
        yield _line(step.change, "step", f"{step_words(step)}{location}", style, width)
    for edge in flow.edges:
        yield _line(edge.change, "arrow", edge_words(edge), style, width)


def _line(change: str, what: str, words: str, style: Style, width: int) -> str:
    if 0 < width < _INDENT + columns(STYLED.sub("", words)):
        words = hang_indent(words, max(width - _INDENT, 20)).replace("\n", "\n" + " " * _INDENT)
    return f"  {style(f'{SIGNS[change]} {what}'.ljust(7), COLOURS[change])}  {words}"


def step_words(step: StepChange) -> str:
    """Describe the change of a step."""
    details = ", ".join(map(field_words, step.fields))
    name = visible(step.step.name)
    if step.was:
        name = f"{name}, which seems to have been {visible(step.was)}"
    return f"{name}: {details}" if details else name


def edge_words(edge: EdgeChange) -> str:
    """Describe the change of an edge."""
    details = ", ".join(map(field_words, edge.fields))
    label = visible(edge.edge.label)
    between = f"{visible(edge.edge.source)} → {visible(edge.edge.target)}"
    name = f"{between} ({label})" if label and edge.change != "changed" else between
    return f"{name}: {details}" if details else name


def field_words(field: Field) -> str:
    """Describe the change of a field, with old and new value where they are short."""
    if field.name in LONG:
        return field.name
    return f"{field.name} {_format_value(field.old)} → {_format_value(field.new)}"


def _format_value(value: str) -> str:
    return visible(value) or "none"


def as_json(changes: Changes) -> str:
    """Return the changes as JSON."""
    content = {
        "format": "penstock-diff",
        "version": "1.0",
        "old": changes.old,
        "new": changes.new,
        "flows": [_flow_content(flow) for flow in changes.flows],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _flow_content(flow: FlowChange) -> dict[str, Any]:
    return {
        "name": flow.flow.full_name,
        "change": flow.change,
        "fields": _contents(flow.fields),
        "steps": [
            {
                "name": step.step.name,
                "change": step.change,
                "was": step.was,
                "file": step.step.file,
                "line": step.step.line,
                "fields": _contents(step.fields),
            }
            for step in flow.steps
        ],
        "edges": [
            {
                "source": edge.edge.source,
                "target": edge.edge.target,
                "label": edge.edge.label,
                "state": edge.edge.state,
                "change": edge.change,
                "fields": _contents(edge.fields),
            }
            for edge in flow.edges
        ],
    }


def _contents(fields: Iterable[Field]) -> list[dict[str, str]]:
    return [asdict(field) for field in fields]
