"""Which directives ask for pages, found in the text of the sources: pages have to be there before Sphinx reads any."""

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

from penstock._files import read_text
from penstock_sphinx.domain import domain_of
from penstock_sphinx.overview import FlowsDirective, selection_of
from penstock_sphinx.paths import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sphinx.application import Sphinx

    from penstock.render.overview import Selection

NAME = "penstock-flows"
TEMPLATE = "penstock/flow"

CODE = frozenset(
    ("code", "code-block", "code-cell", "doctest", "math", "parsed-literal", "prompt", "raw", "sourcecode", "testcode")
)
"""Directives whose content is no text with directives."""

RST = ("restructuredtext", "rst")
"""What Sphinx calls the type of its sources; one without a type is of the first."""

MARKDOWN = ("markdown", "md", "myst", "myst-nb")
"""What MyST-Parser and MyST-NB call the type of theirs."""

Found = tuple[int, dict[str, Any]]
"""The number of the line on which a directive stands, and its options, read as the directive reads them."""

_BULLETS = re.compile(r"^\s*(?:(?:[-*+•]|#\.|\d+[.)])\s+)*")
_DIRECTIVE = re.compile(r"\.\.\s+(?:\|.+\|\s+)?(?P<name>[\w:.+-]+?)\s?::(?:\s|$)")
_FENCE = re.compile(r"^ {0,3}(?P<ticks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)$")


class Request(NamedTuple):
    """A directive that asks for pages: where it stands, the folder for them, their template, and of which flows."""

    docname: str
    line: int
    folder: str
    template: str
    selection: Selection


def requests_in(app: Sphinx) -> Iterator[Request]:
    """Yield all requests of a project; a page without any is looked into again only when it changes."""
    lists = domain_of(app.env).lists
    for docname in sorted(app.env.found_docs):
        file = Path(app.env.doc2path(docname))
        try:
            if docname not in lists and file.stat().st_mtime_ns // 1000 < app.env.all_docs.get(docname, 0):
                continue  # it had none when it was read, and is as it was
            text = read_text(file)
        except OSError:  # Sphinx reports it
            continue
        found = list(_in_text(docname, text, markdown=_is_markdown(app, file))) if NAME in text else []
        (lists.add if found else lists.discard)(docname)
        yield from found


def _is_markdown(app: Sphinx, file: Path) -> bool:
    kinds = (kind for suffix, kind in app.config.source_suffix.items() if file.name.endswith(suffix))
    return next(kinds, "restructuredtext") in MARKDOWN


def _in_text(docname: str, text: str, *, markdown: bool) -> Iterator[Request]:
    for number, options in (_in_markdown if markdown else _in_rst)(text.splitlines()):
        folder = folder_of(docname, options["toctree"]) if "toctree" in options else None
        if folder is not None:  # of one outside, the directive itself warns
            yield Request(docname, number + 1, folder, options.get("template", TEMPLATE), selection_of(options))


def _in_rst(lines: Sequence[str]) -> Iterator[Found]:
    code: int | None = None  # the indentation of what the lines of an example stand under
    for number, line in enumerate(lines):
        indent = _indentation(line)
        if not line.strip() or (code is not None and indent > code):
            continue
        said = _BULLETS.sub("", line, count=1)
        start = len(line) - len(said)
        directive = _DIRECTIVE.match(said)
        code = start if _has_code(said, directive) else None
        if directive and directive["name"] == NAME:
            yield number, _rst_options(_below(lines[number + 1 :], start))


def _below(lines: Sequence[str], start: int) -> list[str]:
    """Return the lines of a directive's first paragraph, in which its options are."""
    return list(takewhile(lambda line: line.strip() and _indentation(line) > start, lines))


def _has_code(said: str, directive: re.Match[str] | None) -> bool:
    """Return whether what is indented below a line is the code of an example, or a comment."""
    if directive:
        return directive["name"] in CODE
    if said == ".." or said.startswith(".. "):
        return said[3:4] not in ("_", "[")
    return said.rstrip().endswith("::")


def _rst_options(block: Sequence[str]) -> dict[str, Any]:
    fields = dropwhile(lambda line: not line.lstrip().startswith(":"), block)
    settings = get_default_settings(Parser)
    settings.report_level = settings.halt_level = 5  # whatever is wrong is said when the page is read
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
    except (ImportError, MarkupError):  # whatever is wrong is said when the page is read
        return {}


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
