"""Escaped HTML: only :class:`Markup` is inserted unescaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from penstock.render.wording import is_bidirectional, visible

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

_VOID = frozenset({"br", "col", "hr", "img", "wbr"})


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """Return an element as HTML.

    Args:
        name: The element's name.
        *children: Its content: :class:`Markup` unchanged, other text escaped.
        **attributes: Its attributes; a trailing underscore is dropped (``class_``), any other becomes a hyphen,
            and an attribute with an empty value is omitted.
    """
    attribute_text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items() if value
    )
    inner = "".join(map(text, children))
    return Markup(f"<{name}{attribute_text}>" if name in _VOID else f"<{name}{attribute_text}>{inner}</{name}>")


def text(value: str) -> Markup:
    """Return a text as HTML, on one line and without invisible characters; :class:`Markup` is returned unchanged."""
    if isinstance(value, Markup):
        return value
    edges = value[:1].isspace(), value[-1:].isspace()
    return Markup(f"{' ' * edges[0]}{escape(visible(value), quote=False)}{' ' * (edges[1] and len(value) > 1)}")


def isolate_html(value: str) -> Markup:
    """Return a text as HTML that keeps to itself if it runs from right to left, so that a list around it keeps its order."""
    return tag("bdi", value) if is_bidirectional(value) else text(value)


def arrows(names: Iterable[str], shown: Iterable[str]) -> Markup:
    """Return names as HTML with arrows between them, from left to right, whatever the names and the page have for a direction.

    Args:
        names: The names.
        shown: Each of them as HTML.
    """
    line = join_html(" → ", shown)
    return tag("bdi", line, dir="ltr") if any(map(is_bidirectional, names)) else line


def join_html(separator: str, parts: Iterable[str]) -> Markup:
    """Return the parts as HTML with a separator between them."""
    return Markup(text(separator).join(map(text, parts)))


def unique(wanted: str, taken: Container[str]) -> str:
    """Return ``wanted``, with a numeric suffix if it is taken."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"


HEADING_CLASS = "ps-step-name"
