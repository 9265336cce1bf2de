"""The domain ``penstock``: where flows and steps are documented, and the roles that link there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar, cast

from docutils.nodes import inline, reference
from sphinx.domains import Domain, ObjType
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

from penstock_sphinx.domain.flow_index import FlowIndex
from penstock_sphinx.domain.page_record import PageRecord, places_shown
from penstock_sphinx.flow_names import objects_by_ending, objects_by_look
from penstock_sphinx.i18n import gettext
from penstock_sphinx.nodes import QUIET, step_reference
from penstock_sphinx.writers.builder_families import is_single_page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from docutils import nodes
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment
    from sphinx.util.tags import Tags

    from penstock.config import Config
    from penstock.render.graphviz.plain_output import Layout
    from penstock_sphinx.build.site import SphinxSite
    from penstock_sphinx.domain.page_record import ObjectLocation, Places


class NameRole(XRefRole):
    """A role whose target may begin with ``~``, which shows only its last part."""

    def process_link(
        self, env: BuildEnvironment, refnode: Element, has_explicit_title: bool, title: str, target: str
    ) -> tuple[str, str]:
        """Return the shown text, and the target."""
        del env
        name = target.removeprefix("~")
        if not has_explicit_title and name != target:
            title = name.rpartition("/" if refnode["reftype"] == "flow" else ".")[2]
        return title, name


class PenstockDomain(Domain):
    """Flows and their steps, as objects for roles, inventories and the search.

    Attributes:
        site: The flows of this build; set before the first page is read, and never stored.
        tags: The tags of this build; set together with ``site``.
        written_pages: The input of each page of this build; set before the first page is written.
        described: The flows whose steps are being described, the innermost last: a docstring may show a flow.
    """

    name = "penstock"
    label = "Penstock"
    object_types: ClassVar[dict[str, ObjType]] = {
        "flow": ObjType(gettext("flow"), "flow"),
        "entrypoint": ObjType(gettext("entrypoint"), "entrypoint", "step"),
        "step": ObjType(gettext("step"), "step"),
    }
    roles: ClassVar[dict[str, Any]] = {kind: NameRole(warn_dangling=True) for kind in ("flow", "entrypoint", "step")}
    indices: ClassVar[list[Any]] = [FlowIndex]
    initial_data: ClassVar[dict[str, Any]] = {
        "objects": {},
        "pages": {},
        "layouts": {},
        "lists": set(),
        "asked_for": set(),
        "config": None,
    }
    data_version = 10
    site: SphinxSite
    tags: Tags
    written_pages: dict[str, str] | None = None
    _public_names: dict[str, tuple[str, str]] | None = None
    _endings: dict[str, list[tuple[str, str]]] | None = None
    _looks: dict[tuple[str, str], tuple[str, str]] | None = None

    def setup(self) -> None:
        """Begin a build."""
        super().setup()
        self.described: list[str] = []

    @property
    def objects(self) -> dict[tuple[str, str], Places]:
        """The places of each object, by kind and name."""
        return cast("dict[tuple[str, str], Places]", self.data["objects"])

    @property
    def pages(self) -> dict[str, PageRecord]:
        """The record of each page that shows a flow, or should."""
        return cast("dict[str, PageRecord]", self.data["pages"])

    @property
    def layouts(self) -> dict[str, Layout]:
        """The layouts of all diagrams, by their keys."""
        return cast("dict[str, Layout]", self.data["layouts"])

    @property
    def lists(self) -> set[str]:
        """The pages with a directive that generates pages."""
        return cast("set[str]", self.data["lists"])

    @property
    def asked_for(self) -> set[str]:
        """The pages that directives requested when pages were last generated."""
        return cast("set[str]", self.data["asked_for"])

    @property
    def last_config(self) -> Config | None:
        """The settings with which flows were last collected."""
        return cast("Config | None", self.data["config"])

    @last_config.setter
    def last_config(self, config: Config) -> None:
        """Store the settings in the environment."""
        self.data["config"] = config

    def page(self, docname: str) -> PageRecord:
        """Return the record of a page, creating it if there is none."""
        return self.pages.setdefault(docname, PageRecord())

    @contextlib.contextmanager
    def describing(self, flow: str) -> Iterator[None]:
        """Mark the steps of a flow as being described meanwhile."""
        self.described.append(flow)
        try:
            yield
        finally:
            self.described.pop()

    def note_public_name(self, docname: str, public: str, function: str) -> None:
        """Record the other name under which a page describes a function."""
        self._public_names = None
        self.page(docname).public_names[public] = function

    def public_name(self, function: str) -> tuple[str, str]:
        """Return the other name of a described function, and its page; empty strings if there is none."""
        if self._public_names is None:
            self._public_names = {}
            for docname, page in sorted(self.pages.items(), reverse=True):
                for public, defined_name in sorted(page.public_names.items(), reverse=True):
                    self._public_names[defined_name] = public, docname
        return self._public_names.get(function, ("", ""))

    def note_object(self, kind: str, name: str, docname: str, place: ObjectLocation) -> None:
        """Record where a flow or step is documented; a page's first place counts, unless only a later one has steps."""
        self._endings = self._looks = None
        places = self.objects.setdefault((kind, name), {})
        places[docname] = places[docname].beside(place) if docname in places else place
        self.page(docname).objects[kind, name] = None

    def note_conditions(self, docname: str, only: Mapping[str, tuple[str, ...]]) -> None:
        """Record, by id, the tag conditions under which a build shows the places on a page."""
        for key in self.page(docname).objects:
            self.objects[key][docname] = self.objects[key][docname].within(only)

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        self._endings = self._looks = self._public_names = None
        page = self.pages.pop(docname, PageRecord())
        for key in page.objects:
            self.objects[key].pop(docname, None)
            if not self.objects[key]:
                del self.objects[key]

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Merge the data that another process collected for some pages."""
        self._public_names = None
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
        """Return the link to a flow or step, or ``None`` if there is none, or several of that name."""
        del env
        places = self.places(typ, target, bare=QUIET not in node)
        return self._link(builder, fromdocname, target, places, contnode) if places else None

    def places(self, role: str, target: str, *, bare: bool = True) -> Places:
        """Return the places that a role may link to, also by a ``bare`` name if only one object has it."""
        kinds = self.objtypes_for_role(role) or []
        candidates = next((self.objects[kind, target] for kind in kinds if (kind, target) in self.objects), {})
        candidates = candidates or self._alike(kinds, target) or (self._find_unqualified(kinds, target) if bare else {})
        return places_shown(candidates, self.tags) or candidates  # a reference in hidden content is resolved, too

    def address(self, builder: Builder, fromdocname: str, kind: str, name: str) -> str:
        """Return the address that a node of a diagram links to, or an empty string if it links nowhere."""
        if places := self.places(kind, name, bare=False):
            link: Any = self._link(builder, fromdocname, name, places, inline())
        else:
            link = self._elsewhere(fromdocname, kind, name)
        return (link.get("refuri") or f"#{link['refid']}") if link is not None else ""

    def _elsewhere(self, fromdocname: str, kind: str, name: str) -> reference | None:
        """Return intersphinx's link, if another project documents the object."""
        kinds = self.objtypes_for_role(kind) or []
        inventory = getattr(self.env, "intersphinx_inventory", {})
        if not any(name in inventory.get(f"{self.name}:{objtype}", ()) for objtype in kinds):
            return None
        xref = step_reference(name, name, fromdocname)
        xref["reftype"] = kind
        link = self.env.events.emit_firstresult("missing-reference", self.env, xref, inline())
        return link if isinstance(link, reference) else None

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return the candidate links of the role ``any``."""
        exact = node.copy()
        exact[QUIET] = True  # the bare name of a step is also that of its function
        links = (
            (kind, self.resolve_xref(env, fromdocname, builder, kind, target, xref, contnode))
            for kind, xref in (("flow", node), ("step", exact))  # which finds entrypoints too
        )
        return [(f"{self.name}:{kind}", link) for kind, link in links if link is not None]

    def label_of_docstring(self, builder: Builder, node: pending_xref, contnode: Element) -> nodes.reference | None:
        """Return the link to a label in a step's docstring, if no other text has that label."""
        name, fromdocname = node["reftarget"], node["refdoc"]
        for docname, page in sorted(self.pages.items(), key=lambda page: (page[0] != fromdocname, page[0])):
            if name in page.labels:
                ident, title = page.labels[name]
                content = inline(title, title) if title and not node["refexplicit"] else contnode
                return make_refnode(builder, fromdocname, docname, ident, content)
        return None

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each object once, at the first of its pages, for inventory and search."""
        for (kind, name), places in sorted(self.objects.items()):
            if by_page := places_shown(places, self.tags):
                docname = _best(by_page)
                yield name, name, kind, docname, by_page[docname].anchor, 1

    def best_places(
        self, kind: str, docnames: AbstractSet[str] | None = None
    ) -> Iterator[tuple[str, str, ObjectLocation]]:
        """Yield the name of each object of a kind, sorted, with its best page among ``docnames`` and its place."""
        for (object_kind, name), places in sorted(self.objects.items()):
            by_page = places_shown(places, self.tags)
            pages = {docname: place for docname, place in by_page.items() if docnames is None or docname in docnames}
            if object_kind == kind and pages:
                docname = _best(pages)
                yield name, docname, pages[docname]

    def _alike(self, kinds: Collection[str], target: str) -> Places:
        """Return the places of the object whose name looks like this, but is written with escapes."""
        if self._looks is None:
            self._looks = objects_by_look(self.objects)
        known = next((self._looks[kind, target] for kind in kinds if (kind, target) in self._looks), None)
        return self.objects[known] if known else {}

    def _find_unqualified(self, kinds: Collection[str], target: str) -> Places:
        if self._endings is None:
            self._endings = objects_by_ending(self.objects)
        matches = [key for key in self._endings.get(target, ()) if key[0] in kinds]
        return self.objects[matches[0]] if len(matches) == 1 else {}

    @staticmethod
    def _link(builder: Builder, fromdocname: str, target: str, places: Places, contnode: Element) -> nodes.reference:
        docname = _best(places, fromdocname)
        if is_single_page(builder):  # Sphinx 9.0 writes "#document-page#anchor" (its issue 14221)
            fromdocname = docname
        return make_refnode(builder, fromdocname, docname, places[docname].anchor, contnode, target)


def domain_of(env: BuildEnvironment) -> PenstockDomain:
    """Return the domain of an environment."""
    return cast("PenstockDomain", env.get_domain(PenstockDomain.name))


def _best(places: Places, current: str = "") -> str:
    """Return a page that also has the steps, if there is one; the current page, if it is as good as others."""
    return min(places, key=lambda docname: (places[docname].rank, docname != current, docname))
