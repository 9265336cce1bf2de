"""Records of pages, stored with the environment of a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from penstock.embed.names import PlaceRank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.util.tags import Tags

    from penstock.embed.layouts import Look
    from penstock.embed.overview import Selection


class ObjectLocation(NamedTuple):
    """The place of an object on a page.

    Attributes:
        anchor: Its id.
        has_steps: Whether the flow's steps are there, too.
        tags: The tag condition of each surrounding directive ``only``.
        others: Further places on the page, for builds that do not show this one.
    """

    anchor: str
    has_steps: bool = True
    tags: tuple[str, ...] = ()
    others: tuple[ObjectLocation, ...] = ()

    @property
    def rank(self) -> PlaceRank:
        """The rank of the place; all pages of Sphinx are sources, which authors may write."""
        return PlaceRank(by_hand=True, without_steps=not self.has_steps)

    def within(self, only: Mapping[str, tuple[str, ...]]) -> ObjectLocation:
        """Return the place with its tag conditions, by id."""
        others = tuple(place.within(only) for place in self.others)
        return self._replace(tags=only.get(self.anchor, ()), others=others)

    def beside(self, other: ObjectLocation) -> ObjectLocation:
        """Return the better one of two places on a page; it includes the other one."""
        first, second = (self, other) if self.has_steps >= other.has_steps else (other, self)
        return first._replace(others=(*first.others, second._replace(others=()), *second.others))


Places = dict[str, ObjectLocation]
"""The places of one object, by page."""


def places_shown(places: Places, tags: Tags) -> Places:
    """Return the best place on each page among those that a build shows."""
    if not any(place.tags for place in places.values()):
        return places
    candidates = {
        docname: [item for item in (place, *place.others) if _holds(item, tags)] for docname, place in places.items()
    }
    return {docname: max(group, key=lambda place: place.has_steps) for docname, group in candidates.items() if group}


def _holds(place: ObjectLocation, tags: Tags) -> bool:
    try:
        return all(tags.eval_condition(condition) for condition in place.tags)
    except Exception:  # any exception: Sphinx reports it, and shows the content
        return True


class Drawing(NamedTuple):
    """A diagram on a page: the key of its layout, its subject, its look, and the line of its directive.

    It shows a flow by name, or the map of a selection. A diagram drawn ``by_script``, Mermaid's, needs no layout
    except in an EPUB.
    """

    key: str
    subject: str | Selection
    look: Look
    line: int
    by_script: bool = False


@dataclass(slots=True)
class PageRecord:
    """The record of a page.

    Attributes:
        fingerprints: The fingerprint of each flow, or selection of flows, that it shows, from when the page was read.
        drawings: The diagrams.
        functions: The full names of the steps whose functions it describes, and whether the description has content.
        objects: Kind and name of the flows and steps that it documents.
        labels: The labels in the docstrings of steps.
        public_names: The functions that are steps, by the other names under which autodoc describes them here.
        roles: Kind and target of the roles that may link to flows and steps; ``any`` for roles of any domain.
    """

    fingerprints: dict[str | Selection, str] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    functions: dict[str, bool] = field(default_factory=dict)
    objects: dict[tuple[str, str], None] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    public_names: dict[str, str] = field(default_factory=dict)
    roles: dict[tuple[str, str], None] = field(default_factory=dict)


Labels = dict[str, tuple[str, str]]
"""The labels in a text, by name, each with its id and title."""
