"""The formats of ``penstock list``: for readers a row a flow, and others for programs."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from penstock.cli.terminal import pluralize
from penstock.manifest.encoding import encode_json
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from penstock.manifest import Manifest
    from penstock.model import Flow


def as_json(found: Manifest) -> str:
    """Return the flows as JSON: what a list shows, and where each flow begins."""
    entries = [_describe(found.flow(name), name) for name in found.names]
    return encode_json({"version": 1, "flows": entries}, 2, sort_keys=False).rstrip("\n")


def as_names(found: Manifest) -> str:
    """Return the names of the flows, one a line, as other commands take them."""
    return "\n".join(map(escape_line, found.names))


def _describe(flow: Flow, name: str) -> dict[str, Any]:
    begin = next(iter((*flow.entrypoints, *flow.steps)), None)
    return {
        "name": name,
        "title": flow.title,
        "description": flow.description,
        "tags": list(flow.tags),
        "steps": len(flow.steps),
        "paths": flow.path_count,
        "entrypoints": [step.name for step in flow.entrypoints],
        "triggers": [step.trigger for step in flow.entrypoints if step.trigger],
        "problems": len(flow.problems),
        "file": begin.file if begin else "",
        "line": begin.line if begin else 0,
    }


FORMATS: Mapping[str, Callable[[Manifest], str]] = MappingProxyType({"json": as_json, "names": as_names})
"""The formats, by name, besides the table for people."""


def format_row(flow: Flow, name: str) -> tuple[str, str, str]:
    """Return the columns of a flow in the list for readers: its name, its size, and its title if it has one."""
    counts = f"{pluralize(len(flow.steps), 'step')}, {pluralize(flow.path_count, 'path')}"
    return escape_line(name), counts, "" if flow.title == flow.name else escape_line(flow.title)
