"""What is remembered of a page, with the environment of a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.util.tags import Tags

    from penstock.render.options import Direction
    from penstock.render.overview import Selection
    from penstock_sphinx.apart import Labels


class Place(NamedTuple):
    """Where an object is on a page.

    Attributes:
        anchor: Its id.
        has_steps: Whether a flow's steps are there, too.
        tags: What each directive ``only`` around it asks of the tags of a build.
        others: Further places on the page, for builds to which this one is not shown.
    """

    anchor: str
    has_steps: bool = True
    tags: tuple[str, ...] = ()
    others: tuple[Place, ...] = ()

    def within(self, only: Mapping[str, tuple[str, ...]]) -> Place:
        """Return the place with what is asked of the tags, by id."""
        others = tuple(other.within(only) for other in self.others)
        return self._replace(tags=only.get(self.anchor, ()), others=others)

    def beside(self, other: Place) -> Place:
        """Return the better one of two places on a page, which knows the other one."""
        first, second = (self, other) if self.has_steps >= other.has_steps else (other, self)
        return first._replace(others=(*first.others, second._replace(others=()), *second.others))


Places = dict[str, Place]
"""The places of one object, by page."""


def places_shown(places: Places, tags: Tags) -> Places:
    """Return the best place on each page among those that a build shows."""
    if not any(place.tags for place in places.values()):
        return places
    shown = {
        docname: [each for each in (place, *place.others) if _holds(each, tags)] for docname, place in places.items()
    }
    return {docname: max(found, key=lambda each: each.has_steps) for docname, found in shown.items() if found}


def _holds(place: Place, tags: Tags) -> bool:
    try:
        return all(tags.eval_condition(each) for each in place.tags)
    except Exception:  # whatever: Sphinx reports it, and shows what is in there
        return True


class Drawing(NamedTuple):
    """A diagram on a page: the key of its layout, what it shows, how, and the line of its directive.

    It shows the flow of a name, with what is known of its arrows unless ``proof`` is false, or the map of a selection.
    What is drawn ``by_script``, Mermaid's, needs no layout but in an EPUB.
    """

    key: str
    subject: str | Selection
    direction: Direction
    line: int
    small: bool = False
    by_script: bool = False
    proof: bool = True

    @property
    def look(self) -> tuple[Direction, bool]:
        """What diagrams have in common that are laid out together."""
        return self.direction, self.small


@dataclass(slots=True)
class Page:
    """What a page shows.

    Attributes:
        fingerprints: Of each flow, or selection of flows, that it shows, as it was when the page was read.
        drawings: The diagrams.
        functions: The full names of the steps whose functions it describes, and whether it says anything of them.
        objects: Kind and name of the flows and steps that are documented on it.
        labels: The labels in the docstrings of steps.
        public_names: The functions that are steps, by the other names under which autodoc describes them here.
        roles: Kind and target of the roles that may lead to flows and steps; of those of any domain, ``any``.
    """

    fingerprints: dict[str | Selection, str] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    functions: dict[str, bool] = field(default_factory=dict)
    objects: dict[tuple[str, str], None] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    public_names: dict[str, str] = field(default_factory=dict)
    roles: dict[tuple[str, str], None] = field(default_factory=dict)
