"""Docstrings as nodes: read by griffelib's parsers, as on pages of MkDocs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.render.wording import visible
from penstock_mkdocs.blocks.docstrings import as_markdown, read_sections, section_title
from penstock_mkdocs.mystmd.markdown import blocks, inline
from penstock_mkdocs.mystmd.nodes import code, node, paragraph, strong, text

if TYPE_CHECKING:
    from penstock.model import Step
    from penstock_mkdocs.mystmd.nodes import Node

_KINDS = frozenset(
    "attention caution danger error hint important note seealso tip warning".split()  # noqa: SIM905 - a word a line reads worse
)
"""The kinds of boxes that MyST has."""


def docstring(step: Step, style: str) -> list[Node]:
    """Return a step's docstring as nodes.

    Args:
        step: The step.
        style: ``auto``, ``google``, ``numpy``, ``sphinx`` or ``markdown``.

    Raises:
        MissingExtraError: The package that reads docstrings is not installed.
    """
    if not step.docstring.strip():
        return []
    sections = read_sections(step, style)
    if sections is None:
        return blocks(step.docstring)
    return [block for section in sections for block in _section(section)]


def _section(section: Any) -> list[Node]:
    kind = section.kind.value
    if kind == "text":
        return blocks(as_markdown(section.value))
    if kind == "admonition":
        return [_admonition(str(section.value.annotation), section.title, section.value.description)]
    if kind == "deprecated":
        title = f"Deprecated since {section.value.version}" if section.value.version else "Deprecated"
        return [_admonition("warning", title, section.value.description)]
    heading = paragraph(strong(section_title(section)))
    if kind == "examples":
        return [heading, *(block for part in section.value for block in _example(part[0].value, part[1]))]
    return [heading, node("definitionList", [half for item in section.value for half in _item(item)])]


def _example(kind: str, example: str) -> list[Node]:
    if kind == "text":
        return blocks(as_markdown(example))
    return [{"type": "code", "lang": "python", "value": example}]


def _item(item: Any) -> tuple[Node, Node]:
    name = visible(str(getattr(item, "name", "") or ""))
    kind = visible(str(item.annotation or ""))
    default = visible(str(getattr(item, "value", "") or "")) if name else ""
    term = [code(shown) for shown in (name, kind) if shown]
    if len(term) > 1:
        term.insert(1, text(": "))
    if default and default != kind:
        term += [text(" = "), code(default)]
    description = inline(as_markdown(item.description))
    return node("definitionTerm", term or [text("—")]), node("definitionDescription", [paragraph(*description)])


def _admonition(kind: str, title: str | None, body: str) -> Node:
    heading = node("admonitionTitle", [text(visible(title or kind.capitalize()))])
    known = kind.lower() if kind.lower() in _KINDS else "admonition"
    return node("admonition", [heading, *blocks(as_markdown(body))], kind=known)
