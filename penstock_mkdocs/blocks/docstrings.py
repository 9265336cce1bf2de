"""Docstrings as HTML: parsed by griffelib, laid out as mkdocstrings lays them out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import MissingExtraError
from penstock.render.wording import python_signature
from penstock_mkdocs.html_builder import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from penstock.model import Step
    from penstock_mkdocs.nested_markdown import NestedMarkdown

    Cell = Callable[[Any, NestedMarkdown], str]

_TITLES = {
    "parameters": "Parameters",
    "other parameters": "Other parameters",
    "type parameters": "Type parameters",
    "attributes": "Attributes",
    "returns": "Returns",
    "yields": "Yields",
    "receives": "Receives",
    "raises": "Raises",
    "warns": "Warns",
    "examples": "Examples",
    "functions": "Functions",
    "classes": "Classes",
    "modules": "Modules",
}
_WITH_DEFAULTS = frozenset({"parameters", "other parameters", "type parameters"})
_ROLE = re.compile(r"(?<![\w`]):(?:[a-zA-Z][\w+-]*:)*[a-zA-Z][\w+-]*:`~?!?(?:[^`<]*<)?([^`>]+)>?`")
_LITERAL_BLOCK = re.compile(r"::[ \t]*(?=\n[ \t]*\n[ \t]+\S)")


def docstring(step: Step, style: str, inner: NestedMarkdown) -> Markup:
    """Return a step's docstring as HTML.

    Args:
        step: The step.
        style: ``auto``, ``google``, ``numpy``, ``sphinx`` or ``markdown``.
        inner: Converts the docstring's text.
    """
    if not step.docstring.strip():
        return Markup()
    sections = read_sections(step, style)
    if sections is None:
        return inner.blocks(step.docstring)
    return Markup("\n".join(_section(section, inner) for section in sections))


def read_sections(step: Step, style: str) -> Sequence[Any] | None:
    """Return the sections of a docstring as griffelib knows them, or ``None`` where it is Markdown as a whole."""
    return None if style == "markdown" else _parse_docstring(step, style)


def section_title(section: Any) -> str:
    """Return what stands above a section."""
    kind = section.kind.value
    return str(section.title or _TITLES.get(kind, kind.capitalize()))


def _griffe() -> Any:
    """Return the griffe module, imported lazily: it is slow to import, and not every page needs it."""
    try:
        import griffe  # noqa: PLC0415 - see above
    except ImportError:
        raise MissingExtraError("reading docstrings needs the package griffelib", "markdown") from None
    return griffe


def _parse_docstring(step: Step, style: str) -> Sequence[Any] | None:
    """Return the sections of a docstring, or ``None`` if a parser fails on it, for example on an unclosed section."""
    griffe = _griffe()
    text = griffe.Docstring(step.docstring, lineno=1, parent=_function(python_signature(step)))
    text.value = step.docstring  # clean already; cleaned twice, a block after the first line would lose its indentation
    parser = griffe.infer_docstring_style(text)[0] if style == "auto" else griffe.Parser(style)
    # Its warnings give lines of our stand-in function, not of the user's file.
    try:
        sections: list[Any] = griffe.parse(text, parser, **({"warnings": False} if parser else {}))
    except Exception:  # an error in griffelib must not end the build
        return None
    return sections


@cache
def _function(signature: str) -> Any:
    """Return a function with this signature; the parsers read types and defaults from it."""
    griffe, code = _griffe(), f"def function{signature}: ..."
    try:
        # without extensions: those that griffelib loads by default are for classes, and are slow
        module = griffe.visit("module", filepath=Path("module.py"), code=code, extensions=griffe.Extensions())
        return module["function"]
    except (SyntaxError, ValueError, KeyError, RecursionError, MemoryError):  # the last two: nested too deep
        return None


def _section(section: Any, inner: NestedMarkdown) -> Markup:
    kind = section.kind.value
    if kind == "text":
        return inner.blocks(as_markdown(section.value))
    if kind == "admonition":
        return _admonition(section.value.annotation, section.title, section.value.description, inner)
    if kind == "deprecated":
        title = f"Deprecated since {section.value.version}" if section.value.version else "Deprecated"
        return _admonition("warning", title, section.value.description, inner)
    title = tag("p", section_title(section), class_="ps-doc-title")
    if kind == "examples":
        parts = (_example(each_kind.value, text, inner) for each_kind, text in section.value)
        return Markup("\n".join([title, *parts]))
    return Markup(f"{title}\n{_table(section.value, kind, inner)}")


def _table(items: Sequence[Any], kind: str, inner: NestedMarkdown) -> Markup:
    """Return items as a table without its empty columns."""
    columns: list[tuple[str, Cell]] = []
    if any(getattr(item, "name", "") for item in items):
        columns.append(("Name", _name))
    if any(item.annotation for item in items):
        columns.append(("Type", _type))
    columns.append(("Description", _description))
    if kind in _WITH_DEFAULTS:
        columns.append(("Default", _default))
    head = tag("thead", tag("tr", *_separate_parts(tag("th", title) for title, _ in columns)))
    rows = (tag("tr", *_separate_parts(tag("td", cell(item, inner)) for _, cell in columns)) for item in items)
    return tag("table", head, tag("tbody", *_separate_parts(rows)))


def _name(item: Any, _inner: NestedMarkdown) -> str:
    name = str(getattr(item, "name", "") or "")
    return tag("code", name) if name else ""


def _type(item: Any, _inner: NestedMarkdown) -> str:
    return tag("code", str(item.annotation)) if item.annotation else ""


def _description(item: Any, inner: NestedMarkdown) -> str:
    return inner.inline(as_markdown(item.description))


def _default(item: Any, _inner: NestedMarkdown) -> str:
    value = str(item.value or "")  # an expression, which may not be hashable
    return tag("code", value) if value else tag("em", "required")


def _example(kind: str, text: str, inner: NestedMarkdown) -> Markup:
    return inner.blocks(as_markdown(text)) if kind == "text" else inner.code(text, "pycon")


def _admonition(kind: object, title: str | None, text: str, inner: NestedMarkdown) -> Markup:
    name = re.sub(r"[^a-z-]", "", str(kind).lower())
    heading = tag("p", title or str(kind).capitalize(), class_="admonition-title")
    return tag("div", heading, inner.blocks(as_markdown(text)), class_=f"admonition {name}".strip())


def as_markdown(text: str) -> str:
    """Return the text with the two reStructuredText constructs that Markdown would show rewritten: roles and ``::``."""
    return _LITERAL_BLOCK.sub(":", _ROLE.sub(r"`\1`", text))


def _separate_parts(parts: Iterable[str]) -> list[str]:
    """Return the parts separated by newlines, because a search index would join the words at their edges."""
    return [Markup(f"{part}\n") for part in parts]
