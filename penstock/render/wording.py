"""Describes flows in words: text alternatives, neighbours, source links. Shared by all embedders."""

from __future__ import annotations

import re
import string
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from penstock._util.display_text import escape_line, is_bidirectional, isolate
from penstock._util.display_text import plain as visible
from penstock.render import edge_status, use_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.model import Edge, Flow, Kind, Step

KIND_CHIPS: Mapping[Kind, str] = MappingProxyType(
    {
        "function": "",
        "coroutine": "async",
        "generator": "generator",
        "async generator": "async generator",
        "class": "class",
        "callable": "",
    }
)
"""The label of a step's kind on a page, beside its signature."""

Neighbour = tuple[str, str]
"""A step's name and the label of the arrow to or from it."""

__all__ = [
    "KIND_CHIPS",
    "Neighbour",
    "after",
    "alt_text",
    "before",
    "escape_line",
    "is_bidirectional",
    "is_inside",
    "isolate",
    "name_ends",
    "paragraphs",
    "python_signature",
    "safe_url",
    "slug",
    "source_url",
    "visible",
    "visible_title",
    "web_url",
]

MOST_IN_WORDS = 40
"""Maximum number of edges spelled out in a text alternative; more would confuse a listener."""

_GAP = re.compile(r"\n\s*\n")
"""What is between two paragraphs."""


def visible_title(flow: Flow) -> str:
    """Return a flow's title on one line, or its name where it has none."""
    return visible(flow.title) or visible(flow.name)


def paragraphs(description: str) -> tuple[str, ...]:
    """Return the paragraphs of a plain text, each on one line."""
    return tuple(filter(None, map(visible, _GAP.split(description))))


def before(flow: Flow, step: Step) -> tuple[Neighbour, ...]:
    """Return the declared predecessors of a step, in flow order, each with its edge's label."""
    return tuple((edge.source, edge.label) for edge in flow.edges_into(step.name) if edge.origin != "seen")


def after(flow: Flow, step: Step) -> tuple[Neighbour, ...]:
    """Return the declared successors of a step, in flow order, each with its edge's label."""
    return tuple((edge.target, edge.label) for edge in flow.edges_from(step.name) if edge.origin != "seen")


def alt_text(flow: Flow, note: str = "") -> str:
    """Return the picture in words: the number of steps, the entrypoints, the edges and their states, and wrong effects.

    Args:
        flow: The flow as it is drawn.
        note: What the drawing leaves out, in words.
    """
    return " ".join((*_iter_sentences(flow), *filter(None, [note])))


def _iter_sentences(flow: Flow) -> Iterator[str]:
    count = len(flow.steps)
    yield f"Flow {_isolate_text(flow.name)}: {count} step{'' if count == 1 else 's'}."
    if flow.entrypoints:
        yield f"Starts at {_join_words(_with_trigger(step) for step in flow.entrypoints)}."
    if len(flow.edges) > MOST_IN_WORDS:
        yield f"{len(flow.edges)} arrows; the list of steps names them."
        return
    following: dict[str, list[Edge]] = {}
    for edge in flow.edges:
        following.setdefault(edge.source, []).append(edge)
    for step in flow.steps:
        if step.name in following:
            yield f"{_isolate_text(step.name)} leads to {_join_words(map(_head, following[step.name]))}."
    for doubt in use_status.doubts(flow)[:MOST_IN_WORDS]:
        yield f"{name_ends(doubt.source, doubt.target)}: {doubt.words}."


def name_ends(source: str, target: str) -> str:
    """Return an arrow by its two ends, the order of which no letters from right to left turn round."""
    return f"{isolate(visible(source))} → {isolate(visible(target))}"


def is_inside(file: str) -> bool:
    """Return whether a path in a manifest stays in its base folder."""
    return not _leaves.match(file)


_leaves = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


def source_url(template: str, step: Step) -> str:
    """Return the address of a step's source, or an empty string without a template or a source.

    Args:
        template: An address with ``{file}``, ``{line}`` and ``{end_line}`` in it.
        step: A step of a manifest, whose file is relative to the project.
    """
    if not template or not step.file or not step.line or not is_inside(step.file):
        return ""
    return string.Formatter().vformat(
        template, (), {"file": quote_file(step.file), "line": step.line, "end_line": step.end_line or step.line}
    )


def quote_file(file: str) -> str:
    """Return a path as it stands in an address; a file system may have bytes in it that are no UTF-8."""
    return quote(file.encode("utf-8", "surrogateescape" if _are_bytes(file) else "replace"))


def _are_bytes(file: str) -> bool:
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", file)


def python_signature(step: Step) -> str:
    """Return a step's signature on one line, with ``...`` for unknown defaults, which is valid Python."""
    return _OPEN_DEFAULT.sub(r"\1...", visible(step.signature))


_OPEN_DEFAULT = re.compile(r"(= ?)…(?=[,)])")


def slug(name: str) -> str:
    """Return a name for use in an id and after ``#``: letters, digits, ``_``, ``.`` and ``-``."""
    return re.sub(r"[^\w.-]+", "-", visible(name)).strip("-") or "unnamed"


_scheme = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")


def safe_url(url: str) -> str:
    """Return the address if it is relative or on the web, else an empty string (no ``javascript:``, no ``data:``)."""
    # browsers drop control characters before they read the scheme, and XML forbids the others
    address = re.sub("[\x00-\x20\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", url)
    if _scheme.match(address) and not address.lower().startswith(("http:", "https:", "mailto:")):
        return ""
    return address


_web = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def web_url(url: str) -> str:
    """Return the address if it leads to the web, to a mailbox or within the same page, else an empty string."""
    address = safe_url(url)
    return address if _web.match(address) else ""


def _with_trigger(step: Step) -> str:
    return f"{_isolate_text(step.name)} ({_isolate_text(step.trigger)})" if step.trigger else _isolate_text(step.name)


def _head(edge: Edge) -> str:
    """Return the target of an edge, with its label and its state in words."""
    mark = edge_status.mark(edge)
    details = ", ".join(filter(None, (_isolate_text(edge.label), mark.words if mark else "")))
    return f"{_isolate_text(edge.target)} ({details})" if details else _isolate_text(edge.target)


def _isolate_text(text: str) -> str:
    return isolate(visible(text))


def _join_words(items: Iterable[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
