"""Roles, and the warnings about those that link nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging
from sphinx.util.logging import is_suppressed_warning

from penstock.errors import did_you_mean, near_names
from penstock.render.wording import escape_line, visible
from penstock_sphinx.build.site import full_name
from penstock_sphinx.domain.domain import PenstockDomain, domain_of
from penstock_sphinx.flow_names import write_name
from penstock_sphinx.integrations.autodoc import public_reference
from penstock_sphinx.nodes import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docutils.nodes import Element
    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

    from penstock.model import Flow

logger = logging.getLogger(__name__)

OF_ANY_DOMAIN = ("any", "myst")
"""References that ask each domain: Sphinx's role and Markdown's links."""

MOST_KNOWN = 10
"""Maximum number of names in a warning."""


def note_roles(app: Sphinx, doctree: nodes.document) -> None:
    """Record the targets of a page's roles; our own references depend on their surroundings instead."""
    domain = domain_of(app.env)
    for node in doctree.findall(pending_xref):
        ours = node.get("refdomain") == domain.name and QUIET not in node
        if ours or node["reftype"] in OF_ANY_DOMAIN:
            kind = node["reftype"] if ours else "any"
            domain.page(app.env.docname).roles[kind, node["reftarget"]] = None


def note_conditions(app: Sphinx, doctree: nodes.document) -> None:
    """Record which flows and steps of a page are inside a directive ``only``."""
    domain, docname = domain_of(app.env), app.env.docname
    if docname in domain.pages:
        conditions: dict[str, tuple[str, ...]] = {}
        for only in doctree.findall(addnodes.only):
            for inner in only.findall(nodes.Element):
                conditions |= {ident: (*conditions.get(ident, ()), only["expr"]) for ident in inner["ids"]}
        if conditions:
            domain.note_conditions(docname, conditions)


def missing_reference(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: Element) -> Element | None:
    """Return the link to a label in a docstring, or to a function under its public name, which Sphinx does not know.

    A reference that we created stays text if its target is unknown.
    """
    link: Element | None = None
    if (node.get("refdomain"), node["reftype"]) == ("std", "ref"):
        link = domain_of(env).label_of_docstring(app.builder, node, contnode)
    elif QUIET in node and node.get("refdomain") == "py":
        link = public_reference(env, app.builder, node)
    return contnode if link is None and QUIET in node else link


def warn_missing_reference(app: Sphinx, domain: Domain | None, node: pending_xref) -> bool | None:
    """Warn of a role that links nowhere, with suggestions, in each build until it is fixed."""
    if not isinstance(domain, PenstockDomain):
        return None
    if domain.site.failed:  # reported already, with its cause
        return True
    kind, target = node["reftype"], node["reftarget"]
    message = escape_line(f"there is no {kind} {target!r} in these pages.{_hint(domain, kind, target)}")
    subtype = f"unknown_{kind}"
    logger.warning("%s", message, type="penstock", subtype=subtype, location=node)
    if domain.written_pages and not is_suppressed_warning("penstock", subtype, app.config.suppress_warnings):
        domain.written_pages.pop(node.get("refdoc", ""), None)
    return True


def _hint(domain: PenstockDomain, kind: str, target: str) -> str:
    """Return the remedy: the directive that shows the target's flow, or similar names."""
    flow = _flow_of(domain, kind, target)
    if flow is not None:
        return f" No page describes it; show it by: .. penstock-flow:: {write_name(flow.full_name)}"
    kinds = domain.objtypes_for_role(kind) or []
    names = sorted({name for object_kind, name in domain.objects if object_kind in kinds})
    if not names:
        return " No page describes any. Show a flow by: .. penstock-flow:: name"
    if near := _near(target, names):
        return did_you_mean(near)
    of_flow = [name for name in names if name.startswith(f"{target.rpartition('.')[0]}.")]
    examples = of_flow or names
    return f" Known: {', '.join(examples[:MOST_KNOWN])}{', …' if len(examples) > MOST_KNOWN else ''}."


def _flow_of(domain: PenstockDomain, kind: str, target: str) -> Flow | None:
    """Return the flow that a target means, or whose step it means, if no page shows it."""
    for flow in domain.site.manifest.flows:
        if kind == "flow":
            name = full_name(flow)
            if target in (name, visible(flow.full_name), visible(flow.name)) and ("flow", name) not in domain.objects:
                return flow
        elif any(target == full_name(flow, step) and (step.entrypoint or kind == "step") for step in flow.steps):
            return flow
    return None


def _near(target: str, names: Sequence[str]) -> tuple[str, ...]:
    if "." in target:
        return near_names(target, names)
    endings = {name.rpartition(".")[2]: name for name in names}
    same = tuple(name for name in names if name.endswith(f".{target}"))  # there are several
    return same[:3] or tuple(endings[near] for near in near_names(target, endings))
