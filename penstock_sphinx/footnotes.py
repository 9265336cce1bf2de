"""Footnotes of docstrings, which stay where they are and know nothing of each other."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from docutils.transforms.references import Footnotes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes


NAMED = ("names", "nameids", "nametypes")
"""A document's registers by name; the first is there since Docutils 0.23."""


@contextlib.contextmanager
def own_footnotes(document: nodes.document) -> Iterator[None]:
    """Number and resolve the footnotes of what is parsed meanwhile, apart from those of the page.

    MyST would gather them at the end of the page, and two docstrings may both have a footnote 1.
    """
    names = _names_taken(document)
    kinds = ("footnotes", "autofootnotes", "symbol_footnotes", "autofootnote_refs", "symbol_footnote_refs")
    fresh: dict[str, Any] = {kind: [] for kind in kinds}
    page = _swap(document, {**fresh, "footnote_refs": {}, "autofootnote_start": 1, "symbol_footnote_start": 0})
    try:
        yield
        citations = _swap(document, {"citations": [], "citation_refs": {}})  # Sphinx resolves them, over all pages
        Footnotes(document).apply()
        _swap(document, citations)
    finally:
        _names_taken(document)
        _swap(document, page)
        for register, held in names.items():
            getattr(document, register).update(held)


def _swap(document: nodes.document, registers: dict[str, Any]) -> dict[str, Any]:
    """Give a document other registers, and return those that it had."""
    had = {name: getattr(document, name) for name in registers}
    vars(document).update(registers)
    return had


def _names_taken(document: nodes.document) -> dict[str, dict[str, Any]]:
    """Take the names of its footnotes from a document's registers, and return what they stood for in each."""
    names = {name for each in (*document.footnotes, *document.autofootnotes) for name in each["names"]}
    return {
        register: {name: held.pop(name) for name in names & held.keys()}
        for register in NAMED
        if (held := getattr(document, register, None)) is not None
    }
