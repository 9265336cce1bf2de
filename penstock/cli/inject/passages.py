"""Content that ``penstock inject`` writes between markers: lines of Markdown, MDX or reStructuredText."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from penstock._util.display_text import plain_name
from penstock.cli.inject.markers import RST
from penstock.render import markdown, use_status
from penstock.render.wording import alt_text, before, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.cli.inject.markers import Syntax
    from penstock.model import Flow, Step

_RST_MARKUP = re.compile(r"[\\`*_|<>\[\]]|^(?:\W|\w+[.)]\s|\(\w+\)\s)|:$")
"""Inline markup, and marks that begin a block or, at the end, announce one."""

_CODE = re.compile(r"[\w./ -]+")
"""Names that need no escaping in code."""


class _PassageWords(NamedTuple):
    """A step in words of the document's syntax."""

    name: str
    title: str
    after: str
    trigger: str
    effects: str


def write_mermaid(text: str, syntax: Syntax) -> list[str]:
    """Return the lines that let Mermaid draw a text."""
    lines = text.split("\n")
    if syntax is RST:
        return [".. mermaid::", "", *(f"   {line}" for line in lines)]
    return ["```mermaid", *lines, "```"]


def write_picture(flow: Flow, file: str, syntax: Syntax) -> list[str]:
    """Return the lines that show a picture, with an alternative text."""
    alt = visible(alt_text(flow))  # GitHub warns of files with marks of direction in them
    if syntax is RST:
        return [f".. image:: {file}", f"   :alt: {alt.replace(chr(92), chr(92) * 2)}"]
    return [f"![{_escape_text(alt, syntax)}]({quote(file)})"]


def write_table(flow: Flow, syntax: Syntax, *, details: bool) -> list[str]:
    """Return the lines of a table with a row for each step."""
    if syntax is not RST:
        return markdown.write_table(flow, details=details)
    heads = markdown.COLUMNS + (markdown.MORE_COLUMNS if details else ())
    rows = [_words(flow, step, syntax)[: len(heads)] for step in flow.steps]
    return [".. list-table::", "   :header-rows: 1", "", *(line for row in (heads, *rows) for line in _rst_row(row))]


def write_list(flow: Flow, syntax: Syntax, *, details: bool) -> list[str]:
    """Return the lines of a list with an item for each step."""
    items = (_words(flow, step, syntax) for step in flow.steps)
    return [f"- {_item(words, details=details)}" for words in items]


def _item(words: _PassageWords, *, details: bool) -> str:
    parts = [words.name]
    if words.title:
        parts.append(f": {words.title}")
    facts = [("after", words.after), *([("started by", words.trigger), ("changes", words.effects)] if details else [])]
    remark = "; ".join(f"{label} {value}" for label, value in facts if value)
    return "".join([*parts, f" ({remark})" if remark else ""])


def _rst_row(cells: Sequence[str]) -> list[str]:
    return [f"   {'* -' if not number else '  -'} {cell}".rstrip() for number, cell in enumerate(cells)]


def _words(flow: Flow, step: Step, syntax: Syntax) -> _PassageWords:
    after = (
        f"{_code(name, syntax)} ({_escape_text(label, syntax)})" if label else _code(name, syntax)
        for name, label in before(flow, step)
    )
    return _PassageWords(
        name=_code(step.name, syntax),
        title=_escape_text(step.title, syntax),
        after=", ".join(after),
        trigger=_escape_text(str(use_status.find_trigger(flow, step) or ""), syntax),
        effects=", ".join(_escape_text(str(effect), syntax) for effect in use_status.list_effects(flow, step)),
    )


def _code(name: str, syntax: Syntax) -> str:
    if syntax is RST:
        text = plain_name(name)
        return f"``{text}``" if _CODE.fullmatch(text) else _escape_text(text, syntax)
    return markdown.format_code(name)


def _escape_text(text: str, syntax: Syntax) -> str:
    """Return a text on one line, escaped for the syntax."""
    return _RST_MARKUP.sub(r"\\\g<0>", visible(text)) if syntax is RST else markdown.escape_text(text)
