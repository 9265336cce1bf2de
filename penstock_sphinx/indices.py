"""The page that lists all flows and their steps by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sphinx.domains import Index, IndexEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock_sphinx.domain import PenstockDomain, Place


class FlowIndex(Index):
    """All documented flows, each with its steps, by first letter."""

    name = "flows"
    localname = "Flow index"
    shortname = "flows"

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Return the entries by letter, and that they are not to be collapsed."""
        domain = cast("PenstockDomain", self.domain)
        shown = None if docnames is None else set(docnames)
        content: dict[str, list[IndexEntry]] = {}
        for name, docname, place in domain.best_places("flow", shown):
            entries = content.setdefault(name[:1].upper(), [])
            steps = domain.steps_of(name, shown)
            entries.append(_entry(name, 1 if steps else 0, docname, place))
            entries += [_entry(step, 2, on, at, kind) for step, kind, on, at in steps]
        return sorted(content.items()), False


def _entry(name: str, level: int, docname: str, place: Place, kind: str = "") -> IndexEntry:
    return IndexEntry(name, level, docname, place.anchor, "entrypoint" if kind == "entrypoint" else "", "", "")
