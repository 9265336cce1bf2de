"""Scans the sources for directives that request pages: pages must exist before Sphinx reads any."""

from __future__ import annotations

import re
from itertools import dropwhile, takewhile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.parsers.rst.states import MarkupError, RSTStateMachine, state_classes
from docutils.statemachine import StringList
from docutils.utils import ExtensionOptionError, extract_extension_options, new_document

from penstock._util.atomic_files import read_text
from penstock_sphinx.directives.overview import FlowsDirective, selection_of
from penstock_sphinx.docnames import folder_of
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.source_types import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sphinx.application import Sphinx

    from penstock.embed.overview import Selection

NAME = "penstock-flows"
TEMPLATE = "penstock/flow"

CODE = frozenset(
    ("code", "code-block", "code-cell", "doctest", "math", "parsed-literal", "prompt", "raw", "sourcecode", "testcode")
)
"""Directives whose content is not text with directives."""


Found = tuple[int, dict[str, Any]]
"""The line number of a directive, and its options, parsed as the directive parses them."""

_BULLETS = re.compile(r"^\s*(?:(?:[-*+•]|#\.|\d+[.)])\s+)*")
_DIRECTIVE = re.compile(r"\.\.\s+(?:\|.+\|\s+)?(?P<name>[\w:.+-]+?)\s?::(?:\s|$)")
_FENCE = re.compile(r"^ {0,3}(?P<ticks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)$")


class Request(NamedTuple):
    """A directive that requests pages: its place, the folder and template of the pages, and the selection of flows."""

    docname: str
    line: int
    folder: str
    template: str
    selection: Selection


def requests_in(app: Sphinx) -> Iterator[Request]:
    """Yield all requests of a project; a page without requests is scanned again only when it changes."""
    lists = domain_of(app.env).lists
    for docname in sorted(app.env.found_docs):
        file = Path(app.env.doc2path(docname))
        try:
            if docname not in lists and file.stat().st_mtime_ns // 1000 < app.env.all_docs.get(docname, 0):
                continue  # it had none when it was read, and has not changed
            text = read_text(file)
        except OSError:  # Sphinx reports it
            continue
        requests = list(_in_text(docname, text, markdown=_is_markdown(app, file))) if NAME in text else []
        (lists.add if requests else lists.discard)(docname)
        yield from requests


def _is_markdown(app: Sphinx, file: Path) -> bool:
    kinds = (kind for suffix, kind in app.config.source_suffix.items() if file.name.endswith(suffix))
    return next(kinds, "restructuredtext") in MARKDOWN


def _in_text(docname: str, text: str, *, markdown: bool) -> Iterator[Request]:
    for number, options in (_in_markdown if markdown else _in_rst)(text.splitlines()):
        folder = folder_of(docname, options["toctree"]) if "toctree" in options else None
        if folder is not None:  # the directive itself warns of a folder outside
            yield Request(docname, number + 1, folder, options.get("template", TEMPLATE), selection_of(options))


def _in_rst(lines: Sequence[str]) -> Iterator[Found]:
    code: int | None = None  # the indentation of the line above an example
    for number, line in enumerate(lines):
        indent = _indentation(line)
        if not line.strip() or (code is not None and indent > code):
            continue
        content = _BULLETS.sub("", line, count=1)
        start = len(line) - len(content)
        directive = _DIRECTIVE.match(content)
        code = start if _has_code(content, directive) else None
        if directive and directive["name"] == NAME:
            yield number, _rst_options(_below(lines[number + 1 :], start))


def _below(lines: Sequence[str], start: int) -> list[str]:
    """Return the lines of a directive's first paragraph, which contains its options."""
    return list(takewhile(lambda line: line.strip() and _indentation(line) > start, lines))


def _has_code(text: str, directive: re.Match[str] | None) -> bool:
    """Return whether the lines indented below a line are example code, or a comment."""
    if directive:
        return directive["name"] in CODE
    if text == ".." or text.startswith(".. "):
        return text[3:4] not in ("_", "[")
    return text.rstrip().endswith("::")


def _rst_options(block: Sequence[str]) -> dict[str, Any]:
    fields = dropwhile(lambda line: not line.lstrip().startswith(":"), block)
    settings = get_default_settings(Parser)
    settings.report_level = settings.halt_level = 5  # faults are reported when the page is read
    document = new_document("", settings)
    machine = RSTStateMachine(state_classes=state_classes, initial_state="ExtensionOptions")
    machine.run(StringList(dedent("\n".join(fields)).splitlines(), ""), document)
    try:
        return extract_extension_options(nodes.field_list("", *document.children), FlowsDirective.option_spec)
    except (ExtensionOptionError, KeyError, ValueError, TypeError):
        return {}


def _in_markdown(lines: Sequence[str]) -> Iterator[Found]:
    fences: list[tuple[str, str]] = []
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.rstrip())
        ticks, inside = fences[-1] if fences else ("", "")
        if fence and ticks and _closes(fence, ticks):
            fences.pop()
        elif fence and inside not in {*CODE, "eval-rst", NAME, "text"}:
            name = re.fullmatch(r"\s*\{([\w:-]+)\}.*", fence["info"])
            fences.append((fence["ticks"], name[1] if name else "text"))
            yield from _in_fence(fences[-1], number + 1, lines)


def _in_fence(fence: tuple[str, str], first: int, lines: Sequence[str]) -> Iterator[Found]:
    ticks, name = fence
    if name not in (NAME, "eval-rst"):
        return
    content = list(takewhile(lambda line: not _ends(line, ticks), lines[first:]))
    if name == NAME:
        yield first - 1, _myst_options(content)
    else:
        yield from ((first + number, options) for number, options in _in_rst(content))


def _ends(line: str, ticks: str) -> bool:
    fence = _FENCE.match(line.rstrip())
    return fence is not None and _closes(fence, ticks)


def _closes(fence: re.Match[str], ticks: str) -> bool:
    return fence["ticks"].startswith(ticks) and not fence["info"].strip()


def _myst_options(content: Sequence[str]) -> dict[str, Any]:
    try:
        from myst_parser.parsers.directives import parse_directive_text  # noqa: PLC0415 - only its pages need it

        return parse_directive_text(FlowsDirective, "", dedent("\n".join(content))).options
    except (ImportError, MarkupError):  # faults are reported when the page is read
        return {}


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
