"""The domain ``penstock``: what is documented where, and the roles that lead there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from sphinx.domains import Domain, ObjType
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from penstock.errors import did_you_mean, near_names
from penstock_sphinx.nodes import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from docutils import nodes
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

    from penstock.render.layout import Layout
    from penstock.render.options import Direction
    from penstock_sphinx.site import Site

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where an object is on a page: its anchor, and whether a flow's steps are there too."""

    anchor: str
    has_steps: bool = True


Places = dict[str, Place]
"""The places of one object, by page."""


class Drawing(NamedTuple):
    """A diagram on a page: the key of its layout, the flow's name, the direction, and the directive's line."""

    key: str
    flow: str
    direction: Direction
    line: int


@dataclass(slots=True)
class Page:
    """What a page shows: the fingerprint of each flow as it was read, the diagrams, and where their nodes lead."""

    fingerprints: dict[str, str] = field(default_factory=dict)
    drawings: list[Drawing] = field(default_factory=list)
    targets: str = ""


class PenstockDomain(Domain):
    """Flows and their steps, as objects that roles, inventories and the search know.

    Attributes:
        site: What this build knows; set before the first page is read, and never stored.
    """

    name = "penstock"
    label = "Penstock"
    object_types: ClassVar[dict[str, ObjType]] = {"flow": ObjType("flow", "flow"), "step": ObjType("step", "step")}
    roles: ClassVar[dict[str, Any]] = {"flow": XRefRole(warn_dangling=True), "step": XRefRole(warn_dangling=True)}
    initial_data: ClassVar[dict[str, Any]] = {"objects": {}, "pages": {}, "layouts": {}}
    data_version = 1
    site: Site

    @property
    def objects(self) -> dict[tuple[str, str], Places]:
        """The places of each object, which goes by kind and name."""
        return cast("dict[tuple[str, str], Places]", self.data["objects"])

    @property
    def pages(self) -> dict[str, Page]:
        """What is known of each page that shows a flow, or should."""
        return cast("dict[str, Page]", self.data["pages"])

    @property
    def layouts(self) -> dict[str, Layout]:
        """The layouts of all diagrams, by their keys."""
        return cast("dict[str, Layout]", self.data["layouts"])

    def page(self, docname: str) -> Page:
        """Return the record of a page, a new one if there is none."""
        return self.pages.setdefault(docname, Page())

    def note_object(self, kind: str, name: str, docname: str, place: Place) -> None:
        """Remember where a flow or step is documented; the first place on a page counts, if it has the steps."""
        places = self.objects.setdefault((kind, name), {})
        if docname not in places or (place.has_steps and not places[docname].has_steps):
            places[docname] = place

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        self.pages.pop(docname, None)
        for key, places in list(self.objects.items()):
            places.pop(docname, None)
            if not places:
                del self.objects[key]

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process learned of some pages."""
        self.pages.update({docname: page for docname, page in otherdata["pages"].items() if docname in docnames})
        for (kind, name), places in otherdata["objects"].items():
            for docname, place in places.items():
                if docname in docnames:
                    self.note_object(kind, name, docname, place)

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        """Return the link to a flow or step, or ``None`` where there is none or no single one of that name."""
        del env
        places = self.objects.get((typ, target), {})
        if not places and QUIET not in node:
            places = self._unqualified(typ, target)
        return self._link(builder, fromdocname, target, places, contnode) if places else None

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return the links that the role ``any`` may mean."""
        found = (
            (kind, self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode))
            for kind in self.object_types
        )
        return [(f"{self.name}:{kind}", link) for kind, link in found if link is not None]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each object once, at the first of its pages, for inventory and search."""
        for (kind, name), places in sorted(self.objects.items()):
            docname = _best(places)
            yield name, name, kind, docname, places[docname].anchor, 1

    def _unqualified(self, kind: str, target: str) -> Places:
        endings = (f".{target}", f"/{target}")
        found = [places for (known, name), places in self.objects.items() if known == kind and name.endswith(endings)]
        return found[0] if len(found) == 1 else {}

    @staticmethod
    def _link(builder: Builder, fromdocname: str, target: str, places: Places, contnode: Element) -> nodes.reference:
        docname = _best(places, fromdocname)
        if builder.name == "singlehtml":  # Sphinx 9.0 writes "#document-page#anchor" (its issue 14221)
            fromdocname = docname
        return make_refnode(builder, fromdocname, docname, places[docname].anchor, contnode, target)


def domain_of(env: BuildEnvironment) -> PenstockDomain:
    """Return the domain of an environment."""
    return cast("PenstockDomain", env.get_domain(PenstockDomain.name))


def missing_reference(_app: Sphinx, _env: BuildEnvironment, node: pending_xref, contnode: Element) -> Element | None:
    """Leave a reference that we made ourselves as text where nobody knows its target."""
    return contnode if QUIET in node else None


def warn_missing_reference(_app: Sphinx, domain: Domain | None, node: pending_xref) -> bool | None:
    """Warn of a role that leads nowhere, with the names that it may mean."""
    if not isinstance(domain, PenstockDomain):
        return None
    if domain.site.failed:  # said already, with its cause
        return True
    kind, target = node["reftype"], node["reftarget"]
    known = {name for known, name in domain.objects if known == kind}
    near = did_you_mean(_near(target, known))
    message = "there is no %s %r in these pages.%s"
    logger.warning(message, kind, target, near, type="penstock", subtype=f"unknown_{kind}", location=node)
    return True


def _best(places: Places, current: str = "") -> str:
    """Return a page that has the steps too, if there is one; the current page, if it is as good as others."""
    return min(places, key=lambda docname: (not places[docname].has_steps, docname != current, docname))


def _near(target: str, known: Iterable[str]) -> tuple[str, ...]:
    names = sorted(known)
    if "." in target:
        return near_names(target, names)
    endings = {name.rpartition(".")[2]: name for name in names}
    same = tuple(name for name in names if name.endswith(f".{target}"))  # there are several
    return same[:3] or tuple(endings[near] for near in near_names(target, endings))
