"""The index page of all flows and their steps by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.domains import Index, IndexEntry

from penstock_sphinx.i18n import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from sphinx.application import Sphinx

    from penstock_sphinx.domain.page_record import ObjectLocation


class FlowIndex(Index):
    """All documented flows, each with its steps, by first letter."""

    name = "flows"
    localname = gettext("Flow index")
    shortname = "flows"

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Return the entries by letter, and ``False``, because they are not collapsed."""
        domain: Any = self.domain
        docname_set = None if docnames is None else set(docnames)
        content: dict[str, list[IndexEntry]] = {}
        steps = _steps(domain, docname_set)
        for name, docname, place in domain.best_places("flow", docname_set):
            entries = content.setdefault(name[:1].upper(), [])
            entries.append(_entry(name, 1 if name in steps else 0, docname, place))
            entries += sorted(steps.get(name, ()), key=lambda entry: entry.name)
        return sorted(content.items()), False


def settle_title(_app: Sphinx) -> None:
    """Translate the page's title into the site's language, because the builder ``json`` writes only plain strings."""
    FlowIndex.localname = gettext("Flow index")


def _steps(domain: Any, docnames: AbstractSet[str] | None) -> dict[str, list[IndexEntry]]:
    """Return the entries of the steps by flow; names of flows and of steps may contain dots."""
    flows = {name for name, _, _ in domain.best_places("flow")}
    entries: dict[str, list[IndexEntry]] = {}
    for kind in ("entrypoint", "step"):
        for name, docname, place in domain.best_places(kind, docnames):
            dots = [at for at, letter in enumerate(name) if letter == "."]
            flow = next((name[:at] for at in reversed(dots) if name[:at] in flows), name.rpartition(".")[0])
            entries.setdefault(flow, []).append(_entry(name[len(flow) + 1 :], 2, docname, place, kind))
    return entries


def _entry(name: str, level: int, docname: str, place: ObjectLocation, kind: str = "") -> IndexEntry:
    return IndexEntry(name, level, docname, place.anchor, gettext("entrypoint") if kind == "entrypoint" else "", "", "")
